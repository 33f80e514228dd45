using System.Text.Json.Nodes;
using TorchSharp;

namespace Polymath.Checkpoints.Gguf;

/// <summary>The rotary positions' part of a configuration.</summary>
internal static class GgufRotary
{
    private const int Llama3OriginalContext = 8192;
    private const double LowFrequency = 1, HighFrequency = 4; // of every model that was released with this scaling

    /// <summary>The base of the frequencies.</summary>
    public static float Base(GgufMetadata metadata, string prefix) => metadata.Number(prefix + ".rope.freq_base") ?? 10000;

    /// <summary>The object rope_scaling; null for plain positions.</summary>
    /// <exception cref="PolymathException">The file scales positions in a way that no configuration describes.</exception>
    public static JsonObject? Scaling(GgufFile file, GgufDimensions dimensions)
    {
        var (metadata, prefix) = (file.Metadata, dimensions.Architecture + ".rope.");
        var original = metadata.Count(prefix + "scaling.original_context_length");
        if (file.Tensors.ContainsKey(GgufNames.RotaryFactors)) return Llama3(file, dimensions, original ?? Llama3OriginalContext);
        var type = metadata.Text(prefix + "scaling.type");
        var factor = metadata.Number(prefix + "scaling.factor") ?? metadata.Number(prefix + "scale_linear") ?? 1;
        if (type is null && factor != 1) type = "linear";
        if (type is null or "none" || (type == "linear" && factor == 1)) return null;
        var scaling = new JsonObject { ["rope_type"] = type, ["factor"] = factor };
        if (original is not null) scaling["original_max_position_embeddings"] = original;
        return scaling;
    }

    /// <summary>
    /// The converter turns llama3's four numbers into a divisor for each frequency. The largest of them is the factor; the others have the same value in
    /// all models known, and whether they have it here shows when the divisors are computed again.
    /// </summary>
    private static JsonObject Llama3(GgufFile file, GgufDimensions dimensions, int original)
    {
        using var tensor = file.Read(GgufNames.RotaryFactors);
        using var floats = tensor.to(torch.ScalarType.Float32);
        var divisors = floats.data<float>().ToArray();
        var factor = divisors.Length == 0 ? 1 : divisors.Max();
        var theta = Base(file.Metadata, dimensions.Architecture);
        var scaling = new Llama3Scaling(factor, LowFrequency, HighFrequency, original);
        var same = divisors.Length == dimensions.HeadWidth / 2;
        for (var i = 0; same && i < divisors.Length; i++)
        {
            var frequency = Math.Pow(theta, -2.0 * i / dimensions.HeadWidth);
            same = Math.Abs(divisors[i] * scaling.Scale(frequency) / frequency - 1) < 1e-3;
        }
        return same
            ? new JsonObject
            {
                ["rope_type"] = "llama3",
                ["factor"] = factor,
                ["low_freq_factor"] = LowFrequency,
                ["high_freq_factor"] = HighFrequency,
                ["original_max_position_embeddings"] = original,
            }
            : throw new PolymathException($"{file.Path}: tensor '{GgufNames.RotaryFactors}' scales the rotary positions in another way than llama3 does; this model cannot be read");
    }
}
