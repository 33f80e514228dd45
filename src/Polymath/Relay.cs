namespace Polymath;

/// <summary>Passes progress on at once, on the reporting thread.</summary>
internal sealed class Relay<T>(Action<T> report) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => report(value);
}
