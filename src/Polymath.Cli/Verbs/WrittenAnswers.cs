using System.CommandLine;
using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Evaluation;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>What <c>predict</c> and <c>evaluate</c> do with a task that writes texts.</summary>
internal static class WrittenAnswers
{
    /// <summary>Each row's text as JSON fields, with the columns of the input.</summary>
    public static IEnumerable<Dictionary<string, object?>> Predict(TextToTextTask task, DataFile file, GenerationOptions options, IProgress<WorkProgress> progress, CancellationToken cancellation) =>
        task.Predict(file.Rows(), options, null, progress, cancellation).Select(written => TaskSession.WithInput(new()
        {
            ["output"] = written.Answer.Text,
            ["tokens"] = written.Answer.Ids.Count,
            ["end"] = written.Answer.End switch { GenerationEnd.EndToken => "end-token", GenerationEnd.Stop => "stop", _ => "length" },
            ["score"] = written.Answer.Score,
        }, written.Row));

    /// <summary>Measures a task on rows with right answers.</summary>
    public static TextOutcomes Evaluate(TextToTextTask task, Streams streams, string path, DataOptions options, GenerationOptions writing, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        var file = DataFile.Open(path, options, streams.Input);
        var rows = LabelledRows.OfKind(file.ReadAll(), TaskKind.Generate, source: file.Name);
        var outcomes = task.Measure(rows, writing, progress, cancellation);
        Models.SaySkipped(streams, file);
        return outcomes;
    }

    /// <summary>Says how many inputs were cut.</summary>
    public static void SayCut(Streams streams, TextToTextTask task)
    {
        if (task.LastCut > 0) streams.Error.WriteLine($"{task.LastCut:N0} inputs were longer than {task.Artifact.TextToText!.InputTokens:N0} tokens and were cut");
    }
}
