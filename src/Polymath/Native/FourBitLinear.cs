using System.Buffers.Binary;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Native;

/// <summary>
/// Rows of a matrix in blocks of 32 values of four bits, as GGUF stores them: Q4_1 (w = d·q + m, 20 bytes: d, m, 16 bytes whose low halves are the
/// first sixteen values) or Q4_0 (w = d·(q − 8), 18 bytes, without m).
/// </summary>
/// <param name="Blocks">The blocks of all rows, row after row.</param>
/// <param name="Outputs">Number of rows.</param>
/// <param name="HasMinimum">Whether they are Q4_1.</param>
internal sealed record FourBitRows(byte[] Blocks, int Outputs, bool HasMinimum)
{
    /// <summary>Values in a block.</summary>
    public const int BlockLength = 32;

    /// <summary>Bytes of a block.</summary>
    public int BlockBytes => HasMinimum ? 20 : 18;
}

/// <summary>
/// A frozen linear layer whose weight stays in four bits: a sixth of float32's memory, and with one or few rows, where reading the weight is most of
/// the work, several times as fast. The product is libtorch's <c>aten::_weight_int4pack_mm_for_cpu</c> (w = (q − 8)·scale + zero, a scale and a zero
/// for every 32 values; pytorch/pytorch, <c>aten/src/ATen/native/cpu/int4mm_kernel.cpp</c>), made from the file's blocks: q is theirs, scale = d,
/// zero = m + 8·d (0 for Q4_0). Only its bfloat16 form is fast, so inputs, scales, zeros and outputs are rounded to bfloat16; sums are float32.
/// No gradient passes through.
/// </summary>
internal sealed class FourBitLinear : IFrozenLinear
{
    private const string Source = """
        class Ops(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def pack(self: __torch__.Ops, q: Tensor) -> Tensor:
            return torch._convert_weight_to_int4pack_for_cpu(q, 1)
          def product(self: __torch__.Ops, x: Tensor, w: Tensor, s: Tensor) -> Tensor:
            return torch._weight_int4pack_mm_for_cpu(x, w, 32, s)

        """;

    /// <summary>The operator wants a multiple of so many outputs.</summary>
    private const int OutputMultiple = 16;

    private static readonly Lazy<jit.ScriptModule?> Module = new(() => SavedScript.Load(Source));

    private readonly Tensor _weight, _scales;
    private readonly Tensor? _bias;

    private FourBitLinear(Tensor weight, Tensor scales, Tensor? bias) => (_weight, _scales, _bias) = (weight, scales, bias);

    /// <summary>Whether this platform's libtorch has the operators.</summary>
    public static bool IsAvailable => Module.Value is not null;

    /// <summary>Bytes that the layer keeps.</summary>
    public long ByteLength => _weight.numel() + _scales.numel() * _scales.element_size() + (_bias?.numel() * _bias?.element_size() ?? 0);

    /// <summary>
    /// Lays out one weight, or several that read the same input and whose outputs are concatenated; null where the operators are absent or the number
    /// of outputs does not suit them.
    /// </summary>
    /// <param name="parts">The rows, each part of all inputs.</param>
    /// <param name="inputs">Width of the input, a multiple of 32.</param>
    /// <param name="bias">[outputs], or null.</param>
    public static FourBitLinear? Pack(IReadOnlyList<FourBitRows> parts, int inputs, Tensor? bias)
    {
        var outputs = parts.Sum(part => part.Outputs);
        if (inputs % FourBitRows.BlockLength != 0 || outputs % OutputMultiple != 0 || outputs == 0 || inputs == 0 || (long)outputs * inputs > Array.MaxLength) return null;
        if (Module.Value is not { } module) return null;
        int groups = inputs / FourBitRows.BlockLength, row = 0;
        var numbers = new int[outputs * inputs];
        var scales = new float[groups * outputs * 2]; // [groups, outputs, (scale, zero)]
        foreach (var part in parts)
        {
            if (part.Blocks.LongLength != (long)part.Outputs * groups * part.BlockBytes)
                throw new ArgumentException($"{part.Outputs} rows of {inputs} values are not {part.Blocks.Length} bytes", nameof(parts));
            for (var end = row + part.Outputs; row < end; row++)
            {
                var stored = part.Blocks.AsSpan((row - end + part.Outputs) * groups * part.BlockBytes);
                for (var group = 0; group < groups; group++)
                {
                    var block = stored.Slice(group * part.BlockBytes, part.BlockBytes);
                    Unpack(block[^16..], numbers.AsSpan((row * groups + group) * FourBitRows.BlockLength, FourBitRows.BlockLength));
                    var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
                    var at = (group * outputs + row) * 2;
                    scales[at] = scale;
                    scales[at + 1] = part.HasMinimum ? (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]) + 8 * scale : 0;
                }
            }
        }
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = (Tensor)module.invoke("pack", tensor(numbers, [outputs, inputs]));
        return new FourBitLinear(weight.DetachFromDisposeScope(), tensor(scales, [groups, outputs, 2]).bfloat16().DetachFromDisposeScope(),
            bias?.detach().to(ScalarType.Float32, copy: true).DetachFromDisposeScope());
    }

    /// <summary>activation(x Wᵀ + b); x [rows, inputs] of float32 or bfloat16 → [rows, outputs] of the same type.</summary>
    public Tensor Forward(Tensor x, Activation activation = Activation.None) => Activations.Apply(Product(x), activation);

    /// <summary>x Wᵀ + b + residual, all [rows, outputs].</summary>
    public Tensor ForwardAdd(Tensor x, Tensor residual) => Product(x).add_(residual);

    /// <summary>Frees the laid-out weight.</summary>
    public void Dispose()
    {
        _weight.Dispose();
        _scales.Dispose();
        _bias?.Dispose();
    }

    private Tensor Product(Tensor x)
    {
        if (x.dtype == ScalarType.BFloat16)
        {
            var product = (Tensor)Module.Value!.invoke("product", x, _weight, _scales);
            return _bias is null ? product : product.add_(_bias);
        }
        using var rounded = x.bfloat16();
        using var half = (Tensor)Module.Value!.invoke("product", rounded, _weight, _scales);
        var whole = half.to(x.dtype);
        return _bias is null ? whole : whole.add_(_bias);
    }

    /// <summary>Low halves, then high ones.</summary>
    private static void Unpack(ReadOnlySpan<byte> halves, Span<int> numbers)
    {
        for (var i = 0; i < halves.Length; i++)
        {
            numbers[i] = halves[i] & 0x0F;
            numbers[i + halves.Length] = halves[i] >> 4;
        }
    }
}
