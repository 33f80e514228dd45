using System.Globalization;
using Polymath.Generation;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>Tokens a second of one prompt, against the bare matrix products of one token: the same layers, the same kernels, turn by turn.</summary>
internal static class DecodeBench
{
    public static int Run(string[] args)
    {
        int tokens = Timing.Number(args, "--tokens", 64), rounds = Timing.Number(args, "--rounds", 5);
        Timing.Announce($"decode: SmolLM2-135M, one prompt, {tokens} tokens, medians of {rounds} rounds");
        foreach (var name in Timing.Option(args, "--precision", "Float32,BFloat16,FourBit").Split(','))
            One(name, name == "FourBit" ? Precision.BFloat16 : Enum.Parse<Precision>(name, ignoreCase: true), tokens, rounds);
        return 0;
    }

    private static void One(string name, Precision precision, int tokens, int rounds)
    {
        using var model = LanguageModel.Load(Timing.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"), new LanguageModelOptions { Precision = precision, FourBit = name == "FourBit" });
        var prompt = model.Encode("Once upon a time, there was a little");
        using var products = new Products(model, precision);
        List<double> decoded = [], bare = [];
        for (var round = 0; round <= rounds; round++) // the first one warms up
        {
            var seconds = Timing.Seconds(() => Decode(model, prompt, tokens));
            var floor = Timing.Seconds(() => { for (var t = 0; t < tokens; t++) products.OneToken(); });
            if (round > 0) { decoded.Add(tokens / seconds); bare.Add(tokens / floor); }
        }
        double rate = Timing.Median(decoded), limit = Timing.Median(bare);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {rate:F1} tokens/s; bare products of {precision} {limit:F1}: {rate / limit:F2}"));
    }

    /// <summary>Exactly so many steps of the most likely token.</summary>
    private static void Decode(LanguageModel model, int[] prompt, int tokens)
    {
        using var noGrad = no_grad();
        var (state, scores) = DecodingState.Start(model.Network, [prompt], tokens);
        using (state)
            for (var t = 0; t < tokens; t++)
            {
                var next = (int)scores.argmax().item<long>();
                scores.Dispose();
                scores = state.Step([next]);
            }
        scores.Dispose();
    }

    /// <summary>The linear layers of the network, with weights of their own.</summary>
    private sealed class Products : IDisposable
    {
        private readonly List<(FusedLinear Layer, Tensor Input)> _layers = [];

        public Products(LanguageModel model, Precision precision)
        {
            var c = model.Config;
            var type = Precisions.TensorType(precision);
            int keys = c.Width / c.Heads * 3;
            for (var layer = 0; layer < c.Layers; layer++)
            {
                Add(c.Width + 2 * keys, c.Width);
                Add(c.Width, c.Width);
                Add(2 * c.Intermediate, c.Width);
                Add(c.Width, c.Intermediate);
            }
            Add(c.VocabularySize, c.Width);
            void Add(long outputs, long inputs)
            {
                using var scope = NewDisposeScope();
                _layers.Add((FusedLinear.Pack(randn(outputs, inputs).to(type), null) ?? throw new PolymathException("the fused layers are absent here"), randn(1, inputs).to(type).DetachFromDisposeScope()));
            }
        }

        public void OneToken()
        {
            using var noGrad = no_grad();
            foreach (var (layer, input) in _layers) layer.Forward(input).Dispose();
        }

        public void Dispose()
        {
            foreach (var (layer, input) in _layers)
            {
                layer.Dispose();
                input.Dispose();
            }
        }
    }
}
