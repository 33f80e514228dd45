using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Features;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>
/// How attention is best cut into calls: only rows of equal length together (0), rows of different length padded into groups of up to some
/// numbers of tokens, and every row padded to the longest. For batches as inference makes them (sorted by length) and as training does
/// (32 random rows), through all-MiniLM-L6-v2. This decides the default of <see cref="PackedBatch.Create"/>.
/// </summary>
internal static class AttentionBench
{
    private const int Everything = int.MaxValue;

    public static int Run(string[] args)
    {
        int count = Timing.Number(args, "--rows", 2048), training = Math.Min(count, Timing.Number(args, "--training-rows", 512)), rounds = Timing.Number(args, "--rounds", 3);
        int[] thresholds = [.. Timing.Option(args, "--tokens", "0,64,128,256,512,1024").Split(',').Select(int.Parse), Everything];
        Timing.Announce($"attention: {count} mixed sentences (random batches: {training}) through all-MiniLM-L6-v2, turn by turn, medians of {rounds} rounds; rows/s by the tokens that may be copied to save a call");
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        TokenRow[] rows = [.. Sentences.Mixed(count).Select(row => TokenRow.From(backbone.Tokenizer.Encode(row.Text), backbone, row))];
        int[][][] sorted = [.. TokenRow.Batches(rows, 2048).Select(batch => batch.Select(r => rows[r].Ids).ToArray())];
        int[][][] random = [.. rows[..training].Select(row => row.Ids).Chunk(32)];
        foreach (var precision in new[] { Precision.Float32, Precision.BFloat16 })
            Compare($"inference, {Precisions.Name(precision)}, batches of 2,048 tokens sorted by length, forward", sorted, precision, trainable: false);
        Compare("inference, float32, batches of 32 random rows, forward", random, Precision.Float32, trainable: false);
        Compare("training, float32, batches of 32 random rows, forward", random, Precision.Float32, trainable: true, backward: false);
        Compare("training, float32, batches of 32 random rows, forward and backward", random, Precision.Float32, trainable: true);
        return 0;

        void Compare(string what, int[][][] batches, Precision precision, bool trainable, bool? backward = null)
        {
            using var checkpoint = Checkpoint.Open(backbone.Folder);
            using var network = Families.Load(backbone.Config, checkpoint, Precisions.TensorType(precision), trainable, withHead: false);
            var some = batches.Sum(batch => batch.Length);
            var times = thresholds.ToDictionary(threshold => threshold, _ => new List<double>());
            Pass(network, batches[..Math.Min(4, batches.Length)], 0, backward ?? trainable);
            for (var round = 0; round < rounds; round++)
                foreach (var threshold in thresholds) times[threshold].Add(Timing.Seconds(() => Pass(network, batches, threshold, backward ?? trainable)));
            Console.WriteLine($"{what}   load {Timing.Load()}");
            foreach (var threshold in thresholds)
            {
                var (calls, padding) = Shape(batches, threshold);
                Console.WriteLine($"  {(threshold == Everything ? "all" : threshold),5}: {some / Timing.Median(times[threshold]),7:F1} rows/s, best {some / times[threshold].Min(),7:F1}; {calls,5:F1} calls a batch, {padding:P1} padding");
            }
        }
    }

    private static void Pass(Network network, int[][][] batches, int tokens, bool backward)
    {
        using var noGrad = backward ? null : no_grad();
        foreach (var rows in batches)
        {
            using var scope = NewDisposeScope();
            using var batch = PackedBatch.Create(rows, tokensWorthACall: tokens);
            var hidden = network.Last(batch);
            if (!backward) continue;
            var loss = hidden.pow(2).mean();
            loss.backward();
            foreach (var parameter in network.Parameters.Values)
            {
                parameter.grad?.Dispose();
                parameter.grad = null;
            }
        }
    }

    /// <summary>Attention calls of a batch, and padding tokens in proportion to real ones.</summary>
    private static (double Calls, double Padding) Shape(int[][][] batches, int tokens)
    {
        long calls = 0, seen = 0, real = 0;
        foreach (var rows in batches)
        {
            using var batch = PackedBatch.Create(rows, tokensWorthACall: tokens);
            calls += batch.Groups.Count;
            seen += batch.Groups.Sum(group => (long)group.Rows * group.Length);
            real += batch.Tokens;
        }
        return ((double)calls / batches.Length, (double)(seen - real) / real);
    }
}
