using Polymath.Checkpoints;
using Polymath.Evaluation;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// Random weights for a network that starts from nothing: every tensor is made when the family's file asks for it, so a family needs no list of its own. Matrices are
/// normal, biases 0, norms 1. The deviation is config.json's (<c>initializer_range</c>, <c>init_std</c>); T5's follows the width of what a matrix reads, as in
/// transformers' models/t5/modeling_t5.py, and GPT-2's last projection of a block is smaller by √(2 · blocks).
/// </summary>
internal sealed class FreshWeights(NetworkConfig config, ulong seed) : ITensorSource
{
    private readonly Dictionary<string, Tensor> _made = [];
    private readonly SeededRandom _random = new(seed);

    public string Path => config.Source;

    public IReadOnlyCollection<string> Names => _made.Keys;

    /// <summary>Writes <c>model.safetensors</c> beside a folder's config.json.</summary>
    /// <param name="folder">A folder with config.json.</param>
    /// <param name="seed">Decides every number.</param>
    /// <param name="disk">Where to write; the real disk by default.</param>
    public static void Write(string folder, ulong seed, Disk? disk = null)
    {
        var config = NetworkConfig.Read(System.IO.Path.Combine(folder, "config.json"));
        using var scope = NewDisposeScope();
        using var fresh = new FreshWeights(config, seed);
        using var network = Families.Load(config, fresh, ScalarType.Float32, trainable: true, withHead: true);
        SafetensorsWriter.Write(System.IO.Path.Combine(folder, "model.safetensors"), network.Parameters, new Dictionary<string, string> { ["format"] = "pt" }, disk);
    }

    public void Expect(string name, long[] shape)
    {
        if (_made.ContainsKey(name)) return;
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        if (shape.Length > 1)
        {
            var deviation = Deviation(name);
            for (var i = 0; i < values.Length; i++) values[i] = (float)(deviation * _random.NextGaussian());
        }
        else if (!name.EndsWith("bias", StringComparison.Ordinal)) Array.Fill(values, 1);
        _made.Add(name, tensor(values, shape).DetachFromDisposeScope());
    }

    public bool Contains(string name) => _made.ContainsKey(name);

    public TensorInfo Info(string name) => new(name, "F32", _made[name].shape, 0, 4 * _made[name].numel());

    public Tensor Read(string name) => _made[name].alias();

    public void Dispose()
    {
        foreach (var tensor in _made.Values) tensor.Dispose();
    }

    private double Deviation(string name)
    {
        bool Is(string part) => name.EndsWith(part, StringComparison.Ordinal);
        if (config.ModelType != "t5")
            return config.File.NumberOr(0.02, "initializer_range", "init_std") / (Is("c_proj.weight") ? Math.Sqrt(2 * config.Layers) : 1);
        var headWidth = config.File.IntOr(config.Width / config.Heads, 1, "d_kv");
        return config.File.NumberOr(1, "initializer_factor") * (Is("shared.weight") ? 1
            : Is("Attention.q.weight") ? Math.Pow(config.Width * headWidth, -0.5)
            : Is("Attention.o.weight") ? Math.Pow(config.Heads * headWidth, -0.5)
            : Is(".wo.weight") ? Math.Pow(config.Intermediate, -0.5)
            : Math.Pow(config.Width, -0.5));
    }
}
