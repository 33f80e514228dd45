using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>
/// The main score of a kind of task, higher is better, 1 is perfect. It is a function of sums over rows, so that one bootstrap serves every
/// kind: a resample adds the tallies of the rows that were drawn.
/// </summary>
internal abstract class StudyScore
{
    /// <summary>Its name, such as "accuracy".</summary>
    public abstract string Name { get; }

    /// <summary>What one row adds to the sums.</summary>
    public abstract double[] Tally(RowAnswer truth, RowAnswer answer);

    /// <summary>The score of sums of tallies.</summary>
    public abstract double Value(ReadOnlySpan<double> sums);

    /// <summary>The score that a task is measured by.</summary>
    public static StudyScore For(StudyTask task) => task.Kind switch
    {
        TaskKind.Classification => new AccuracyScore(),
        TaskKind.MultiLabel => new LabelF1Score(),
        TaskKind.Regression => new ExplainedScore(),
        _ => new SpanF1Score(task.Labels),
    };
}

/// <summary>The share of rows with the right class.</summary>
internal sealed class AccuracyScore : StudyScore
{
    public override string Name => "accuracy";
    public override double[] Tally(RowAnswer truth, RowAnswer answer) => [truth.Ids[0] == answer.Ids[0] ? 1 : 0, 1];
    public override double Value(ReadOnlySpan<double> sums) => sums[1] == 0 ? 0 : sums[0] / sums[1];
}

/// <summary>F1 from sums of hits, false alarms and misses.</summary>
internal abstract class F1Score : StudyScore
{
    public override double Value(ReadOnlySpan<double> sums) => sums[0] == 0 ? 0 : 2 * sums[0] / (2 * sums[0] + sums[1] + sums[2]);

    protected static double[] Tally<T>(IReadOnlySet<T> truth, IReadOnlySet<T> answer)
    {
        double hits = answer.Count(truth.Contains);
        return [hits, answer.Count - hits, truth.Count - hits];
    }
}

/// <summary>Micro-averaged F1 over all pairs of row and label.</summary>
internal sealed class LabelF1Score : F1Score
{
    public override string Name => "micro-F1";
    public override double[] Tally(RowAnswer truth, RowAnswer answer) => Tally(truth.Ids.ToHashSet(), answer.Ids.ToHashSet());
}

/// <summary>F1 over spans: a span counts where its kind, its first and its last word are right (CoNLL-2000; tags as B-X, I-X, O).</summary>
internal sealed class SpanF1Score(IReadOnlyList<string> tags) : F1Score
{
    public override string Name => "span F1";
    public override double[] Tally(RowAnswer truth, RowAnswer answer) => Tally(Spans(truth.Ids), Spans(answer.Ids));

    /// <summary>The spans of a row; an I-X that continues nothing begins a span.</summary>
    public HashSet<(string Kind, int First, int Last)> Spans(int[] ids)
    {
        var spans = new HashSet<(string, int, int)>();
        var (kind, first) = ("", 0);
        for (var w = 0; w <= ids.Length; w++)
        {
            var tag = w < ids.Length ? tags[ids[w]] : "O";
            var name = tag.Length > 2 && tag[1] == '-' ? tag[2..] : "";
            if (kind.Length > 0 && tag == $"I-{kind}") continue;
            if (kind.Length > 0) spans.Add((kind, first, w - 1));
            (kind, first) = (name, w);
        }
        return spans;
    }
}

/// <summary>The share of the values' variance that is explained: R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; 0 for the mean of all rows, below 0 for worse.</summary>
internal sealed class ExplainedScore : StudyScore
{
    public override string Name => "R²";

    public override double[] Tally(RowAnswer truth, RowAnswer answer)
    {
        double y = truth.Numbers[0], error = y - answer.Numbers[0];
        return [error * error, y, y * y, 1];
    }

    public override double Value(ReadOnlySpan<double> sums)
    {
        var spread = sums[3] == 0 ? 0 : sums[2] - sums[1] * sums[1] / sums[3];
        return spread <= 0 ? 0 : 1 - sums[0] / spread;
    }
}
