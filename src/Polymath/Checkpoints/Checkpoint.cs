using Polymath.Checkpoints.Gguf;
using Polymath.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>
/// The weights of a model: <c>model.safetensors</c> of a Hugging Face folder, or <c>model.safetensors.index.json</c> with the files it
/// names, or one <c>.safetensors</c> file. Where a folder has neither, <c>pytorch_model.bin</c> (or its index) is read as far as it describes
/// tensors and nothing else; nothing of it is run. A <c>.gguf</c> file, or a folder with one and nothing else of these, offers its tensors under the
/// names of a Hugging Face folder. Mapped into memory; safe to read from several threads at once.
/// </summary>
public sealed class Checkpoint : ITensorSource
{
    /// <summary>The files of a folder that hold weights, or say which files do; the first that is there is taken.</summary>
    private static readonly string[] Candidates = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    private readonly OrderedDictionary<string, IWeightsFile> _holders;
    private readonly IWeightsFile[] _files;

    private Checkpoint(string path, OrderedDictionary<string, IWeightsFile> holders, IWeightsFile[] files)
    {
        Path = path;
        _holders = holders;
        _files = files;
    }

    /// <summary>The folder or file the checkpoint was opened from.</summary>
    public string Path { get; }

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _holders.Keys;

    /// <summary>The files that hold them, in the order of their names.</summary>
    public IReadOnlyList<string> Files => [.. _files.Select(file => file.Path)];

    /// <summary>The strings under <c>__metadata__</c> of the first file; none in files of PyTorch.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _files[0].Metadata;

    /// <summary>The GGUF file that the weights come from, with configuration and tokenizer; null for other formats.</summary>
    internal GgufModel? Gguf => _files[0] as GgufModel;

    /// <summary>Opens the weights of a folder, or one file.</summary>
    /// <exception cref="PolymathException">There is nothing of the kind, a file is broken, or a tensor of the index is not in its file.</exception>
    public static Checkpoint Open(string folderOrFile)
    {
        if (File.Exists(folderOrFile)) return Open(folderOrFile, folderOrFile);
        if (!Directory.Exists(folderOrFile)) throw new PolymathException($"{folderOrFile}: there is no such folder or file");
        return Candidates.Select(name => System.IO.Path.Combine(folderOrFile, name)).FirstOrDefault(File.Exists) is { } found
            ? Open(folderOrFile, found)
            : Directory.GetFiles(folderOrFile, "*.gguf") switch
            {
                [] => throw new PolymathException($"{folderOrFile}: has no weights; expected one of {string.Join(", ", Candidates)}, or a .gguf file"),
                [var only] => Open(folderOrFile, only),
                var several => throw new PolymathException($"{folderOrFile}: has {several.Length} .gguf files; name the one that is wanted"),
            };
    }

    /// <summary>Whether there is a tensor of that name.</summary>
    public bool Contains(string name) => _holders.ContainsKey(name);

    /// <summary>What the header says of a tensor.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public TensorInfo Info(string name) => Holder(name).Info(name);

    /// <summary>Reads a tensor: a new one on the processor, of the stored type and shape, a copy of the file's bytes.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, or torch has no such element type.</exception>
    public Tensor Read(string name) => Holder(name).Read(name);

    /// <inheritdoc/>
    Native.FourBitRows? ITensorSource.ReadFourBit(string name) => (Holder(name) as GgufModel)?.ReadFourBit(name);

    /// <inheritdoc cref="SafetensorsFile.ReadFloats"/>
    public float[] ReadFloats(string name) => Holder(name).ReadFloats(name);

    /// <inheritdoc cref="SafetensorsFile.OpenBytes"/>
    public Stream OpenBytes(string name) => Holder(name).OpenBytes(name);

    /// <summary>Unmaps the files. Tensors and arrays that were read stay valid.</summary>
    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private IWeightsFile Holder(string name) => _holders.TryGetValue(name, out var file)
        ? file
        : throw new PolymathException($"{Path}: there is no tensor {SafetensorsHeader.Quote(name)} among its {_holders.Count}");

    private static Checkpoint Open(string path, string file) =>
        file.EndsWith(".index.json", StringComparison.Ordinal) ? OpenShards(path, file) : OpenSingle(path, file);

    private static IWeightsFile OpenFile(string file) =>
        TorchFile.IsNamed(file) ? TorchFile.Open(file) : GgufFile.IsNamed(file) ? GgufModel.Open(file) : SafetensorsFile.Open(file);

    private static Checkpoint OpenSingle(string path, string file)
    {
        var opened = OpenFile(file);
        var holders = new OrderedDictionary<string, IWeightsFile>(opened.Tensors.Count);
        foreach (string name in opened.Tensors.Keys) holders.Add(name, opened);
        return new Checkpoint(path, holders, [opened]);
    }

    private static Checkpoint OpenShards(string path, string index)
    {
        var map = ShardIndex.Read(index);
        if (map.Count == 0) throw new PolymathException($"{index}: names no tensors");
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(index))!;
        var opened = new SortedDictionary<string, IWeightsFile>(StringComparer.Ordinal);
        try
        {
            foreach (string file in map.Values.Distinct()) opened.Add(file, OpenFile(System.IO.Path.Combine(folder, file)));
            var holders = new OrderedDictionary<string, IWeightsFile>(map.Count);
            foreach (var (name, file) in map)
            {
                if (!opened[file].Tensors.ContainsKey(name))
                    throw new PolymathException($"{index}: tensor {SafetensorsHeader.Quote(name)} is said to be in {file}, but is not there; download both again");
                holders.Add(name, opened[file]);
            }
            return new Checkpoint(path, holders, [.. opened.Values]);
        }
        catch
        {
            foreach (var file in opened.Values) file.Dispose();
            throw;
        }
    }
}
