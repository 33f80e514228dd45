using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>Fine-tuning of language models on pairs of texts: rows whose label is the answer that the model should write.</summary>
public static class TextToText
{
    /// <summary>Learns a task by training the whole network on answers. The loss is that of the answers alone.</summary>
    /// <param name="model">The decoder or encoder-decoder to start from; it stays as it is. From a quantised file it is unpacked to float32.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="rows">Inputs (<see cref="Row.Text"/>) and answers (<see cref="Row.Label"/>).</param>
    /// <param name="options">Choices.</param>
    /// <param name="validation">Rows that choose the best epoch by perplexity; null takes <see cref="FineTuningOptions.ValidationShare"/>.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancellation">Stops between steps, after a checkpoint where there is a folder for it.</param>
    /// <exception cref="PolymathException">A row without an answer, an answer too long for the model, a model that writes no text, options out of range, a loss that is not a number.</exception>
    public static Task<TextToTextTask> FineTuneAsync(this LanguageModel model, string name, IEnumerable<Row> rows, TextToTextOptions? options = null,
        IEnumerable<Row>? validation = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => FineTune(model, name, rows, options, validation, progress, cancellation), cancellation);

    /// <summary>As <see cref="FineTuneAsync"/>, on the calling thread.</summary>
    public static TextToTextTask FineTune(this LanguageModel model, string name, IEnumerable<Row> rows, TextToTextOptions? options = null,
        IEnumerable<Row>? validation = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        FineTune(model, name, LabelledRows.OfKind(rows, TaskKind.Generate), options, validation is null ? null : LabelledRows.OfKind(validation, TaskKind.Generate, source: "the validation rows"), progress, cancellation);

    /// <summary>As <see cref="FineTuneAsync"/>, on the calling thread, of rows that have been checked.</summary>
    public static TextToTextTask FineTune(this LanguageModel model, string name, LabelledRows data, TextToTextOptions? options = null,
        LabelledRows? validation = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new TextToTextOptions();
        TrainingChecks.Check(options.Training);
        if (data.Kind != TaskKind.Generate) throw new PolymathException($"a language model learns to write answers, not a {data.Kind.Name()} task; expected rows of the kind {TaskKind.Generate.Name()}");
        if (validation is null && options.Training.ValidationShare > 0)
        {
            var (train, held) = data.Split(options.Training.ValidationShare, options.Training.Seed);
            (data, validation) = (data.Take(train), data.Take(held));
        }
        return new TextToTextRun(model, data, validation, options, progress, cancellation).Fit(name);
    }
}
