using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>
/// A safetensors file, mapped into memory: opening reads the header only, a tensor's bytes are copied when asked for.
/// Safe to read from several threads at once. A file that is open here must not be changed in place; <see cref="SafetensorsWriter"/> never does.
/// Format: huggingface/safetensors, README.
/// </summary>
public sealed partial class SafetensorsFile : IWeightsFile
{
    private readonly SafetensorsHeader _header;
    private readonly MappedFile _file;

    private SafetensorsFile(string path, SafetensorsHeader header, MappedFile file) => (Path, _header, _file) = (path, header, file);

    /// <summary>The path the file was opened under.</summary>
    public string Path { get; }

    /// <summary>Every tensor by name, in the order of their bytes.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _header.Tensors;

    /// <summary>The strings under <c>__metadata__</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks every rule of the format.</summary>
    /// <exception cref="PolymathException">The file is missing, unreadable or breaks a rule; the message names it, and the tensor where one is to blame.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path, stream => SafetensorsHeader.Read(stream, stream.Length, path), out var header);
        return new SafetensorsFile(path, header, file);
    }

    /// <summary>What the header says of a tensor.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public TensorInfo Info(string name) => _header.Tensors.TryGetValue(name, out var info)
        ? info
        : throw new PolymathException($"{Path}: there is no tensor {SafetensorsHeader.Quote(name)}{Nearest(name)}");

    /// <summary>Reads a tensor: a new one on the processor, of the stored type and shape, a copy of the file's bytes.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, torch has no such element type, or there is no memory for it.</exception>
    public Tensor Read(string name) => StoredValues.Read(Path, Info(name), Copier(name));

    /// <summary>Unmaps the file. Tensors and arrays that were read stay valid.</summary>
    public void Dispose() => _file.Dispose();

    private string Nearest(string name)
    {
        string last = name[(name.LastIndexOf('.', Math.Max(0, name.LastIndexOf('.') - 1)) + 1)..];
        string? near = _header.Tensors.Keys.FirstOrDefault(other => other.EndsWith(last, StringComparison.Ordinal));
        return near is null ? $" among its {_header.Tensors.Count}" : $" among its {_header.Tensors.Count} (there is {SafetensorsHeader.Quote(near)})";
    }
}
