using System.IO.MemoryMappedFiles;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>
/// A safetensors file, mapped into memory: opening reads the header only, a tensor's bytes are copied when asked for.
/// Safe to read from several threads at once. A file that is open here must not be changed in place; <see cref="SafetensorsWriter"/> never does.
/// Format: huggingface/safetensors, README.
/// </summary>
public sealed partial class SafetensorsFile : IDisposable
{
    private readonly SafetensorsHeader _header;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    private SafetensorsFile(string path, SafetensorsHeader header, MemoryMappedFile map)
    {
        Path = path;
        _header = header;
        _map = map;
        _view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

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
        FileStream? file = null;
        MemoryMappedFile? map = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var header = SafetensorsHeader.Read(file, file.Length, path);
            map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new SafetensorsFile(path, header, map);
        }
        catch (Exception error)
        {
            map?.Dispose();
            file?.Dispose();
            if (error is FileNotFoundException or DirectoryNotFoundException)
                throw new PolymathException($"{path}: there is no such file", error);
            if (error is IOException or UnauthorizedAccessException)
                throw new PolymathException($"{path}: cannot be read ({Native.Disk.FirstLine(error)})", error);
            throw;
        }
    }

    /// <summary>What the header says of a tensor.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public TensorInfo Info(string name) => _header.Tensors.TryGetValue(name, out var info)
        ? info
        : throw new PolymathException($"{Path}: there is no tensor {SafetensorsHeader.Quote(name)}{Nearest(name)}");

    /// <summary>Reads a tensor: a new one on the processor, of the stored type and shape, a copy of the file's bytes.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, torch has no such element type, or there is no memory for it.</exception>
    public Tensor Read(string name)
    {
        var info = Info(name);
        var type = StoredTypes.Find(info.DType)!.Torch
            ?? throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(name)} is {info.DType}, which TorchSharp cannot hold; "
                + "convert the file to F32, F16 or BF16");
        Tensor tensor;
        try
        {
            tensor = torch.empty(info.Shape, type, CPU);
        }
        catch (System.Runtime.InteropServices.ExternalException error)
        {
            throw new PolymathException($"{Path}: tensor {SafetensorsHeader.Quote(name)} of shape {info.ShapeText} "
                + $"cannot be created ({Native.Disk.FirstLine(error)})", error);
        }
        TensorBytes.ForEachBlock(tensor, (offset, block) => CopyTo(info, offset, block));
        return tensor;
    }

    /// <summary>Unmaps the file. Tensors and arrays that were read stay valid.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    private string Nearest(string name)
    {
        string last = name[(name.LastIndexOf('.', Math.Max(0, name.LastIndexOf('.') - 1)) + 1)..];
        string? near = _header.Tensors.Keys.FirstOrDefault(other => other.EndsWith(last, StringComparison.Ordinal));
        return near is null ? $" among its {_header.Tensors.Count}" : $" among its {_header.Tensors.Count} (there is {SafetensorsHeader.Quote(near)})";
    }
}
