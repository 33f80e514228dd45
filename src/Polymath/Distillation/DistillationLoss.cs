using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Distillation;

/// <summary>
/// How far the student is from the teacher on a batch. Prediction: the mean squared error of a linear map of the student's vectors to the
/// teacher's centred and scaled ones. Similarity (relational distillation, Park et al. 2019): the mean squared difference of the two matrices of
/// cosines between the batch's rows, which shapes the student's own vectors without any map between.
/// </summary>
/// <param name="mean">Mean of the teacher's vectors, [D].</param>
/// <param name="scale">What their centred values are divided by, [D].</param>
/// <param name="similarityColumns">The last so many columns give the teacher's similarities.</param>
/// <param name="weight">Weight of the similarity loss.</param>
internal sealed class DistillationLoss(Tensor mean, Tensor scale, long similarityColumns, double weight)
{
    /// <summary>The rows' mean vectors, [rows, H] in packed order, of token states [T, H].</summary>
    public static Tensor Pool(Tensor hidden, PackedBatch batch)
    {
        var (lengths, counts) = Runs(batch);
        var parts = lengths.Length == 1 ? [hidden] : hidden.split([.. lengths.Zip(counts, (length, count) => (long)length * count)]);
        Tensor[] pooled = [.. parts.Select((part, run) => part.view(counts[run], lengths[run], -1).mean([1L]))];
        return pooled.Length == 1 ? pooled[0] : cat(pooled);
    }

    /// <summary>The teacher's vectors of some rows, centred and scaled, [rows, D] float32.</summary>
    public Tensor Targets(Tensor vectors, int[] rows)
    {
        using var index = tensor(rows.Select(row => (long)row).ToArray());
        return (vectors.index_select(0, index).to(ScalarType.Float32) - mean) / scale;
    }

    /// <summary>The prediction error alone.</summary>
    public static Tensor Prediction(Tensor predicted, Tensor targets) => (predicted - targets).square().mean();

    /// <summary>The whole loss.</summary>
    /// <param name="pooled">The student's vectors, [rows, H].</param>
    /// <param name="predicted">Their map to the teacher's space, [rows, D].</param>
    /// <param name="targets">See <see cref="Targets"/>.</param>
    public Tensor Of(Tensor pooled, Tensor predicted, Tensor targets)
    {
        var loss = Prediction(predicted, targets);
        if (weight == 0 || pooled.shape[0] < 2) return loss;
        var teacher = targets.slice(1, targets.shape[1] - similarityColumns, targets.shape[1], 1);
        return loss + weight * (Cosines(pooled) - Cosines(teacher)).square().mean();
    }

    private static Tensor Cosines(Tensor vectors)
    {
        var unit = nn.functional.normalize(vectors, p: 2, dim: 1);
        return unit.mm(unit.t());
    }

    /// <summary>Runs of rows of equal length: a batch is sorted by length.</summary>
    private static (int[] Lengths, int[] Counts) Runs(PackedBatch batch)
    {
        List<int> lengths = [], counts = [];
        for (var row = 0; row < batch.Rows; row++)
        {
            var length = batch.Offsets[row + 1] - batch.Offsets[row];
            if (lengths.Count == 0 || lengths[^1] != length)
            {
                lengths.Add(length);
                counts.Add(0);
            }
            counts[^1]++;
        }
        return ([.. lengths], [.. counts]);
    }
}
