using Polymath.Evaluation;
using Polymath.Text;

namespace Polymath.Distillation;

/// <summary>
/// The order in which texts are learned from, a pure function of their lengths, the seed and the epoch: rows are shuffled, sorted by length
/// within windows so that a batch has little padding, cut into batches by a token budget, and the batches are shuffled.
/// </summary>
internal static class TrainingPlan
{
    private const int WindowRows = 1 << 14;

    public static int[][] Epoch(int[][] rows, int budget, int seed, int epoch)
    {
        var random = new SeededRandom(((ulong)(uint)seed << 32) + (uint)epoch);
        int[] order = [.. Enumerable.Range(0, rows.Length)];
        random.Shuffle<int>(order);
        var batches = new List<int[]>();
        foreach (var window in order.Chunk(WindowRows))
            batches.AddRange(PackedBatch.ByBudget(window, row => rows[row].Length, budget));
        var plan = batches.ToArray();
        random.Shuffle<int[]>(plan);
        return plan;
    }
}
