using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>
/// The weights of a model: <c>model.safetensors</c> of a Hugging Face folder, or <c>model.safetensors.index.json</c> with the files it
/// names, or one <c>.safetensors</c> file. Mapped into memory; safe to read from several threads at once.
/// </summary>
public sealed class Checkpoint : ITensorSource
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";

    private readonly OrderedDictionary<string, SafetensorsFile> _holders;
    private readonly SafetensorsFile[] _files;

    private Checkpoint(string path, OrderedDictionary<string, SafetensorsFile> holders, SafetensorsFile[] files)
    {
        Path = path;
        _holders = holders;
        _files = files;
    }

    /// <summary>The folder or file the checkpoint was opened from.</summary>
    public string Path { get; }

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _holders.Keys;

    /// <summary>The safetensors files that hold them, in the order of their names.</summary>
    public IReadOnlyList<string> Files => [.. _files.Select(file => file.Path)];

    /// <summary>The strings under <c>__metadata__</c> of the first file.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _files[0].Metadata;

    /// <summary>Opens the weights of a folder, or one file.</summary>
    /// <exception cref="PolymathException">There is nothing of the kind, a file is broken, or a tensor of the index is not in its file.</exception>
    public static Checkpoint Open(string folderOrFile)
    {
        if (File.Exists(folderOrFile))
            return folderOrFile.EndsWith(".index.json", StringComparison.Ordinal) ? OpenShards(folderOrFile, folderOrFile) : OpenSingle(folderOrFile, folderOrFile);
        if (!Directory.Exists(folderOrFile)) throw new PolymathException($"{folderOrFile}: there is no such folder or file");
        string single = System.IO.Path.Combine(folderOrFile, SingleFile);
        if (File.Exists(single)) return OpenSingle(folderOrFile, single);
        string index = System.IO.Path.Combine(folderOrFile, IndexFile);
        if (File.Exists(index)) return OpenShards(folderOrFile, index);
        string hint = File.Exists(System.IO.Path.Combine(folderOrFile, "pytorch_model.bin"))
            ? "; pytorch_model.bin is there but can run code, so it is not read: save the model again with safe_serialization=True" : "";
        throw new PolymathException($"{folderOrFile}: has neither {SingleFile} nor {IndexFile}{hint}");
    }

    /// <summary>Whether there is a tensor of that name.</summary>
    public bool Contains(string name) => _holders.ContainsKey(name);

    /// <summary>What the header says of a tensor.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public TensorInfo Info(string name) => Holder(name).Info(name);

    /// <summary>Reads a tensor: a new one on the processor, of the stored type and shape, a copy of the file's bytes.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, or torch has no such element type.</exception>
    public Tensor Read(string name) => Holder(name).Read(name);

    /// <inheritdoc cref="SafetensorsFile.ReadFloats"/>
    public float[] ReadFloats(string name) => Holder(name).ReadFloats(name);

    /// <inheritdoc cref="SafetensorsFile.OpenBytes"/>
    public Stream OpenBytes(string name) => Holder(name).OpenBytes(name);

    /// <summary>Unmaps the files. Tensors and arrays that were read stay valid.</summary>
    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private SafetensorsFile Holder(string name) => _holders.TryGetValue(name, out var file)
        ? file
        : throw new PolymathException($"{Path}: there is no tensor {SafetensorsHeader.Quote(name)} among its {_holders.Count}");

    private static Checkpoint OpenSingle(string path, string file)
    {
        var opened = SafetensorsFile.Open(file);
        var holders = new OrderedDictionary<string, SafetensorsFile>(opened.Tensors.Count);
        foreach (string name in opened.Tensors.Keys) holders.Add(name, opened);
        return new Checkpoint(path, holders, [opened]);
    }

    private static Checkpoint OpenShards(string path, string index)
    {
        var map = ShardIndex.Read(index);
        if (map.Count == 0) throw new PolymathException($"{index}: names no tensors");
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(index))!;
        var opened = new SortedDictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        try
        {
            foreach (string file in map.Values.Distinct()) opened.Add(file, SafetensorsFile.Open(System.IO.Path.Combine(folder, file)));
            var holders = new OrderedDictionary<string, SafetensorsFile>(map.Count);
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
