using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>Fine-tuning: everything is trained, from the pre-trained start.</summary>
public static class FineTuning
{
    /// <summary>
    /// Learns a task by training the whole network. A new head first gets its optimum on the frozen features; then all move together.
    /// </summary>
    /// <param name="backbone">The encoder to start from; it stays as it is.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="rows">Labelled rows, at least two classes.</param>
    /// <param name="options">Choices; the defaults suit sentence encoders.</param>
    /// <param name="validation">Rows that choose the best epoch; null takes <see cref="FineTuningOptions.ValidationShare"/>.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancellation">Stops between steps, after a checkpoint where there is a folder for it.</param>
    /// <exception cref="PolymathException">Rows without a label, one class only, a kept head with other labels, a loss that is not a number.</exception>
    public static Task<LearnedTask> FineTuneAsync(this Backbone backbone, string name, IEnumerable<Row> rows, FineTuningOptions? options = null,
        IEnumerable<Row>? validation = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => FineTune(backbone, name, rows, options, validation, progress, cancellation), cancellation);

    /// <summary>As <see cref="FineTuneAsync"/>, on the calling thread.</summary>
    public static LearnedTask FineTune(this Backbone backbone, string name, IEnumerable<Row> rows, FineTuningOptions? options = null,
        IEnumerable<Row>? validation = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new FineTuningOptions();
        FineTuningChecks.Check(options);
        var data = LabelledRows.From(rows);
        LabelledRows? held = validation is null ? null : LabelledRows.From(validation, data.Map, "the validation rows");
        if (held is null && options.ValidationShare > 0)
        {
            var (train, test) = Splits.Stratified(data.Labels, options.ValidationShare, options.Seed);
            (data, held) = (data.Take(train), data.Take(test));
        }
        return new FineTuningRun(backbone, data, held, options, progress, cancellation).Fit(name);
    }
}

/// <summary>What options must be, said before the work.</summary>
internal static class FineTuningChecks
{
    public static void Check(FineTuningOptions o)
    {
        Require(o.LearningRate is > 0 and < 1, $"learning rate {o.LearningRate}: expected a number between 0 and 1, such as 1e-4");
        Require(o.Epochs is null or > 0, $"{o.Epochs} epochs: expected at least 1");
        Require(o.BatchRows > 0, $"{o.BatchRows} rows of a step: expected at least 1");
        Require(o.Accumulate > 0 && o.Accumulate <= o.BatchRows, $"{o.Accumulate} parts of a step: expected 1 to {o.BatchRows}");
        Require(o.LayerDecay is > 0 and <= 1, $"layer decay {o.LayerDecay}: expected a number above 0, at most 1");
        Require(o.WeightDecay >= 0 && double.IsFinite(o.WeightDecay), $"weight decay {o.WeightDecay}: expected 0 or more");
        Require(o.WarmUp is >= 0 and < 1, $"warm-up {o.WarmUp}: expected a share of the steps from 0 to below 1");
        Require(o.MaxGradientNorm >= 0, $"largest gradient norm {o.MaxGradientNorm}: expected 0 or more");
        Require(o.UnfreezeEvery >= 0 && double.IsFinite(o.UnfreezeEvery), $"unfreezing every {o.UnfreezeEvery} epochs: expected 0 or more");
        Require(o.Dropout is >= 0 and < 1, $"dropout {o.Dropout}: expected a share from 0 to below 1");
        Require(o.LabelSmoothing is >= 0 and < 1, $"label smoothing {o.LabelSmoothing}: expected a share from 0 to below 1");
        Require(o.ValidationShare is >= 0 and < 1, $"validation share {o.ValidationShare}: expected a share from 0 to below 1");
        Require(o.Patience >= 0, $"patience {o.Patience}: expected 0 or more epochs");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new PolymathException(otherwise);
    }
}
