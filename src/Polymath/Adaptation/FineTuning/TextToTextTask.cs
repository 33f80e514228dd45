using Polymath.Evaluation;
using Polymath.Generation;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>What a task wrote for a row.</summary>
/// <param name="Row">The row.</param>
/// <param name="Answer">The text with its tokens, why it ended, and its log-probability.</param>
public sealed record WrittenAnswer(Row Row, GeneratedText Answer);

/// <summary>A task that answers texts with texts: a language model with weights of its own. Safe to use from many threads.</summary>
public sealed class TextToTextTask : IDisposable
{
    internal const string Head = "language-model";

    private const int Window = 64;

    private readonly LanguageModel _tuned;
    private readonly TextToTextRecord _record;

    private TextToTextTask(TaskArtifact artifact, TextToTextRecord record, LanguageModel tuned) => (Artifact, _record, _tuned) = (artifact, record, tuned);

    /// <summary>Everything that is saved.</summary>
    public TaskArtifact Artifact { get; }

    /// <summary>The task's name.</summary>
    public string Name => Artifact.Name;

    /// <summary>How it writes unless it is told otherwise.</summary>
    public GenerationOptions Writing => new() { MaxNewTokens = _record.MaxNewTokens, Beams = _record.Beams };

    /// <summary>Loads a task from a library.</summary>
    /// <param name="library">The library's folder.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="model">The model it was trained from.</param>
    /// <exception cref="PolymathException">There is no such task, it is damaged or of another kind, or it belongs to another model.</exception>
    public static TextToTextTask Load(string library, string name, LanguageModel model)
    {
        using var opened = TaskLibrary.Open(library);
        return Restore(opened.Load(name), model);
    }

    /// <summary>Makes a task of what was saved.</summary>
    /// <exception cref="PolymathException">It is of another kind, belongs to another model, or its weights are missing.</exception>
    public static TextToTextTask Restore(TaskArtifact artifact, LanguageModel model)
    {
        if (artifact.Kind != TaskKind.Generate || artifact.TextToText is not { } record) throw new PolymathException($"task '{artifact.Name}' is of the kind {artifact.Kind.Name()}; it writes no texts");
        if (artifact.Weights is null) throw new PolymathException($"task '{artifact.Name}': its folder has no backbone.safetensors, the weights it was trained to; go back to an older generation or restore the file");
        artifact.RequireBackbone(model.Hash, model.Name);
        return new TextToTextTask(artifact, record, model.Tuned(artifact.Weights));
    }

    /// <summary>Answers texts, lazily and in order.</summary>
    public IEnumerable<WrittenAnswer> Predict(IEnumerable<string> texts, GenerationOptions? options = null, CancellationToken cancellation = default) =>
        Predict(texts.Select(text => new Row(text)), options, cancellation: cancellation);

    /// <summary>Answers rows, lazily and in order; prompts run together, whatever their lengths.</summary>
    /// <param name="rows">Rows; labels are ignored.</param>
    /// <param name="options">How to write; null for <see cref="Writing"/>. Of several sequences the best is given.</param>
    /// <param name="total">The number of rows where known, for progress.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="PolymathException">Options contradict each other, or an input has no tokens.</exception>
    public IEnumerable<WrittenAnswer> Predict(IEnumerable<Row> rows, GenerationOptions? options = null, long? total = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var encoder = new TextToTextEncoder(_tuned, _record);
        var done = 0L;
        try
        {
            foreach (var window in rows.Chunk(Window))
            {
                var texts = _tuned.GenerateTokens(Array.ConvertAll(window, encoder.Prompt), options ?? Writing, cancellation);
                progress?.Report(new WorkProgress("writing", done += window.Length, total));
                for (var r = 0; r < window.Length; r++) yield return new WrittenAnswer(window[r], texts[r][0]);
            }
        }
        finally { LastCut = encoder.Cut; }
    }

    /// <summary>How many inputs the prediction cut that ended last.</summary>
    internal int LastCut { get; private set; }

    /// <summary>
    /// Measures the task on rows with right answers: what it writes, and how likely the right answers are to it. Where an input with its right answer is longer than the model
    /// reads, the likelihood is that after as much of the input as fits.
    /// </summary>
    /// <exception cref="PolymathException">The rows are of another kind, or an answer leaves no room for an input; said before anything is written.</exception>
    public TextOutcomes Measure(LabelledRows data, GenerationOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (data.Kind != TaskKind.Generate) throw new PolymathException($"task '{Name}' writes texts, the rows are of the kind {data.Kind.Name()}");
        var encoder = new TextToTextEncoder(_tuned, _record);
        TextToTextRow[] scored = [.. data.Rows.Select(encoder.Scored)];
        string[] written = [.. Predict(data.Rows, options, data.Rows.Count, progress, cancellation).Select(answer => answer.Answer.Text)];
        var logs = scored.Chunk(Window).SelectMany(window => _tuned.LogProbabilities(Likelihood.Requests(window), cancellation)).ToArray();
        return new TextOutcomes([.. data.Rows.Select(row => row.Label!)], written, Array.ConvertAll(logs, row => row[0].Sum(log => (double)log)), Array.ConvertAll(logs, row => row[0].Length));
    }

    /// <summary>Saves the task in a library as a new generation; the folder is made where there is none.</summary>
    /// <exception cref="PolymathException">The name is not valid, or the library cannot be written; nothing is changed then.</exception>
    public void Save(string library, Disk? disk = null)
    {
        using var opened = TaskLibrary.Open(library, disk);
        opened.Save(Artifact);
    }

    /// <summary>The same task with measurements and the files it was learned from written into its record.</summary>
    public TextToTextTask WithRecord(IReadOnlyDictionary<string, double> metrics, IReadOnlyList<DataFileRecord>? data = null) =>
        new(Artifact with { Metrics = metrics, Training = Artifact.Training is { } training ? training with { Data = data ?? training.Data } : null }, _record, _tuned);

    /// <summary>Frees the weights, which are the task's own; the model it came from stays.</summary>
    public void Dispose()
    {
        _tuned.Dispose();
        Artifact.Weights?.Dispose();
    }
}
