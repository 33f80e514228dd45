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
    /// <param name="rows">Labelled rows: of at least two classes, with lists of labels, or with numbers.</param>
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
        var data = LabelledRows.OfKind(rows, options?.Kind);
        return FineTune(backbone, name, data, options, validation is null ? null : LabelledRows.OfKind(validation, data.Kind, data.Map, "the validation rows"), progress, cancellation);
    }

    /// <summary>As <see cref="FineTuneAsync"/>, on the calling thread, of rows whose labels have been read.</summary>
    public static LearnedTask FineTune(this Backbone backbone, string name, LabelledRows data, FineTuningOptions? options = null,
        LabelledRows? validation = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new FineTuningOptions();
        TrainingChecks.Check(options);
        data.RequireHead();
        if (validation is null && options.ValidationShare > 0)
        {
            var (train, held) = data.Split(options.ValidationShare, options.Seed);
            (data, validation) = (data.Take(train), data.Take(held));
        }
        return new FineTuningRun(backbone, data, validation, options, progress, cancellation).Fit(name);
    }
}
