using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>One of the answers that could be given.</summary>
/// <param name="Answer">The choice.</param>
/// <param name="LogProbability">The natural logarithm of its likelihood after the prompt.</param>
/// <param name="Probability">Its share among the choices.</param>
/// <param name="Calibrated">Its share after calibration; equal to <paramref name="Probability"/> where none was asked for.</param>
public sealed record AskedAnswer(string Answer, double LogProbability, double Probability, double Calibrated);

/// <summary>A single question with given choices.</summary>
public static class PromptQuestion
{
    /// <summary>How a question is put where no template is given: the question, then the answer.</summary>
    public static PromptTemplate Plain { get; } = new("{{text}} {{answer}}");

    /// <summary>Asks.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="question">The question, with what the template reads.</param>
    /// <param name="choices">The answers to choose from, with their words.</param>
    /// <param name="options">Template, demonstrations, calibration; null for none of them.</param>
    /// <param name="rows">Rows with labels to show; their labels need not be among the choices.</param>
    /// <param name="progress">Told of stages.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The choices, the best after calibration first.</returns>
    /// <exception cref="PolymathException">The template does not suit, choices cannot be told apart, or batch calibration without rows.</exception>
    public static IReadOnlyList<AskedAnswer> Ask(PromptModel model, Row question, Verbalizer choices, PromptOptions? options = null, IReadOnlyList<Row>? rows = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new PromptOptions();
        rows ??= [];
        var prompt = new BoundPrompt(model, options.Template ?? Plain, choices);
        var words = choices.ByLabel();
        var pool = rows.Select(row => new Demonstration(row, row.Label is not { } label ? throw new PolymathException($"line {row.Line}: the row has no label; expected its answer") : words.TryGetValue(label, out var own) ? own[0] : label)).ToArray();
        var labels = LabelMap.FromLabels(rows.Select(row => row.Label!));
        var (source, shown) = PromptEngineering.Source(pool, labels.IdsOf(rows), prompt.Filler, options, progress, cancellation);
        var before = source.For([question], prompt.Filler, null, cancellation)[0];
        var method = options.Calibration ?? CalibrationMethod.None;
        int[] rest = method == CalibrationMethod.Batch ? [.. Enumerable.Range(0, pool.Length).Except(shown).Take(options.CalibrationRows)] : [];
        if (method == CalibrationMethod.Batch && rest.Length == 0) throw new PolymathException("batch calibration takes the mean over rows, and no row is left for it; expected more rows, or another calibration");
        var others = source.For([.. rest.Select(row => rows[row])], prompt.Filler, rest, cancellation);
        ScoringRequest[] more = method switch
        {
            CalibrationMethod.Contextual => prompt.AskWithoutContent(options.ContentFree, before),
            CalibrationMethod.Pmi => [prompt.AskPremise()],
            _ => [.. rest.Select((row, at) => prompt.Ask(rows[row], others[at]))],
        };
        double[][] scores = [.. model.Scorer.LogProbabilities([prompt.Ask(question, before), .. more], cancellation).Select(prompt.Read)];
        var offsets = method switch
        {
            CalibrationMethod.Contextual => Calibration.Contextual(scores[1..]),
            CalibrationMethod.Pmi => Calibration.Pmi(scores[1]),
            CalibrationMethod.Batch => Calibration.Batch(scores[1..]),
            _ => new double[choices.Labels.Count],
        };
        var (raw, calibrated) = (LogMath.Normalise(scores[0]), LogMath.Normalise(Calibration.Apply(scores[0], offsets)));
        return [.. Enumerable.Range(0, raw.Length).OrderByDescending(k => calibrated[k]).Select(k => new AskedAnswer(choices.Labels[k], scores[0][k], Math.Exp(raw[k]), Math.Exp(calibrated[k])))];
    }
}
