using System.Diagnostics;
using Polymath.Cli.Common;
using Polymath.Cli.Embedded;
using Polymath.Evaluation;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>What <c>adapt</c> does with words and tags: learn a tagging task, measure it beside the word-feature baseline, keep it.</summary>
internal static class TaggingAdapt
{
    private const int Folds = 5;

    /// <summary>Learns, measures, saves and reports.</summary>
    /// <param name="streams">Where to.</param>
    /// <param name="json">Whether the report is for programs.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="backbone">The frozen encoder; null learns from word features alone.</param>
    /// <param name="data">The file to learn from.</param>
    /// <param name="test">The file to measure on; null measures by cross-validation.</param>
    /// <param name="skipBadRows">Whether bad sentences are left out.</param>
    /// <param name="options">Layers, seed.</param>
    /// <param name="library">Where the task goes.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static async Task<int> RunAsync(Streams streams, bool json, string name, Backbone? backbone, string data, string? test, bool skipBadRows, TaggingOptions options, TaskLibrary library, CancellationToken cancellation)
    {
        var (sentences, record) = Load(streams, data, skipBadRows);
        var (measured, testRecord) = test is null ? (null, null) : Load(streams, test, skipBadRows);
        var kinds = TagSet.Of(sentences).Kinds;
        streams.Error.WriteLine($"{sentences.Count:N0} sentences, {sentences.Sum(s => s.Words.Count):N0} words, {kinds.Count} kinds of span: {string.Join(", ", kinds.Take(12).Select(kind => $"{kind} {sentences.Sum(s => WordSpan.Of(s.Tags!).Count(span => span.Kind == kind)):N0}"))}{(kinds.Count > 12 ? ", …" : "")}");
        if (test is null) streams.Error.WriteLine($"no --test: measured by {Folds}-fold cross-validation; the task that is kept learns from all sentences");
        if (backbone is null) streams.Error.WriteLine("no --model: learning from word features, which know letters but not what words mean; --model sentence-transformers/all-MiniLM-L6-v2 reads meaning");
        var (task, comparison, seconds) = await Reporting.WithProgressAsync(streams, progress =>
        {
            Tagger Learn(bool words) => words || backbone is null ? Tagger.LearnWords(name, sentences, options, cancellation) : Tagger.Learn(backbone, name, sentences, options, cancellation);
            var found = measured is null ? TaggingComparison.CrossValidate(backbone, sentences, options, Folds, progress, cancellation) : null;
            var start = Stopwatch.GetTimestamp();
            progress.Report(new WorkProgress("learning", 0, 1));
            var learned = Learn(words: false);
            var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            progress.Report(new WorkProgress("learning", 1, 1));
            found ??= backbone is null ? new TaggingComparison(null, learned.Evaluate(measured!, cancellation)) : new TaggingComparison(learned.Evaluate(measured!, cancellation), Learn(words: true).Evaluate(measured!, cancellation));
            return (learned, found, took);
        }, cancellation).ConfigureAwait(false);

        var outcomes = comparison.Task ?? comparison.Baseline;
        var interval = Bootstrap.Interval(Metric.SpanF1, outcomes, seed: (ulong)options.Seed);
        var prefix = test is null ? "cross_validated" : "test";
        task = task.WithRecord(new Dictionary<string, double> { [$"{prefix}_span_f1"] = interval.Value, [$"{prefix}_span_f1_low"] = interval.Low, [$"{prefix}_span_f1_high"] = interval.High, [$"{prefix}_rows"] = outcomes.Rows },
            testRecord is null ? [record] : [record, testRecord]);
        library.Save(task.Artifact);
        Report(streams, json, task, comparison, sentences.Count, test is null, seconds, options, library);
        return ExitCodes.Ok;
    }

    private static void Report(Streams streams, bool json, Tagger task, TaggingComparison comparison, int sentences, bool crossValidated, double seconds, TaggingOptions options, TaskLibrary library)
    {
        var difference = comparison.Difference((ulong)options.Seed);
        var how = task.Artifact.Training!.Options;
        var methods = new List<(string Method, TaggingOutcomes Outcomes, PairedComparison? Against)>
        {
            (comparison.Task is null ? $"word features, C {how["c"]}" : "word features", comparison.Baseline, null),
        };
        if (comparison.Task is { } better) methods.Add(($"features, {task.Artifact.Pooling} {task.Artifact.Layers}, C {how["c"]}", better, difference));
        var shown = methods.Select(m => (m.Method, m.Outcomes, m.Against, Interval: Bootstrap.Interval(Metric.SpanF1, m.Outcomes, seed: (ulong)options.Seed))).ToArray();
        if (json)
        {
            streams.WriteJson(new
            {
                task = task.Name,
                method = task.Artifact.Method,
                kind = task.Artifact.Kind.Name(),
                labels = task.Tags.Kinds,
                library = library.Folder,
                generation = library.Generation,
                metric = Metric.SpanF1.Name(),
                learnedFromRows = sentences,
                crossValidated,
                methods = shown.Select(m => new
                {
                    method = m.Method,
                    value = m.Interval.Value,
                    low = m.Interval.Low,
                    high = m.Interval.High,
                    measures = TaskMetrics.Shown(TaskKind.TokenClassification).ToDictionary(Measures.Key, metric => metric.Compute(m.Outcomes)),
                    spans = m.Outcomes.Kinds.Select(kind => new { label = kind, f1 = m.Outcomes.Of(kind).F1, rows = m.Outcomes.Of(kind).Spans }),
                    differenceToWords = m.Against is { } d ? new[] { d.Difference, d.Low, d.High } : null,
                }),
                seconds,
            });
            return;
        }
        streams.WriteTable(["method", ">span F1, %", "95 %", "against word features", .. task.Tags.Kinds.Take(6).Select(kind => $">{kind}")], shown.Select(m => (string[])
            [m.Method, $"{100 * m.Interval.Value:F1}", $"{100 * m.Interval.Low:F1}–{100 * m.Interval.High:F1}", m.Against is { } d ? $"{100 * d.Difference:+0.0;-0.0} [{100 * d.Low:+0.0;-0.0}, {100 * d.High:+0.0;-0.0}]" : "",
                .. task.Tags.Kinds.Take(6).Select(kind => m.Outcomes.Kinds.Contains(kind) ? $"{100 * m.Outcomes.Of(kind).F1:F1}" : "")]));
        streams.Output.WriteLine($"task '{task.Name}' learned from {sentences:N0} sentences in {seconds:F1} s and saved in {library.Folder} (generation {library.Generation}); try: polymath predict --task {task.Name}");
    }

    private static (List<TaggedSentence> Sentences, DataFileRecord Record) Load(Streams streams, string path, bool skipBadRows)
    {
        if (path.StartsWith(EmbeddedTasks.Prefix, StringComparison.Ordinal))
        {
            var own = EmbeddedTasks.Find(path);
            var known = own.Sentences();
            return (known, own.Record(known.Count));
        }
        var file = TaggedFile.Open(path, skipBadRows, streams.Input);
        List<TaggedSentence> sentences = [.. file.Sentences()];
        TaggingAnswers.Say(streams, file, sentences);
        return (sentences, DataFileRecord.Of(path, sentences.Count));
    }
}
