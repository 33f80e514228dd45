namespace Polymath.Checkpoints.Pickle;

/// <summary>
/// A tensor of a PyTorch file: a view of a storage that lies in the file. Reading gives its elements row-major, whatever the strides.
/// All bounds were checked when the file was opened.
/// </summary>
/// <param name="Info">Name, type and shape; its bytes are counted from 0.</param>
/// <param name="At">Where its first element lies in the file.</param>
/// <param name="Strides">The distance between neighbours along each dimension, in elements.</param>
/// <param name="Width">Bytes of an element.</param>
internal sealed record PickledTensor(TensorInfo Info, long At, long[] Strides, int Width)
{
    /// <summary>Whether the elements lie one after another as they are read.</summary>
    public bool IsContiguous { get; } = Contiguous(Info, Strides);

    /// <summary>Copies a stretch of the bytes that the tensor would have if it were contiguous.</summary>
    public void Copy(MappedFile file, long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, Info.ByteLength - offset);
        if (IsContiguous)
        {
            file.CopyTo(At + offset, destination);
            return;
        }
        for (int done = 0; done < destination.Length;)
        {
            (long element, long inside) = Math.DivRem(offset + done, Width);
            (long position, long run) = Place(element);
            int length = (int)Math.Min(destination.Length - done, run * Width - inside);
            file.CopyTo(At + position * Width + inside, destination.Slice(done, length));
            done += length;
        }
    }

    /// <summary>Where an element lies, in elements from the first, and how many neighbours in the file follow it in the tensor as well.</summary>
    private (long Position, long Run) Place(long element)
    {
        long position = 0, run = 1;
        for (int d = Info.Shape.Length - 1; d >= 0; d--)
        {
            (element, long index) = Math.DivRem(element, Info.Shape[d]);
            position += index * Strides[d];
            if (d == Info.Shape.Length - 1 && Strides[d] == 1) run = Info.Shape[d] - index;
        }
        return (position, run);
    }

    private static bool Contiguous(TensorInfo info, long[] strides)
    {
        if (info.ByteLength == 0) return true;
        long expected = 1;
        for (int d = info.Shape.Length - 1; d >= 0; d--)
        {
            if (info.Shape[d] == 1) continue;
            if (strides[d] != expected) return false;
            expected *= info.Shape[d];
        }
        return true;
    }
}
