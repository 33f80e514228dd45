using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Polymath.Checkpoints.Gguf;

/// <summary>The bytes of a tensor as a stream, which owns it.</summary>
internal sealed class TensorStream : UnmanagedMemoryStream
{
    private readonly Tensor _tensor;

    private unsafe TensorStream(Tensor tensor)
    {
        _tensor = tensor;
        var length = tensor.numel() * tensor.element_size();
        using var flat = tensor.view(-1);
        using var first = flat.narrow(0, 0, 1);
        Initialize((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes)), length, length, FileAccess.Read);
    }

    /// <summary>A stream over a contiguous tensor on the processor, which it disposes.</summary>
    public static Stream Of(Tensor tensor)
    {
        if (tensor.numel() > 0) return new TensorStream(tensor.DetachFromDisposeScope());
        tensor.Dispose();
        return Null;
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _tensor.Dispose();
    }
}
