using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>The raw bytes of a contiguous tensor on the processor, in blocks, because one span ends at 2 GiB.</summary>
internal static class TensorBytes
{
    public delegate void BlockAction(long byteOffset, Span<byte> block);

    private const long BlockBytes = 1 << 28;

    public static void ForEachBlock(Tensor tensor, BlockAction action, long blockBytes = BlockBytes)
    {
        long count = tensor.numel();
        if (count == 0) return;
        long size = tensor.element_size();
        if (count * size <= blockBytes)
        {
            action(0, tensor.bytes);
            return;
        }
        using var flat = tensor.view(-1);
        long step = Math.Max(1, blockBytes / size);
        for (long start = 0; start < count; start += step)
        {
            using var part = flat.narrow(0, start, Math.Min(step, count - start));
            action(start * size, part.bytes);
        }
    }
}
