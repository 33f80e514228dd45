using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Checkpoints.Gguf;

/// <summary>
/// A GGUF file (llama.cpp's format), mapped into memory: metadata and tensors under the file's own names. Opening reads the head only.
/// Quantised tensors are read as float32, exactly as the reference decodes them; F32, F16 and BF16 keep their type. Safe to read from several
/// threads at once. <see cref="GgufModel"/> offers the same tensors as a Hugging Face folder would.
/// </summary>
internal sealed class GgufFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly GgufHeader _header;

    private GgufFile(string path, GgufHeader header, MappedFile file) => (Path, _header, _file) = (path, header, file);

    /// <summary>The path it was opened under.</summary>
    public string Path { get; }

    /// <summary>What the file says of itself.</summary>
    public GgufMetadata Metadata => _header.Metadata;

    /// <summary>Every tensor by its name, in the file's order.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => _header.Tensors;

    /// <summary>Whether a file is of this format by its name.</summary>
    public static bool IsNamed(string path) => System.IO.Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens a file and checks every count, length and place against its size.</summary>
    /// <exception cref="PolymathException">The file is missing, damaged, of another version, or holds a type that is not read.</exception>
    public static GgufFile Open(string path)
    {
        var file = MappedFile.Open(path, stream => GgufHeader.Read(stream, stream.Length, path), out var header);
        return new GgufFile(path, header, file);
    }

    /// <summary>What the file says of a tensor.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name.</exception>
    public GgufTensor Find(string name) => Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new PolymathException($"{Path}: there is no tensor {SafetensorsHeader.Quote(name)} among its {Tensors.Count}");

    /// <summary>A new tensor on the processor, float32 where the stored one is quantised.</summary>
    /// <exception cref="PolymathException">There is no tensor of that name, or no memory for it.</exception>
    public Tensor Read(string name)
    {
        var tensor = Find(name);
        var type = tensor.Type;
        var info = new TensorInfo(name, type.ReadAs, tensor.Shape, 0, type.IsPlain ? tensor.ByteLength : tensor.ElementCount * 4);
        return StoredValues.Read(Path, info, (offset, destination) =>
        {
            if (type.IsPlain) _file.CopyTo(tensor.At + offset, destination);
            else Decode(tensor, offset / 4 / type.BlockLength, MemoryMarshal.Cast<byte, float>(destination));
        });
    }

    /// <summary>A stretch of a tensor's blocks as the file has them.</summary>
    public void CopyBlocks(GgufTensor tensor, long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.ByteLength - offset);
        _file.CopyTo(tensor.At + offset, destination);
    }

    /// <summary>Unmaps the file. Tensors that were read stay valid.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Blocks from the given one on, as many as the values need, a few thousand at a time.</summary>
    private void Decode(GgufTensor tensor, long firstBlock, Span<float> values)
    {
        const int blocksAtOnce = 1024;
        var type = tensor.Type;
        var buffer = new byte[Math.Min(blocksAtOnce, values.Length / type.BlockLength) * type.BlockBytes];
        for (long block = firstBlock; values.Length > 0;)
        {
            var count = Math.Min(blocksAtOnce, values.Length / type.BlockLength);
            var bytes = buffer.AsSpan(0, count * type.BlockBytes);
            _file.CopyTo(tensor.At + block * type.BlockBytes, bytes);
            type.Values!(bytes, values[..(count * type.BlockLength)]);
            values = values[(count * type.BlockLength)..];
            block += count;
        }
    }
}
