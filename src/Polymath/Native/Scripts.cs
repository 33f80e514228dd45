using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Native;

/// <summary>Operators of libtorch that TorchSharp does not bind, reached through TorchScript; gradients pass through them.</summary>
internal static class Scripts
{
    private static readonly Lazy<jit.CompilationUnit> Unit = new(() => jit.compile("""
        def rms_norm(x: Tensor, weight: Tensor, epsilon: float):
            return torch.rms_norm(x, [x.size(-1)], weight, epsilon)

        def rows(matrix: Tensor, indices: Tensor):
            return torch.embedding(matrix, indices)

        def gelu_tanh(x: Tensor):
            return torch.gelu(x, approximate="tanh")

        def attention(q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], causal: bool, scale: float):
            return torch.scaled_dot_product_attention(q, k, v, mask, 0.0, causal, scale=scale)

        """));

    /// <summary>x / √(mean(x²) + ε) · weight over the last dimension.</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double epsilon) => (Tensor)Unit.Value.invoke("rms_norm", x, weight, epsilon);

    /// <summary>matrix [N, width], indices int64 [n] → [n, width].</summary>
    public static Tensor Rows(Tensor matrix, Tensor indices) => (Tensor)Unit.Value.invoke("rows", matrix, indices);

    /// <summary>½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) (Hendrycks and Gimpel 2016).</summary>
    public static Tensor GeluTanh(Tensor x) => (Tensor)Unit.Value.invoke("gelu_tanh", x);

    /// <summary>softmax(scale · q kᵀ + mask) v; a scale of null is 1 / √width.</summary>
    /// <param name="q">[rows, heads, queries, width].</param>
    /// <param name="k">[rows, heads, keys, width].</param>
    /// <param name="v">[rows, heads, keys, width].</param>
    /// <param name="mask">Added to the scores; null for none.</param>
    /// <param name="causal">Whether a query sees no later key; not together with a mask.</param>
    /// <param name="scale">Factor of the scores.</param>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal = false, double? scale = null) => scale is { } factor
        ? (Tensor)Unit.Value.invoke("attention", q, k, v, mask!, causal, factor)
        : nn.functional.scaled_dot_product_attention(q, k, v, mask, is_casual: causal);
}
