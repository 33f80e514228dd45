using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>Words for people.</summary>
internal static class StudyTexts
{
    /// <summary>What a task predicts.</summary>
    public static string Kind(StudyTask task) => task.Kind switch
    {
        TaskKind.Classification when task.Pairs => $"pairs of texts, {task.Labels.Count} classes",
        TaskKind.Classification => $"one of {task.Labels.Count} classes",
        TaskKind.MultiLabel => $"any of {task.Labels.Count} labels",
        TaskKind.Regression => "a number",
        _ => $"spans of words of {task.Labels.Count / 2} kinds",
    };

    /// <summary>"0.4 s", "12 s", "3 min 5 s", "2 h 10 min".</summary>
    public static string Duration(double seconds) => seconds switch
    {
        < 0.001 => "under 1 ms",
        < 0.1 => $"{1000 * seconds:0.#} ms",
        < 10 => $"{seconds:0.0} s",
        < 120 => $"{seconds:0} s",
        < 7200 => $"{Math.Floor(seconds / 60):0} min {seconds % 60:0} s",
        _ => $"{Math.Floor(seconds / 3600):0} h {seconds % 3600 / 60:0} min",
    };

    /// <summary>"312 B", "1.5 MB".</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 1000 => $"{bytes} B",
        < 1_000_000 => $"{bytes / 1e3:0.#} kB",
        < 1_000_000_000 => $"{bytes / 1e6:0.#} MB",
        _ => $"{bytes / 1e9:0.##} GB",
    };

    /// <summary>"12", "4,620", "22.7 M".</summary>
    public static string Count(long count) => count < 1_000_000 ? $"{count:N0}" : $"{count / 1e6:0.#} M";
}
