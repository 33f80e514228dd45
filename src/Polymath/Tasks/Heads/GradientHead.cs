using System.Runtime.InteropServices;
using Polymath.Evaluation;
using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tasks.Heads;

/// <summary>How a head is trained by minibatches.</summary>
public sealed record GradientHeadOptions
{
    /// <summary>Passes over the source.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Rows of one step.</summary>
    public int BatchRows { get; init; } = 64;

    /// <summary>The first step size; it falls linearly to zero.</summary>
    public double LearningRate { get; init; } = 5e-3;

    /// <summary>AdamW's decoupled weight decay (Loshchilov and Hutter 2019), of weights on standardised features; the bias has none.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>A weight for each class's rows, or null for all 1.</summary>
    public double[]? ClassWeights { get; init; }

    /// <summary>The seed of the order of rows within each block.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// Softmax regression trained by minibatch AdamW over a streamed source, for features that do not fit into memory: one block is held at a
/// time. A first pass measures mean and spread of each feature; training runs on standardised features, and the standardisation is folded
/// into the head that comes out.
/// </summary>
public static class GradientHead
{
    /// <summary>Trains a head.</summary>
    /// <param name="inputs">The width of the features.</param>
    /// <param name="classes">The number of classes, at least 2.</param>
    /// <param name="source">Opens one pass over blocks of features and labels; called once to measure and once an epoch, and gives the
    /// same rows each time. Rows are mixed within a block only.</param>
    /// <param name="options">Epochs, batches, step size, seed.</param>
    /// <param name="progress">Receives the share of the work that is done, 0 to 1.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="ArgumentException">The source is empty, or a block does not fit.</exception>
    public static LinearHead Fit(int inputs, int classes, Func<IEnumerable<(FeatureMatrix X, int[] Labels)>> source, GradientHeadOptions? options = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new GradientHeadOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.BatchRows, nameof(options));
        var (mean, spread, rows, steps) = Measure(inputs, classes, source, options.BatchRows, cancellation);
        using var scope = NewDisposeScope();
        using var without = no_grad();
        Tensor centre = tensor(mean, ScalarType.Float32), inverse = tensor(spread.Select(s => 1 / s).ToArray(), ScalarType.Float32);
        var classWeights = options.ClassWeights is null ? null : tensor(options.ClassWeights, ScalarType.Float32);
        var weights = new Adam(zeros(classes, inputs), options.WeightDecay);
        var bias = new Adam(zeros(classes), 0);
        var random = new SeededRandom(options.Seed);
        long total = Math.Max(1, steps * options.Epochs), step = 0, done = 0;
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            foreach (var (x, labels) in source())
            {
                using var blockScope = NewDisposeScope();
                var order = Enumerable.Range(0, x.Rows).ToArray();
                random.Shuffle<int>(order);
                var features = (x.AsTensor() - centre) * inverse;
                for (var start = 0; start < x.Rows; start += options.BatchRows)
                {
                    cancellation.ThrowIfCancellationRequested();
                    using var stepScope = NewDisposeScope();
                    var chosen = order.AsSpan(start, Math.Min(options.BatchRows, x.Rows - start)).ToArray();
                    var batch = features.index_select(0, tensor(chosen.Select(i => (long)i).ToArray()));
                    var y = tensor(chosen.Select(i => (long)labels[i]).ToArray()).view(-1, 1);
                    var residual = addmm(bias.Value, batch, weights.Value.t(), 1, 1).softmax(1);
                    residual.scatter_add_(1, y, full(chosen.Length, 1, -1f));
                    if (classWeights is not null) residual.mul_(classWeights.index_select(0, y.view(-1)).view(-1, 1));
                    residual.div_(chosen.Length);
                    var rate = options.LearningRate * (total - step) / total;
                    step++;
                    weights.Step(residual.t().mm(batch), rate, step);
                    bias.Step(residual.sum([0]), rate, step);
                }
                done += x.Rows;
                progress?.Report((double)done / (rows * options.Epochs));
            }
        }
        var head = (weights.Value * inverse).to(ScalarType.Float64);
        var offset = bias.Value.to(ScalarType.Float64) - head.mv(tensor(mean));
        return new LinearHead(Read(head), Read(offset), inputs);
    }

    private static float[] Read(Tensor values) => MemoryMarshal.Cast<byte, float>(values.to(ScalarType.Float32).contiguous().bytes).ToArray();

    private static (double[] Mean, double[] Spread, long Rows, long Steps) Measure(int inputs, int classes,
        Func<IEnumerable<(FeatureMatrix X, int[] Labels)>> source, int batchRows, CancellationToken cancellation)
    {
        double[] mean = new double[inputs], squares = new double[inputs];
        long rows = 0, steps = 0;
        foreach (var (x, labels) in source())
        {
            cancellation.ThrowIfCancellationRequested();
            if (x.Columns != inputs) throw new ArgumentException($"a block of features is {x.Columns} wide, expected {inputs}");
            x.CheckLabels(labels, classes);
            for (var i = 0; i < x.Rows; i++)
            {
                rows++;
                var row = x.Row(i);
                for (var j = 0; j < inputs; j++)
                {
                    var gap = row[j] - mean[j]; // Welford's update
                    mean[j] += gap / rows;
                    squares[j] += gap * (row[j] - mean[j]);
                }
            }
            steps += (x.Rows + batchRows - 1) / batchRows;
        }
        if (rows == 0) throw new ArgumentException("the source holds no row");
        // A constant feature stays at zero whatever it is divided by.
        return (mean, [.. squares.Select(sum => Math.Sqrt(sum / rows) is > 1e-12 and var spread ? spread : 1)], rows, steps);
    }
}
