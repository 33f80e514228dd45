using System.Runtime.InteropServices;
using Polymath.Checkpoints;
using Polymath.Native;

namespace Polymath.Tasks;

/// <summary>A task's tensors as a safetensors file of float32 arrays, and the sums that some heads come from as float64.</summary>
internal static class HeadTensors
{
    /// <summary>Writes the arrays to a new file, durably.</summary>
    public static void Write(string path, IReadOnlyList<NamedArray> arrays, Disk disk) =>
        SafetensorsWriter.Write(path, arrays.Select(array => new StoredTensor(array.Name, "F32", [.. array.Shape.Select(size => (long)size)], MemoryMarshal.AsBytes(array.Values.AsSpan()).ToArray())), disk: disk);

    /// <summary>Writes sums to a new file, durably and without rounding.</summary>
    public static void WriteStatistics(string path, IReadOnlyList<(string Name, int[] Shape, double[] Values)> arrays, Disk disk) =>
        SafetensorsWriter.Write(path, arrays.Select(array => StoredTensor.Of(array.Name, array.Values, [.. array.Shape.Select(size => (long)size)])), disk: disk);

    /// <summary>Reads the sums.</summary>
    /// <exception cref="PolymathException">The file is damaged or does not hold float64.</exception>
    public static IReadOnlyList<(string Name, int[] Shape, double[] Values)> ReadStatistics(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return [.. file.Tensors.Values.Select(tensor =>
        {
            if (tensor.DType != "F64") throw new PolymathException($"{path}: the tensor '{OneLine.Short(tensor.Name)}' is {tensor.DType}; expected F64");
            var values = new double[tensor.ElementCount];
            file.CopyBytes(tensor.Name, 0, MemoryMarshal.AsBytes(values.AsSpan()));
            return (tensor.Name, tensor.Shape.Select(size => checked((int)size)).ToArray(), values);
        })];
    }

    /// <summary>Reads all arrays.</summary>
    /// <exception cref="PolymathException">The file is damaged.</exception>
    public static IReadOnlyList<NamedArray> Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return [.. file.Tensors.Values.Select(tensor => new NamedArray(tensor.Name, [.. tensor.Shape.Select(size => checked((int)size))], file.ReadFloats(tensor.Name)))];
    }
}
