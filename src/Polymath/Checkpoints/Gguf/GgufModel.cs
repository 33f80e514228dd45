using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Checkpoints.Gguf;

/// <summary>
/// A GGUF file as a Hugging Face folder would be: tensors under their names there and in the layout that the network expects, the text of a
/// config.json, the tokenizer and the chat template. Known are llama (and Mistral, which is llama there), qwen2 and gpt2.
/// </summary>
internal sealed class GgufModel : IWeightsFile, ITensorSource
{
    private readonly GgufFile _file;
    private readonly OrderedDictionary<string, (GgufTensor Tensor, GgufLayout Layout)> _sources = [];
    private readonly OrderedDictionary<string, TensorInfo> _infos = [];
    private readonly GgufDimensions _dimensions;

    private GgufModel(GgufFile file)
    {
        _file = file;
        _dimensions = GgufDimensions.Read(file);
        foreach (var tensor in file.Tensors.Values)
        {
            if (GgufNames.IsBuffer(tensor.Name)) continue;
            var (name, layout) = GgufNames.Find(_dimensions.Architecture, tensor.Name)
                ?? throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(tensor.Name)} has no place in a {_dimensions.Architecture} network; the model differs from that architecture");
            Check(tensor, layout);
            var shape = layout == GgufLayout.Transposed ? [tensor.Shape[1], tensor.Shape[0]] : tensor.Shape;
            _sources.Add(name, (tensor, layout));
            _infos.Add(name, new TensorInfo(name, tensor.Type.ReadAs, shape, 0, tensor.ElementCount * (tensor.Type.IsPlain ? tensor.Type.BlockBytes : 4)));
        }
        ConfigJson = GgufConfig.Write(file, _dimensions);
    }

    /// <summary>The path it was opened under.</summary>
    public string Path => _file.Path;

    /// <summary>The text of the config.json that the same model's folder would have.</summary>
    public string ConfigJson { get; }

    /// <summary>The template (Jinja) that turns a conversation into text; null where the file has none.</summary>
    public string? ChatTemplate => _file.Metadata.Text("tokenizer.chat_template");

    /// <summary>Puts the tokenizer together that the metadata describe.</summary>
    /// <exception cref="PolymathException">It is incomplete, or of a kind that is not known.</exception>
    public Tokenizer ReadTokenizer() => GgufTokenizer.Read(_file);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _infos;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _infos.Keys;

    /// <summary>The metadata that are texts.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata.AllTexts;

    /// <summary>Opens a file and checks that every tensor has a place in the network.</summary>
    /// <exception cref="PolymathException">The file is damaged, of an architecture that is not known, or lacks what a configuration needs.</exception>
    public static GgufModel Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            return new GgufModel(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool Contains(string name) => _infos.ContainsKey(name);

    /// <summary>Type as read (F32 where the stored one is quantised) and shape of a tensor.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public TensorInfo Info(string name) => _infos.TryGetValue(name, out var info) ? info : throw Missing(name);

    /// <summary>The type in which the file stores a tensor.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public GgufType StoredType(string name) => Source(name).Tensor.Type;

    /// <summary>A new tensor on the processor in the layout of the network, float32 where the stored one is quantised.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, or no memory for it.</exception>
    public Tensor Read(string name)
    {
        var (tensor, layout) = Source(name);
        if (layout == GgufLayout.Same) return _file.Read(tensor.Name);
        using var scope = NewDisposeScope();
        var stored = _file.Read(tensor.Name);
        if (layout == GgufLayout.Transposed) return stored.t().contiguous().MoveToOuterDisposeScope();
        // [heads, half / position, 2, …] → [heads, 2, half / position, …]
        return stored.view(Heads(layout), _dimensions.HeadWidth / 2, 2, stored.shape.Skip(1).Aggregate(1L, (a, b) => a * b)).transpose(1, 2).contiguous().view(tensor.Shape).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The blocks of a matrix as the file has them, its rows in the order of the network: for layers that keep their weights quantised.
    /// </summary>
    /// <returns>Null where the layout allows it no other way than by way of the values (GPT-2's transposed layers).</returns>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public byte[]? ReadBlocks(string name)
    {
        var (tensor, layout) = Source(name);
        if (layout == GgufLayout.Transposed || tensor.Shape.Length != 2 || tensor.ByteLength > Array.MaxLength) return null;
        var bytes = new byte[tensor.ByteLength];
        if (layout == GgufLayout.Same)
        {
            _file.CopyBlocks(tensor, 0, bytes);
            return bytes;
        }
        var rows = (int)tensor.Shape[0];
        int rowBytes = bytes.Length / rows, width = rows / Heads(layout);
        for (var row = 0; row < rows; row++)
        {
            var (head, at) = Math.DivRem(row, width);
            var stored = head * width + at % (width / 2) * 2 + at / (width / 2);
            _file.CopyBlocks(tensor, (long)stored * rowBytes, bytes.AsSpan(row * rowBytes, rowBytes));
        }
        return bytes;
    }

    /// <summary>A matrix as rows that <see cref="FourBitLinear"/> takes; null where it is not stored as Q4_0 or Q4_1.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public FourBitRows? ReadFourBit(string name)
    {
        var (tensor, _) = Source(name);
        if (tensor.Type != GgufType.Q4_0 && tensor.Type != GgufType.Q4_1) return null;
        return ReadBlocks(name) is { } blocks ? new FourBitRows(blocks, (int)tensor.Shape[0], tensor.Type == GgufType.Q4_1) : null;
    }

    /// <summary>A tensor of floating-point numbers as a flat row-major array.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, or it is too long for an array.</exception>
    public float[] ReadFloats(string name)
    {
        if (Info(name).ElementCount > Array.MaxLength) throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(name)} is too long for one array");
        using var scope = NewDisposeScope();
        return Read(name).to(ScalarType.Float32).data<float>().ToArray();
    }

    /// <summary>The bytes of the tensor that <see cref="Read"/> gives.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, or no memory for it.</exception>
    public Stream OpenBytes(string name) => TensorStream.Of(Read(name));

    /// <summary>Unmaps the file. Tensors that were read stay valid.</summary>
    public void Dispose() => _file.Dispose();

    private (GgufTensor Tensor, GgufLayout Layout) Source(string name) => _sources.TryGetValue(name, out var source) ? source : throw Missing(name);

    private int Heads(GgufLayout layout) => layout == GgufLayout.InterleavedKeys ? _dimensions.KeyHeads : _dimensions.Heads;

    private PolymathException Missing(string name) => new($"{Path}: there is no tensor {SafetensorsHeader.Quote(name)} among its {_infos.Count}");

    /// <summary>Layouts that are put right need the shape that they are defined for.</summary>
    private void Check(GgufTensor tensor, GgufLayout layout)
    {
        var wanted = layout switch
        {
            GgufLayout.Transposed when tensor.Shape.Length != 2 => "two dimensions",
            GgufLayout.InterleavedQueries or GgufLayout.InterleavedKeys when tensor.Shape.Length is 0 or > 2 || tensor.Shape[0] != (long)Heads(layout) * _dimensions.HeadWidth =>
                $"{Heads(layout)} heads of {_dimensions.HeadWidth} rows",
            _ => null,
        };
        if (wanted is not null) throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(tensor.Name)} has the shape [{string.Join(", ", tensor.Shape)}], where {wanted} were expected");
    }
}
