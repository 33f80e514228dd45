using Polymath.Evaluation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>Tries calibrations on a slice of training rows. None is kept unless one answers more of them rightly.</summary>
internal sealed class CalibrationSearch(PromptModel model, BoundPrompt prompt, DemonstrationSource source, IReadOnlyList<string> contentFree)
{
    /// <summary>Chooses, or measures the one that is wanted.</summary>
    /// <param name="slice">Rows with their classes; may be empty where the wanted method needs none.</param>
    /// <param name="own">The rows' numbers in the pool of demonstrations, where it has them; else null.</param>
    /// <param name="wanted">The method to take; null chooses.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="PolymathException">Batch calibration is wanted and there are no rows.</exception>
    public CalibrationRecord Run(LabelledRows slice, int[]? own, CalibrationMethod? wanted, CancellationToken cancellation)
    {
        if (slice.Rows.Count == 0)
        {
            if (wanted is null or CalibrationMethod.None || !source.IsFixed && wanted == CalibrationMethod.Contextual) return Record(wanted ?? CalibrationMethod.None, []);
            if (wanted == CalibrationMethod.Batch) throw new PolymathException("batch calibration takes the mean over rows, and no row is left for it; expected more rows, or another calibration");
        }
        CalibrationMethod[] methods = wanted is null ? [CalibrationMethod.Contextual, CalibrationMethod.Pmi, CalibrationMethod.Batch] : wanted == CalibrationMethod.None ? [] : [wanted.Value];
        var shown = source.For(slice.Rows, prompt.Filler, own, cancellation);
        var requests = new List<ScoringRequest>();
        for (var r = 0; r < slice.Rows.Count; r++) requests.Add(prompt.Ask(slice.Rows[r], shown[r]));
        var contextual = methods.Contains(CalibrationMethod.Contextual);
        var freeAt = requests.Count;
        if (contextual && source.IsFixed) requests.AddRange(prompt.AskWithoutContent(contentFree, [.. source.Pool]));
        if (contextual && !source.IsFixed) foreach (var demonstrations in shown) requests.AddRange(prompt.AskWithoutContent(contentFree, demonstrations));
        var premiseAt = requests.Count;
        if (methods.Contains(CalibrationMethod.Pmi)) requests.Add(prompt.AskPremise());
        double[][] scores = [.. model.Scorer.LogProbabilities(requests, cancellation).Select(prompt.Read)];
        var rows = scores[..slice.Rows.Count];

        double[][] Offsets(CalibrationMethod method) => method switch
        {
            CalibrationMethod.Contextual when source.IsFixed => [Calibration.Contextual(scores[freeAt..premiseAt])],
            CalibrationMethod.Contextual => [.. scores[freeAt..premiseAt].Chunk(contentFree.Count).Select(Calibration.Contextual)],
            CalibrationMethod.Pmi => [Calibration.Pmi(scores[premiseAt])],
            _ => [Calibration.Batch(rows)],
        };
        var tried = new List<CalibrationTrial>();
        var (best, kept) = (CalibrationMethod.None, Array.Empty<double>());
        if (rows.Length > 0) tried.Add(Measure(CalibrationMethod.None, rows, slice));
        foreach (var method in methods)
        {
            var offsets = Offsets(method);
            if (rows.Length > 0) tried.Add(Measure(method, [.. rows.Select((row, r) => Calibration.Apply(row, offsets[offsets.Length == 1 ? 0 : r]))], slice));
            if (wanted is null && tried[^1].Accuracy <= tried.First(trial => trial.Method == best.Name()).Accuracy) continue;
            (best, kept) = (method, source.IsFixed || method != CalibrationMethod.Contextual ? offsets[0] : []);
        }
        return Record(best, kept) with { Rows = rows.Length, Tried = tried };
    }

    private CalibrationRecord Record(CalibrationMethod method, double[] offsets) => new(method.Name(), offsets) { ContentFree = method == CalibrationMethod.Contextual ? contentFree : null };

    private static CalibrationTrial Measure(CalibrationMethod method, double[][] scores, LabelledRows slice)
    {
        var outcomes = Outcomes.FromScores(slice.Labels, [.. scores.SelectMany(row => row.Select(score => (float)score))], slice.Classes);
        return new CalibrationTrial(method.Name(), Metric.Accuracy.Compute(outcomes), Metric.CalibrationError.Compute(outcomes));
    }
}
