using System.Globalization;
using Polymath.Generation;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>Tokens a second of one prompt, or of several at a time, against the bare matrix products of a step: the same layers, the same kernels, turn by turn.</summary>
internal static class DecodeBench
{
    public static int Run(string[] args)
    {
        int tokens = Timing.Number(args, "--tokens", 64), rounds = Timing.Number(args, "--rounds", 5), rows = Timing.Number(args, "--rows", 1), context = Timing.Number(args, "--context", 9);
        Timing.Announce($"decode: SmolLM2-135M, {rows} prompts of {context} tokens, {tokens} steps, medians of {rounds} rounds");
        foreach (var name in Timing.Option(args, "--precision", "Float32,BFloat16,FourBit").Split(','))
            One(name, name == "FourBit" ? Precision.BFloat16 : Enum.Parse<Precision>(name, ignoreCase: true), tokens, rounds, rows, context);
        return 0;
    }

    private static void One(string name, Precision precision, int tokens, int rounds, int rows, int context)
    {
        using var model = LanguageModel.Load(Timing.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"), new LanguageModelOptions { Precision = precision, FourBit = name == "FourBit" });
        var story = model.Encode("Once upon a time, there was a little");
        int[][] prompts = [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, context).Select(t => story[t % story.Length]).ToArray())];
        using var products = new Products(model, precision, rows);
        List<double> decoded = [], bare = [];
        for (var round = 0; round <= rounds; round++) // the first one warms up
        {
            var seconds = Timing.Seconds(() => Decode(model, prompts, tokens));
            var floor = Timing.Seconds(() => { for (var t = 0; t < tokens; t++) products.OneStep(); });
            if (round > 0) { decoded.Add(rows * tokens / seconds); bare.Add(rows * tokens / floor); }
        }
        double rate = Timing.Median(decoded), limit = Timing.Median(bare);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {rate:F1} tokens/s; bare products of {precision} {limit:F1}: {rate / limit:F2}"));
    }

    /// <summary>Exactly so many steps of the most likely token.</summary>
    private static void Decode(LanguageModel model, int[][] prompts, int tokens)
    {
        using var noGrad = no_grad();
        var (state, scores) = DecodingState.Start(model.Network, prompts, tokens);
        using (state)
            for (var t = 0; t < tokens; t++)
            {
                using var most = scores.argmax(1);
                var next = Array.ConvertAll(most.data<long>().ToArray(), token => (int)token);
                scores.Dispose();
                scores = state.Step(next);
            }
        scores.Dispose();
    }

    /// <summary>The linear layers of the network, with weights of their own.</summary>
    private sealed class Products : IDisposable
    {
        private readonly List<(FusedLinear Layer, Tensor Input)> _layers = [];

        public Products(LanguageModel model, Precision precision, int rows)
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
                _layers.Add((FusedLinear.Pack(randn(outputs, inputs).to(type), null) ?? throw new PolymathException("the fused layers are absent here"), randn(rows, inputs).to(type).DetachFromDisposeScope()));
            }
        }

        public void OneStep()
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
