namespace Polymath.Cli.Starter;

/// <summary>The labelled texts that come with the command, so that a task can be trained before any data is at hand.</summary>
internal static class StarterTask
{
    /// <summary>Opens starter.csv (UTF-8, header <c>text,label</c>), which is carried inside this assembly; the caller disposes the stream.</summary>
    public static Stream Open() =>
        typeof(StarterTask).Assembly.GetManifestResourceStream("starter.csv")
        ?? throw new InvalidOperationException("starter.csv is not embedded in the assembly of the command.");
}
