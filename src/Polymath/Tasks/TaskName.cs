namespace Polymath.Tasks;

/// <summary>Names of tasks are names of folders, on every operating system.</summary>
internal static class TaskName
{
    public const string Rule = "expected ASCII letters, digits, '-', '_' or '.', at most 100, not beginning or ending with '.', and no name that Windows keeps for itself (CON, NUL, COM1, …)";

    private static readonly string[] _reserved = ["CON", "PRN", "AUX", "NUL"];

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= 100 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && name[0] != '.' && name[^1] != '.' && !IsReserved(name.Split('.')[0]);

    /// <exception cref="PolymathException">The name breaks the rule.</exception>
    public static void Check(string name)
    {
        if (!IsValid(name)) throw new PolymathException($"task name '{OneLine.Short(name)}': {Rule}");
    }

    private static bool IsReserved(string stem) =>
        _reserved.Contains(stem, StringComparer.OrdinalIgnoreCase)
        || (stem.Length == 4 && stem[..3].ToUpperInvariant() is "COM" or "LPT" && char.IsAsciiDigit(stem[3]));
}
