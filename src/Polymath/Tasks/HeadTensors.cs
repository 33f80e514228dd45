using System.Runtime.InteropServices;
using Polymath.Checkpoints;
using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>A task's tensors as a safetensors file of float32 arrays.</summary>
internal static class HeadTensors
{
    /// <summary>Writes the arrays to a new file, durably.</summary>
    public static void Write(string path, IReadOnlyList<NamedArray> arrays, Disk disk) =>
        SafetensorsWriter.Write(path, arrays.Select(array => new StoredTensor(array.Name, "F32", [.. array.Shape.Select(size => (long)size)], MemoryMarshal.AsBytes(array.Values.AsSpan()).ToArray())), disk: disk);

    /// <summary>Reads all arrays.</summary>
    /// <exception cref="PolymathException">The file is damaged.</exception>
    public static IReadOnlyList<NamedArray> Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return [.. file.Tensors.Values.Select(tensor => new NamedArray(tensor.Name, [.. tensor.Shape.Select(size => checked((int)size))], file.ReadFloats(tensor.Name)))];
    }
}
