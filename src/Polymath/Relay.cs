namespace Polymath;

/// <summary>Passes progress on at once, on the reporting thread.</summary>
internal sealed class Relay(Action<double> report) : IProgress<double>
{
    /// <inheritdoc/>
    public void Report(double value) => report(value);
}
