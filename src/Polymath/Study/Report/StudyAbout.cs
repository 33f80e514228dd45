namespace Polymath.Study.Report;

/// <summary>How a study was made, for its report.</summary>
public sealed record StudyAbout
{
    /// <summary>The command line that makes it again.</summary>
    public required string Command { get; init; }

    /// <summary>The backbone's name, or null where there was none.</summary>
    public string? Model { get; init; }

    /// <summary>The backbone's hash.</summary>
    public string? ModelHash { get; init; }

    /// <summary>Layers and width of the backbone, its limit of tokens and number format, in words.</summary>
    public string? ModelFacts { get; init; }

    /// <summary>What was covered.</summary>
    public required StudyOptions Options { get; init; }

    /// <summary>Cells of the plan.</summary>
    public int Cells { get; init; }

    /// <summary>Versions of the program and of what it runs on.</summary>
    public string Versions { get; init; } = "";

    /// <summary>When it was finished.</summary>
    public DateTimeOffset Date { get; init; }
}
