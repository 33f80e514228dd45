using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>rows → prompts → likelihoods → calibrated scores of labels.</summary>
internal sealed class PromptScorer(PromptModel model, BoundPrompt prompt, DemonstrationSource source, CalibrationMethod calibration, double[] offsets, IReadOnlyList<string> contentFree) : IScorer
{
    private const int Window = 128;

    /// <summary>The encoder is no part of the answer: a prompt's backbone is a language model.</summary>
    public Backbone? Backbone => null;

    /// <summary>The model that answers.</summary>
    public PromptModel Model => model;

    /// <summary>Template and words.</summary>
    public BoundPrompt Prompt => prompt;

    /// <summary>Where demonstrations come from.</summary>
    public DemonstrationSource Source => source;

    /// <summary>Counts of the prompts of the call that ended last, such as those that were shortened.</summary>
    public PromptReport LastReport { get; private set; } = new();

    /// <summary>Requests a row: itself, and the inputs without content where its demonstrations are its own.</summary>
    private int RequestsPerRow => calibration == CalibrationMethod.Contextual && !source.IsFixed ? 1 + contentFree.Count : 1;

    public IEnumerable<(Row[] Rows, float[] Scores)> Score(IEnumerable<Row> rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var report = new PromptReport(); // of this call alone: others may run at the same time
        try
        {
            foreach (var window in rows.Chunk(Window))
            {
                cancellation.ThrowIfCancellationRequested();
                yield return (window, Read(model.Scorer.LogProbabilities(Ask(window, report, cancellation), cancellation)));
                progress?.Report(new WorkProgress("predicting", report.Prompts, total));
            }
        }
        finally { LastReport = report; }
    }

    /// <summary>The requests of some rows, in their order.</summary>
    public List<ScoringRequest> Ask(IReadOnlyList<Row> rows, PromptReport? report, CancellationToken cancellation)
    {
        var shown = source.For(rows, prompt.Filler, null, cancellation);
        var requests = new List<ScoringRequest>(rows.Count * RequestsPerRow);
        for (var r = 0; r < rows.Count; r++)
        {
            requests.Add(prompt.Ask(rows[r], shown[r], report));
            if (RequestsPerRow > 1) requests.AddRange(prompt.AskWithoutContent(contentFree, shown[r]));
        }
        return requests;
    }

    /// <summary>Scores of the rows that requests were made of, [rows, labels].</summary>
    public float[] Read(IReadOnlyList<float[][]> answers)
    {
        var scores = new List<float>(answers.Count / RequestsPerRow * prompt.Labels);
        for (var at = 0; at < answers.Count; at += RequestsPerRow)
        {
            var own = prompt.Read(answers[at]);
            var subtracted = RequestsPerRow > 1 ? Calibration.Contextual([.. answers.Skip(at + 1).Take(contentFree.Count).Select(prompt.Read)]) : offsets;
            scores.AddRange((subtracted.Length == 0 ? own : Calibration.Apply(own, subtracted)).Select(score => (float)score));
        }
        return [.. scores];
    }
}
