using System.Runtime.InteropServices;
using Polymath.Evaluation;
using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>How a scalar mix is learned.</summary>
public sealed record ScalarMixOptions
{
    /// <summary>The most passes over the rows.</summary>
    public int Epochs { get; init; } = 40;

    /// <summary>Rows of one step.</summary>
    public int BatchRows { get; init; } = 64;

    /// <summary>The step size of the head; constant, as the end is found by early stopping.</summary>
    public double LearningRate { get; init; } = 5e-3;

    /// <summary>The step size of the layers' weights and of γ.</summary>
    public double MixLearningRate { get; init; } = 2e-2;

    /// <summary>AdamW's decoupled weight decay of the head's weights.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>The share of each class's rows that is kept apart to stop on.</summary>
    public double HeldOut { get; init; } = 0.15;

    /// <summary>Training ends after so many epochs in a row without a lower loss on the held-out rows.</summary>
    public int Patience { get; init; } = 4;

    /// <summary>Decides the held-out rows and the order of the others.</summary>
    public int Seed { get; init; }
}

/// <summary>A learned mix of layers and the head that was learned with it.</summary>
/// <param name="Mix">The mix as an ordinary weighted sum: γ · share · normalisation of each layer.</param>
/// <param name="Shares">The softmax weights of the layers, adding up to 1: how much of its information the head takes from each.</param>
/// <param name="Scale">γ.</param>
/// <param name="Head">The linear head on mixed features.</param>
/// <param name="Epochs">Passes that were made.</param>
/// <param name="HeldOutLoss">The mean cross-entropy on the held-out rows at the best epoch, whose parameters these are.</param>
public sealed record ScalarMixFit(LayerMix Mix, IReadOnlyList<double> Shares, double Scale, LinearHead Head, int Epochs, double HeldOutLoss);

/// <summary>
/// Learns which layers to read: softmax weights over all layers and a scale γ, together with a linear head, by gradient steps on stored
/// features (Peters et al. 2018, equation 1). The backbone does not run. Layers are brought to mean 0 and equal variance first, so that equal
/// weights are equal shares; both are folded into the mix and the head that come out. Equal inputs give equal bits.
/// </summary>
public static class ScalarMix
{
    /// <summary>Learns a mix and its head.</summary>
    /// <param name="layers">For each row the vectors of all layers one after another, [rows, layers · width].</param>
    /// <param name="width">The width of one layer.</param>
    /// <param name="labels">True classes, [rows].</param>
    /// <param name="classes">The number of classes, at least 2.</param>
    /// <param name="options">Step sizes, early stopping, seed.</param>
    /// <param name="progress">Receives the share of the epochs that is done, 0 to 1.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="ArgumentException">Sizes or labels do not fit.</exception>
    public static ScalarMixFit Fit(FeatureMatrix layers, int width, int[] labels, int classes, ScalarMixOptions? options = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new ScalarMixOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers.Rows, 2, nameof(layers));
        if (width < 1 || layers.Columns % width != 0) throw new ArgumentException($"{layers.Columns} values a row are not layers of {width}");
        layers.CheckLabels(labels, classes);
        var count = layers.Columns / width;
        var means = RotatedFeatures.ColumnMeans(layers);
        var inverse = InverseDeviations(layers, means, width);
        var (inside, outside) = Split(labels, options);

        using var scope = NewDisposeScope();
        using var without = no_grad();
        var all = (layers.AsTensor() - tensor(means, ScalarType.Float32)).view(layers.Rows, count, width).mul_(tensor(inverse, ScalarType.Float32).view(1, count, 1));
        var y = tensor(labels.Select(label => (long)label).ToArray()).view(-1, 1);
        Tensor held = all.index_select(0, Rows(outside)), heldLabels = y.index_select(0, Rows(outside));
        Adam shares = new(zeros(count), 0), scale = new(ones(1), 0), weights = new(zeros(classes, width), options.WeightDecay), bias = new(zeros(classes), 0);
        Tensor[] parameters = [shares.Value, scale.Value, weights.Value, bias.Value];
        Tensor[] best = [.. parameters.Select(value => value.clone())];
        double bestLoss = double.PositiveInfinity;
        int epoch = 0, since = 0;
        long step = 0;
        var random = new SeededRandom(unchecked((ulong)options.Seed));
        for (; epoch < options.Epochs && since < options.Patience; epoch++)
        {
            random.Shuffle<int>(inside);
            foreach (var batch in inside.Chunk(options.BatchRows))
            {
                cancellation.ThrowIfCancellationRequested();
                using var stepScope = NewDisposeScope();
                var rows = Rows(batch);
                var gradients = ScalarMixObjective.Evaluate(all.index_select(0, rows), y.index_select(0, rows), shares.Value, scale.Value, weights.Value, bias.Value);
                step++;
                shares.Step(gradients.Shares, options.MixLearningRate, step);
                scale.Step(gradients.Scale, options.MixLearningRate, step);
                weights.Step(gradients.Weights, options.LearningRate, step);
                bias.Step(gradients.Bias, options.LearningRate, step);
            }
            var loss = ScalarMixObjective.Loss(held, heldLabels, shares.Value, scale.Value, weights.Value, bias.Value);
            since++;
            if (loss < bestLoss)
            {
                (bestLoss, since) = (loss, 0);
                for (var p = 0; p < best.Length; p++) best[p].copy_(parameters[p]);
            }
            progress?.Report((epoch + 1.0) / options.Epochs);
        }
        progress?.Report(1);
        var softmax = Values(best[0].softmax(0));
        var gamma = Values(best[1])[0];
        // Four digits tell layers apart and can be read and typed.
        float[] mix = [.. softmax.Select((share, layer) => Rounded(gamma * share * inverse[layer]))];
        return new ScalarMixFit(LayerMix.Weighted(mix), [.. softmax.Select(share => (double)share)], gamma, ToHead(best[2], best[3], means, mix, width), epoch, bestLoss);
    }

    /// <summary>Rows to learn from and rows to stop on; with too few rows for both, all are in both.</summary>
    private static (int[] Inside, int[] Outside) Split(int[] labels, ScalarMixOptions options)
    {
        try { return Splits.Stratified(labels, options.HeldOut, options.Seed); }
        catch (PolymathException) when (options.HeldOut is > 0 and < 1)
        {
            int[] all = [.. Enumerable.Range(0, labels.Length)];
            return (all, [.. all]);
        }
    }

    /// <summary>1 / the root mean variance of each layer; 1 for a layer that is constant.</summary>
    private static double[] InverseDeviations(FeatureMatrix layers, double[] means, int width)
    {
        var sums = new double[layers.Columns / width];
        for (var r = 0; r < layers.Rows; r++)
        {
            var row = layers.Row(r);
            for (var j = 0; j < row.Length; j++) sums[j / width] += (row[j] - means[j]) * (row[j] - means[j]);
        }
        return [.. sums.Select(sum => Math.Sqrt(sum / layers.Rows / width) is > 1e-12 and var deviation ? 1 / deviation : 1)];
    }

    /// <summary>The head on mixed, uncentred features: the layers' means move into the bias.</summary>
    private static LinearHead ToHead(Tensor weights, Tensor bias, double[] means, float[] mix, int width)
    {
        var mean = new double[width];
        for (var j = 0; j < means.Length; j++) mean[j % width] += mix[j / width] * means[j];
        var offset = bias.to(ScalarType.Float64) - weights.to(ScalarType.Float64).mv(tensor(mean));
        return new LinearHead(Values(weights), Values(offset), width);
    }

    private static float Rounded(double value) => float.Parse(value.ToString("G4", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);

    private static Tensor Rows(int[] rows) => tensor(rows.Select(row => (long)row).ToArray());

    private static float[] Values(Tensor values) => MemoryMarshal.Cast<byte, float>(values.to(ScalarType.Float32).contiguous().bytes).ToArray();
}
