using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Polymath.Native;

namespace Polymath.Study.Report;

/// <summary>Writes what a study found: <c>report.html</c> to read and <c>results.json</c> to compute with.</summary>
public static class StudyReport
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>Writes both files; a reader of the folder sees the old ones or the new ones.</summary>
    /// <param name="folder">The output folder.</param>
    /// <param name="about">How it was made.</param>
    /// <param name="methods">The methods, simplest first.</param>
    /// <param name="summaries">What was found out.</param>
    /// <param name="disk">The disk, for tests.</param>
    /// <exception cref="PolymathException">The folder cannot be written to.</exception>
    public static void Write(string folder, StudyAbout about, IReadOnlyList<IStudyMethod> methods, IReadOnlyList<StudySummary> summaries, Disk? disk = null)
    {
        disk ??= Disk.Default;
        disk.WriteText(Path.Combine(folder, "results.json"), JsonSerializer.Serialize(Facts(about, summaries), Indented));
        disk.WriteText(Path.Combine(folder, "report.html"), Html(about, methods, summaries));
    }

    /// <summary>The page.</summary>
    public static string Html(StudyAbout about, IReadOnlyList<IStudyMethod> methods, IReadOnlyList<StudySummary> summaries) => new HtmlReport(about, methods, summaries).Render();

    /// <summary>Everything as plain values for JSON.</summary>
    public static object Facts(StudyAbout about, IReadOnlyList<StudySummary> summaries) => new
    {
        about.Command,
        about.Model,
        about.ModelHash,
        about.Versions,
        about.Date,
        seeds = about.Options.Seeds,
        folds = about.Options.Folds,
        about.Cells,
        tasks = summaries.Select(summary => new
        {
            task = summary.Task.Name,
            kind = summary.Task.Kind.ToString(),
            rows = summary.Task.Rows.Count,
            testRows = summary.Task.TestRows,
            hash = summary.Task.Hash,
            summary.Score,
            recommended = summary.Recommended?.Method.Name,
            reason = summary.Recommendation?.Reason,
            methods = summary.Methods.Select(method => new
            {
                method = method.Method.Name,
                value = method.Interval.Value,
                low = method.Interval.Low,
                high = method.Interval.High,
                also = method.Also.Count == 0 ? null : method.Also,
                trainRows = method.TrainRows,
                measuredRows = method.Rows,
                method.Splits,
                trainedParameters = method.Parameters,
                bytesPerTask = method.Bytes,
                method.TrainSeconds,
                predictSecondsPerRow = method.PredictSeconds,
                againstSimple = method.AgainstSimple is { } d ? new { difference = d.Difference, low = d.Low, high = d.High, p = d.P } : null,
                chosen = method.Notes.Length == 0 ? null : method.Notes,
                sizes = method.Sizes.Select(size => new { size = size.Size.ToString(), rows = size.Rows, value = size.Interval.Value, low = size.Interval.Low, high = size.Interval.High }),
            }),
            layers = summary.Layers.Count == 0 ? null : summary.Layers.Select(layer => new { layer = layer.Layer, value = layer.Interval.Value, low = layer.Interval.Low, high = layer.Interval.High }),
            missing = summary.Missing.Count == 0 ? null : summary.Missing,
            mistakes = summary.Recommended is { } chosen ? MistakeList.Find(summary.Task, chosen).Select(mistake => new { text = summary.Task.Rows[mistake.Row].Text, pair = summary.Task.Rows[mistake.Row].Pair, truth = mistake.Truth, answer = mistake.Answer }) : null,
        }),
    };
}
