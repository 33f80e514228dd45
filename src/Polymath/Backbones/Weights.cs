using Polymath.Backbones.Layers;
using Polymath.Checkpoints;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// Reads a checkpoint's tensors by their names in the Hugging Face layout, checks their shapes and keeps what it made, so that a family's file
/// reads like the network. Older names are understood: without the base prefix (<c>bert.</c>), <c>gamma</c> and <c>beta</c> for norms.
/// </summary>
internal sealed class Weights(ITensorSource checkpoint, string basePrefix, ScalarType type, bool trainable, bool fused, bool fourBit = false) : IDisposable
{
    private readonly Dictionary<string, Tensor> _parameters = [];
    private readonly List<IDisposable> _owned = [];

    /// <summary>Every tensor read so far by its full name; a tensor that is used twice (tied weights) stands once.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => _parameters;

    /// <summary>Whether gradients are wanted.</summary>
    public bool Trainable => trainable;

    /// <summary>Whether frozen linear layers take the processor's own layout where it is available.</summary>
    public bool Fused => fused;

    /// <summary>How many layers keep the four-bit blocks of their file.</summary>
    public int FourBitLayers { get; private set; }

    /// <summary>Keeps something until the network is disposed.</summary>
    public T Own<T>(T item) where T : IDisposable
    {
        if (item is Tensor tensor) tensor.DetachFromDisposeScope();
        _owned.Add(item);
        return item;
    }

    /// <summary>Whether the checkpoint has a tensor of that name, in one of the styles.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A tensor of exactly that shape.</summary>
    /// <exception cref="PolymathException">It is absent or has another shape; the message names it.</exception>
    public Tensor Get(string name, params long[] shape)
    {
        if (_parameters.TryGetValue(name, out var known)) return known;
        checkpoint.Expect(name, shape);
        var stored = Find(name) ?? throw new PolymathException(
            $"{checkpoint.Path}: the tensor '{name}' {Show(shape)} is missing; is this the checkpoint of another architecture?");
        var info = checkpoint.Info(stored);
        if (!info.Shape.AsSpan().SequenceEqual(shape))
            throw new PolymathException($"{checkpoint.Path}: the tensor '{stored}' has shape {Show(info.Shape)}, but config.json wants {Show(shape)}");
        using var raw = checkpoint.Read(stored);
        if (!raw.is_floating_point()) throw new PolymathException($"{checkpoint.Path}: the tensor '{stored}' is of type {info.DType}; expected floating-point weights (F32, F16, BF16)");
        var tensor = raw.to(type, copy: true).DetachFromDisposeScope();
        if (trainable) tensor.requires_grad_();
        _parameters.Add(name, tensor);
        return tensor;
    }

    /// <summary>A tensor that is not trained.</summary>
    public Tensor Constant(string name, params long[] shape)
    {
        var tensor = Get(name, shape);
        _parameters.Remove(name);
        return Own(tensor.requires_grad_(false));
    }

    /// <summary>The layer <c>name.weight</c> [outputs, inputs] and, unless it has none, <c>name.bias</c> [outputs].</summary>
    public Linear Linear(string name, long inputs, long outputs, bool bias = true) => Linear([(name, outputs)], inputs, bias);

    /// <summary>Several layers that read the same input, as one; their outputs are concatenated.</summary>
    public Linear Linear(string[] names, long inputs, long outputs, bool bias = true) => Linear([.. names.Select(name => (name, outputs))], inputs, bias);

    /// <summary>Several layers of different widths that read the same input, as one; their outputs are concatenated.</summary>
    public Linear Linear((string Name, long Outputs)[] parts, long inputs, bool bias = true)
    {
        if (fourBit && FourBit(parts, inputs, bias) is { } kept) return kept;
        Tensor[] weights = [.. parts.Select(part => Get($"{part.Name}.weight", part.Outputs, inputs))];
        Tensor[] biases = bias ? [.. parts.Select(part => Get($"{part.Name}.bias", part.Outputs))] : [];
        return Kept(new Linear(weights, biases, this), parts.Select(part => part.Name));
    }

    /// <summary>A layer whose weight is stored as [inputs, outputs], as GPT-2's Conv1D has it.</summary>
    public Linear Transposed(string name, long inputs, long outputs) =>
        Kept(new Linear([Get($"{name}.weight", inputs, outputs)], [Get($"{name}.bias", outputs)], this, transposed: true), [name]);

    /// <summary>A linear layer whose weight is tied to another tensor and whose bias, where it has one, is its own.</summary>
    public Linear Tied(Tensor weight, string? bias = null) => new([weight], bias is null ? [] : [Get(bias, weight.shape[0])], this);

    /// <summary>The output layer of a language model: the token embeddings, or a layer of its own.</summary>
    /// <param name="name">The layer of its own.</param>
    /// <param name="embeddings">The token embeddings [V, H].</param>
    /// <param name="tied">Whether it is the embeddings.</param>
    /// <param name="bias">Its bias; null for none.</param>
    /// <exception cref="PolymathException">It is not the embeddings, and the checkpoint has no other.</exception>
    public Linear Output(string name, Tensor embeddings, bool tied, string? bias = null)
    {
        if (tied) return Tied(embeddings, bias);
        if (bias is not null) return Tied(Get($"{name}.weight", embeddings.shape), bias);
        return Linear(name, embeddings.shape[1], embeddings.shape[0], bias: false);
    }

    /// <summary>The norm <c>name.weight</c>, <c>name.bias</c> [width].</summary>
    public LayerNorm Norm(string name, long width, double epsilon) => new(Get($"{name}.weight", width), Get($"{name}.bias", width), epsilon);

    /// <summary>The norm <c>name.weight</c> [width], without a bias.</summary>
    public LayerNorm ScaleNorm(string name, long width, double epsilon) => new(Get($"{name}.weight", width), null, epsilon);

    /// <summary>The root-mean-square norm <c>name.weight</c> [width].</summary>
    public RmsNorm RmsNorm(string name, long width, double epsilon) => new(Get($"{name}.weight", width), epsilon);

    /// <summary>Frees every tensor.</summary>
    public void Dispose()
    {
        foreach (var tensor in _parameters.Values) tensor.Dispose();
        foreach (var item in _owned) item.Dispose();
    }

    /// <summary>A layer in the blocks of the file; null where one of its parts is stored otherwise, or misshapen (which the plain way then says).</summary>
    private Linear? FourBit((string Name, long Outputs)[] parts, long inputs, bool bias)
    {
        var rows = new List<FourBitRows>();
        foreach (var part in parts)
        {
            if (Find($"{part.Name}.weight") is not { } stored || !checkpoint.Info(stored).Shape.AsSpan().SequenceEqual([part.Outputs, inputs]) || checkpoint.ReadFourBit(stored) is not { } read) return null;
            rows.Add(read);
        }
        using var scope = NewDisposeScope();
        var biases = bias ? cat([.. parts.Select(part => Get($"{part.Name}.bias", part.Outputs))]) : null;
        if (FourBitLinear.Pack(rows, (int)inputs, biases) is not { } packed) return null;
        FourBitLayers++;
        return Kept(new Linear(Own(packed)), parts.Select(part => part.Name));
    }

    /// <summary>A frozen layer holds its weights in a layout of its own; the plain ones would only take memory.</summary>
    private Linear Kept(Linear linear, IEnumerable<string> names)
    {
        if (trainable) return linear;
        foreach (var name in names)
            foreach (var part in new[] { $"{name}.weight", $"{name}.bias" })
                if (_parameters.Remove(part, out var tensor)) tensor.Dispose();
        return linear;
    }

    private string? Find(string name)
    {
        var bare = name.StartsWith(basePrefix, StringComparison.Ordinal) ? name[basePrefix.Length..] : null;
        foreach (var candidate in new[] { name, Old(name), bare, bare is null ? null : Old(bare) })
            if (candidate is not null && checkpoint.Contains(candidate)) return candidate;
        return null;
    }

    private static string? Old(string name) =>
        name.EndsWith("LayerNorm.weight", StringComparison.Ordinal) ? name[..^6] + "gamma" :
        name.EndsWith("LayerNorm.bias", StringComparison.Ordinal) ? name[..^4] + "beta" : null;

    private static string Show(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
