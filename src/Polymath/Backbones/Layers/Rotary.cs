using Polymath.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones.Layers;

/// <summary>
/// Rotary positions (Su et al. 2021) in the halves layout of transformers' Llama: the pairs that turn together are i and i + width / 2. Frequencies
/// are plain, or scaled for longer contexts (<c>rope_type</c> linear, llama3).
/// </summary>
internal sealed class Rotary
{
    private readonly Tensor _frequencies;
    private readonly long _half;

    /// <param name="width">Width of a head.</param>
    /// <param name="theta">The base of the frequencies.</param>
    /// <param name="scaling">The folder's settings; null for plain frequencies.</param>
    /// <param name="owner">Frees the table.</param>
    public Rotary(int width, double theta, ConfigFile? scaling, Weights owner)
    {
        _half = width / 2;
        var frequencies = Enumerable.Range(0, width / 2).Select(i => Math.Pow(theta, -2.0 * i / width));
        var type = scaling?.TextOr("default", "rope_type", "type") ?? "default";
        if (type != "default") frequencies = frequencies.Select(Scaled(type, scaling!));
        float[] table = [.. frequencies.Select(f => (float)f), .. frequencies.Select(f => (float)f)];
        _frequencies = owner.Own(tensor(table));
    }

    /// <summary>The rotary positions that config.json describes: <c>rope_parameters</c>, or the older <c>rope_theta</c> and <c>rope_scaling</c>.</summary>
    public static Rotary FromConfig(ConfigFile file, int width, Weights owner)
    {
        var newer = file.Part("rope_parameters");
        return new Rotary(width, (newer ?? file).NumberOr(10000, "rope_theta"), newer ?? file.Part("rope_scaling"), owner);
    }

    /// <summary>Cosines and signed sines of positions [T], [T, 1, width] each, for <see cref="Turn"/>.</summary>
    public (Tensor Cosine, Tensor Sine) Angles(Tensor positions, ScalarType type)
    {
        var angles = (positions.to(ScalarType.Float32).unsqueeze(1) * _frequencies).unsqueeze(1); // [T, 1, width]
        var sine = angles.sin();
        sine.narrow(2, 0, _half).neg_(); // the first half takes −sin of its partner
        return (angles.cos().to(type), sine.to(type));
    }

    /// <summary>The same as plain floats.</summary>
    public RotaryAngles Angles(Tensor positions)
    {
        using var scope = NewDisposeScope();
        var (cosine, sine) = Angles(positions, ScalarType.Float32);
        return new RotaryAngles(cosine.data<float>().ToArray(), sine.data<float>().ToArray(), (int)(2 * _half));
    }

    /// <summary>Turns vectors [T, heads, width] by the angles of their positions.</summary>
    public Tensor Turn(Tensor x, (Tensor Cosine, Tensor Sine) angles) => (x * angles.Cosine).addcmul(x.roll(_half, 2), angles.Sine, 1);

    private static Func<double, double> Scaled(string type, ConfigFile settings)
    {
        double Setting(string key) => settings.Has(key) ? settings.NumberOr(0, key) : throw new PolymathException($"{settings.Source}: '{key}' is missing for rope_type {type}");
        var factor = Setting("factor");
        if (factor < 1) throw new PolymathException($"{settings.Source}: 'factor' is {factor}; expected a number of at least 1");
        if (type == "linear") return frequency => frequency / factor;
        return type == "llama3" ? new Llama3Scaling(factor, Setting("low_freq_factor"), Setting("high_freq_factor"), Setting("original_max_position_embeddings")).Scale
            : throw new PolymathException($"{settings.Source}: the rope_type '{type}' is not known; known are default, linear and llama3");
    }
}

/// <summary>How far the vectors of some tokens are turned.</summary>
/// <param name="Cosine">[T, width].</param>
/// <param name="Sine">[T, width], the first half negative.</param>
/// <param name="Width">Width of a head.</param>
internal sealed record RotaryAngles(float[] Cosine, float[] Sine, int Width)
{
    /// <summary>Turns the first <paramref name="turned"/> of each token's vectors, in place.</summary>
    /// <param name="vectors">[T, heads, width].</param>
    /// <param name="turned">Queries and keys.</param>
    /// <param name="heads">Queries, keys and values.</param>
    public void Turn(Span<float> vectors, int turned, int heads)
    {
        for (var token = 0; token < Cosine.Length / Width; token++)
        {
            ReadOnlySpan<float> cosine = Cosine.AsSpan(token * Width, Width), sine = Sine.AsSpan(token * Width, Width);
            for (var head = 0; head < turned; head++) Turn(vectors.Slice((token * heads + head) * Width, Width), cosine, sine);
        }
    }

    private static void Turn(Span<float> x, ReadOnlySpan<float> cosine, ReadOnlySpan<float> sine)
    {
        var half = x.Length / 2;
        for (var i = 0; i < half; i++)
        {
            var (first, second) = (x[i], x[i + half]);
            x[i] = first * cosine[i] + second * sine[i];
            x[i + half] = second * cosine[i + half] + first * sine[i + half];
        }
    }
}
