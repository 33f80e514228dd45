using System.Diagnostics;
using Polymath.Features;

namespace Polymath.Study;

/// <summary>How fast this machine is: what estimates and stated times are made of.</summary>
public sealed record StudySpeed
{
    private const int Sample = 48;

    /// <summary>Seconds that one row's pass through the backbone takes, by task; 0 where there is no backbone.</summary>
    public IReadOnlyDictionary<string, double> FeatureSeconds { get; init; } = new Dictionary<string, double>();

    /// <summary>How much slower than the machine of the cost models; above 1 is slower.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Seconds for a row of a task.</summary>
    public double SecondsPerRow(StudyTask task) => FeatureSeconds.GetValueOrDefault(task.Name);

    /// <summary>Sends some rows of each task through the backbone, past the store, and times a fixed piece of arithmetic.</summary>
    public static StudySpeed Measure(IReadOnlyList<StudyTask> tasks, Backbone? backbone, CancellationToken cancellation = default)
    {
        var seconds = new Dictionary<string, double>();
        foreach (var task in backbone is null ? [] : tasks)
        {
            var step = Math.Max(1, task.Rows.Count / Sample);
            var rows = Enumerable.Range(0, Math.Min(Sample, task.Rows.Count)).Select(at => task.Rows[at * step]).ToArray();
            var extractor = new FeatureExtractor(backbone!, new FeatureOptions { Poolings = [backbone!.Sentence.Pooling] });
            if (seconds.Count == 0) Run(extractor, rows[..Math.Min(8, rows.Length)], cancellation); // the first pass of a network is slow
            var start = Stopwatch.GetTimestamp();
            Run(extractor, rows, cancellation);
            seconds[task.Name] = Stopwatch.GetElapsedTime(start).TotalSeconds / rows.Length;
        }
        return new StudySpeed { FeatureSeconds = seconds, Factor = MeasureFactor() };
    }

    private static void Run(FeatureExtractor extractor, Polymath.Tasks.Row[] rows, CancellationToken cancellation)
    {
        foreach (var _ in extractor.Extract(rows, cancellation: cancellation)) { }
    }

    /// <summary>Time of a small piece of arithmetic over the time it took where the cost models were fitted; the mean of many, so that a busy machine shows.</summary>
    private static double MeasureFactor()
    {
        const double reference = 0.0006;
        const int rounds = 40;
        var values = new double[1 << 16];
        Round(values);
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds; round++) Round(values);
        return Math.Clamp(Stopwatch.GetElapsedTime(start).TotalSeconds / rounds / reference, 0.2, 20);
    }

    private static void Round(double[] values)
    {
        for (var pass = 1; pass <= 12; pass++)
            for (var i = 0; i < values.Length; i++) values[i] = values[i] * 0.999 + pass * 1e-3;
    }
}
