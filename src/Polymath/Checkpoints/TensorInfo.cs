namespace Polymath.Checkpoints;

/// <summary>What a checkpoint's header says of one tensor.</summary>
/// <param name="Name">The tensor's full name, for example <c>encoder.layer.0.attention.self.query.weight</c>.</param>
/// <param name="DType">The element type as the safetensors format spells it: <c>F32</c>, <c>BF16</c>, <c>I64</c>, …</param>
/// <param name="Shape">The dimensions, outermost first; empty for a scalar, and any of them may be 0.</param>
/// <param name="Begin">Where its bytes begin, counted from the end of the header; 0 in files of PyTorch.</param>
/// <param name="End">Where its bytes end (exclusive), counted from the end of the header.</param>
public sealed record TensorInfo(string Name, string DType, long[] Shape, long Begin, long End)
{
    /// <summary>Size in bytes.</summary>
    public long ByteLength => End - Begin;

    /// <summary>Number of elements; 1 for a scalar.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (long size in Shape) count = checked(count * size);
            return count;
        }
    }

    /// <summary>The shape as text, for messages: <c>[2, 3]</c>.</summary>
    internal string ShapeText => $"[{string.Join(", ", Shape)}]";
}
