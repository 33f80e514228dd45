using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;
using Polymath.Tasks.Heads;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>
/// Steps of fine-tuning all-MiniLM-L6-v2, 32 rows each, the same rows in the same order: Polymath's loop against a plain TorchSharp loop
/// (<see cref="PlainBert"/>) with TorchSharp's AdamW, and against that loop with the fused optimizer. Turn by turn, medians of rounds.
/// </summary>
internal static class TrainBench
{
    private const int Batch = 32;

    public static int Run(string[] args)
    {
        int steps = Timing.Number(args, "--steps", 20), rounds = Timing.Number(args, "--rounds", 5);
        var dedicated = args.Contains("--dedicated");
        if (dedicated) ThreadSettings.SetDedicated(true);
        Timing.Announce($"train{(dedicated ? ", waiting threads spin" : "")}: all-MiniLM-L6-v2, {Batch} rows a step, {steps} steps a round, {rounds} rounds, float32");
        var folder = Timing.Shared("models", "all-MiniLM-L6-v2");
        var peak = Peak();
        Console.WriteLine($"F.linear at its best: {peak / 1e9:F0} GFLOP/s");
        using var backbone = Backbone.Load(folder);
        foreach (var set in Timing.Option(args, "--data", "trec,subj").Split(','))
        {
            var data = LabelledRows.From(Sentences.Of(set, "train"));
            var rows = TokenRow.Read(backbone, data.Rows, null);
            var order = new RowOrder(rows.Length, Batch, seed: 0);
            using var ours = new Ours(backbone, data, rows, order, steps);
            using var stock = new Plain(folder, data, rows, order, fused: false);
            using var fused = new Plain(folder, data, rows, order, fused: true);
            var times = new Dictionary<string, List<double>> { ["polymath"] = [], ["forward and backward"] = [], ["products alone"] = [], ["plain, stock AdamW"] = [], ["plain, fused AdamW"] = [] };
            for (var round = -1; round < rounds; round++)
                foreach (var (name, run) in new (string, Action)[]
                {
                    ("polymath", () => ours.Train(steps)), ("plain, stock AdamW", () => stock.Train(steps)), ("plain, fused AdamW", () => fused.Train(steps)),
                    ("forward and backward", () => ours.Gradients(steps)), ("products alone", () => Products(backbone.Config, order, rows, steps)),
                })
                {
                    var seconds = Timing.Seconds(run);
                    if (round >= 0) times[name].Add(seconds); // the first round warms up
                }
            var tokens = Enumerable.Range(0, steps).Sum(step => order.Rows(step).Sum(row => (long)rows[row].Ids.Length));
            var padded = Enumerable.Range(0, steps).Sum(step => (long)Batch * order.Rows(step).Max(row => rows[row].Ids.Length));
            var operations = Enumerable.Range(0, steps).Sum(step => order.Rows(step).Sum(row => Operations(backbone.Config, rows[row].Ids.Length)));
            var mine = Timing.Median(times["polymath"]);
            Console.WriteLine($"\n{set}: {(double)tokens / steps:F0} tokens a step ({(double)padded / steps:F0} padded), {operations / steps / 1e9:F1} GFLOP a step   load {Timing.Load()}");
            foreach (var (name, seconds) in times)
            {
                var median = Timing.Median(seconds);
                Console.WriteLine($"  {name,-22}{1000 * median / steps,8:F1} ms a step  ×{median / mine:F2}{(name is "forward and backward" or "products alone" ? $"  {operations / median / 1e9:F0} GFLOP/s, {100 * operations / median / peak:F0} % of the peak" : "")}");
            }
        }
        return 0;
    }

    /// <summary>Multiplications and additions of forward and backward for a row: three products for each of the forward pass.</summary>
    private static double Operations(NetworkConfig c, int length) =>
        3.0 * c.Layers * 2 * length * (4.0 * c.Width * c.Width + 2.0 * c.Width * c.Intermediate + 2.0 * length * c.Width);

    /// <summary>The linear layers' products of forward and backward on the tokens of each step: what is left if all else took no time.</summary>
    private static void Products(NetworkConfig c, RowOrder order, TokenRow[] rows, int steps)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (outputs, inputs) in new (long, long)[] { (3 * c.Width, c.Width), (c.Width, c.Width), (c.Intermediate, c.Width), (c.Width, c.Intermediate) })
            for (var s = 0; s < steps; s++)
            {
                var tokens = order.Rows(s).Sum(row => (long)rows[row].Ids.Length);
                Tensor x = ones(tokens, inputs), w = ones(outputs, inputs), gradient = ones(tokens, outputs);
                for (var layer = 0; layer < c.Layers; layer++)
                {
                    nn.functional.linear(x, w).Dispose();
                    gradient.mm(w).Dispose();
                    gradient.t().mm(x).Dispose();
                }
            }
    }

    private static double Peak()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor x = rand(1536, 1536), w = rand(1536, 1536);
        var best = Enumerable.Range(0, 30).Min(_ => Timing.Seconds(() => nn.functional.linear(x, w).Dispose()));
        return 2.0 * 1536 * 1536 * 1536 / best;
    }

    private sealed class Ours : IDisposable
    {
        private readonly Network _network;
        private readonly NewHead _head;
        private readonly FineTuningProblem _problem;
        private readonly GroupedAdamW _optimizer;

        public Ours(Backbone backbone, LabelledRows data, TokenRow[] rows, RowOrder order, int steps)
        {
            var vocabulary = UsedVocabulary.Of(rows); // as fine-tuning does
            _network = backbone.LoadTrainable(withHead: false, vocabulary);
            _head = new NewHead(new LinearHead(new float[data.Classes * backbone.Config.Width], new float[data.Classes], backbone.Config.Width), Pooling.Mean);
            _problem = new FineTuningProblem(_network, _head, vocabulary.Renumber(rows), new CrossEntropyLoss(data.Labels), order, 1, Precision.Float32, null);
            _optimizer = new GroupedAdamW(ParameterGroups.ByDepth(_network.Parameters, _head.Parameters, backbone.Config.Layers, new TrainingSettings { LearningRate = 1e-4, Epochs = 1 }, steps));
        }

        public void Train(int steps) => Steps(steps, () => _optimizer.Step(1e-4, maxNorm: 1));

        public void Gradients(int steps) => Steps(steps, () => { });

        public void Dispose()
        {
            _optimizer.Dispose();
            _head.Dispose();
            _network.Dispose();
        }

        private void Steps(int steps, Action step)
        {
            for (var s = 0; s < steps; s++)
            {
                using var scope = NewDisposeScope();
                _optimizer.Begin(0);
                foreach (var loss in _problem.Losses(s, null)) loss.backward();
                step();
            }
        }
    }

    private sealed class Plain : IDisposable
    {
        private readonly PlainBert _network;
        private readonly LabelledRows _data;
        private readonly TokenRow[] _rows;
        private readonly RowOrder _order;
        private readonly optim.Optimizer? _stock;
        private readonly FusedAdamW? _fused;

        public Plain(string folder, LabelledRows data, TokenRow[] rows, RowOrder order, bool fused)
        {
            (_network, _data, _rows, _order) = (new PlainBert(folder, data.Classes), data, rows, order);
            if (fused) _fused = new FusedAdamW(_network.parameters());
            else _stock = optim.AdamW(_network.parameters().ToArray(), lr: 1e-4, weight_decay: 0.01);
        }

        public void Train(int steps)
        {
            for (var s = 0; s < steps; s++)
            {
                using var scope = NewDisposeScope();
                var chosen = _order.Rows(s);
                var length = chosen.Max(row => _rows[row].Ids.Length);
                var (ids, mask) = (new long[chosen.Length * length], new float[chosen.Length * length]);
                for (var r = 0; r < chosen.Length; r++)
                    for (var t = 0; t < _rows[chosen[r]].Ids.Length; t++) (ids[r * length + t], mask[r * length + t]) = (_rows[chosen[r]].Ids[t], 1);
                foreach (var parameter in _network.parameters())
                {
                    parameter.grad?.Dispose();
                    parameter.grad = null;
                }
                var scores = _network.forward(tensor(ids, [chosen.Length, length]), tensor(mask, [chosen.Length, length]));
                nn.functional.cross_entropy(scores, tensor(chosen.Select(row => (long)_data.Labels[row]).ToArray())).backward();
                nn.utils.clip_grad_norm_(_network.parameters(), 1);
                _stock?.step();
                _fused?.Step(1e-4);
            }
        }

        public void Dispose()
        {
            _stock?.Dispose();
            _fused?.Dispose();
            _network.Dispose();
        }
    }
}
