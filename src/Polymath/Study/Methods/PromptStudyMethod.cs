using System.Diagnostics;
using Polymath.Adaptation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Study.Methods;

/// <summary>A language model asked in plain words: without examples, or with some of the training rows in its prompt.</summary>
/// <param name="model">The language model.</param>
/// <param name="secondsPerToken">How long it reads a token.</param>
/// <param name="shown">Whether training rows are shown.</param>
internal sealed class PromptStudyMethod(PromptModel model, double secondsPerToken, bool shown) : IStudyMethod
{
    private const int Shots = 8, SampledTokens = 96;

    public string Name => shown ? "few-shot" : "zero-shot";
    public string Title => shown ? "Few-shot" : "Zero-shot";
    public string Description => shown
        ? $"A language model ({model.Reference.Name}) is asked in plain words and shown at least {Shots} training rows, of each class in turn; it answers with the likelihood of the labels' names, calibrated where that helps on training rows."
        : $"A language model ({model.Reference.Name}) is asked in plain words and answers with the likelihood of the labels' names; calibrated by inputs without content. It sees no training row.";
    public string Settings => $"{model.Reference.Hash}, {Shots}, 1";
    public bool NeedsBackbone => false;
    public bool TrainsEverything => false;
    public bool IsCostly => true;
    public bool ForFewRows => !shown;
    public bool Supports(StudyTask task, int rows) => task.Kind == TaskKind.Classification;

    public double Estimate(StudyTask task, int rows, int testRows, StudySpeed speed)
    {
        var tokens = 20 + task.Rows.Average(row => row.Text.Length + (row.Pair?.Length ?? 0)) / 4 + 3 * task.Labels.Count;
        return secondsPerToken * tokens * (testRows + (shown ? Math.Min(rows, 64) + Count(task.Labels.Count) : 3));
    }

    public StudyResult Run(StudyCell cell, CancellationToken cancellation) => LearnedTaskAnswers.Measure(cell, readsFeatures: false, data => shown
        ? PromptEngineering.Learn(model, cell.Task.Name, data, new PromptOptions { Demonstrations = new DemonstrationOptions { Count = Count(data.Classes), TokenBudget = model.MaxTokens / 2, Seed = cell.Seed }, Seed = cell.Seed }, cell.Progress, cancellation)
        : PromptEngineering.ZeroShot(model, cell.Task.Name, data.Map.Names, new PromptOptions { Template = PromptTemplate.Plain(Verbalizer.OfNames(data.Map.Names).Words.Select(words => words[0]), data.Pairs), Calibration = CalibrationMethod.Contextual }), cancellation);

    /// <summary>Seconds for a token of a short text, measured.</summary>
    public static double Measure(PromptModel model)
    {
        var ids = model.Encode(string.Concat(Enumerable.Repeat("a word and another one, ", SampledTokens / 4)));
        ids = ids[..Math.Min(ids.Length, Math.Min(SampledTokens, model.MaxTokens / 2))];
        double best = double.MaxValue;
        for (var round = 0; round < 2; round++) // the first pass of a network is slow
        {
            var start = Stopwatch.GetTimestamp();
            _ = model.Scorer.LogProbabilities([new ScoringRequest(ids, [ids[..1]], model.Kind == LanguageModelKind.Masked ? [] : null)]);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / ids.Length);
        }
        return best;
    }

    private static int Count(int classes) => Math.Max(Shots, classes);
}
