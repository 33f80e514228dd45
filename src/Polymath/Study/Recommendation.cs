using System.Globalization;
using Polymath.Evaluation;

namespace Polymath.Study;

/// <summary>The method that a task is best learned with, and why.</summary>
/// <param name="Method">Its place among the task's methods.</param>
/// <param name="Best">The place of the method with the best score.</param>
/// <param name="Reason">The reason, in a sentence.</param>
public sealed record Recommendation(int Method, int Best, string Reason)
{
    /// <summary>
    /// The rule: of all methods the simplest that no other is shown to beat. "Shown" means that the 95 % interval of the paired difference to
    /// the best method, on the rows that both were measured on, lies above zero. Methods stand in order of simplicity; those that
    /// learned from fewer rows than others take no part.
    /// </summary>
    public static Recommendation? Of(IReadOnlyList<MethodSummary> methods)
    {
        MethodSummary[] compared = [.. methods.Where(method => method.AtLargest)];
        if (compared.Length == 0) return null;
        var best = 0;
        for (var m = 1; m < compared.Length; m++)
            if (compared[m].Measured.Against(compared[best].Measured) is { Difference: > 0 }) best = m;
        var chosen = 0;
        while (chosen != best && compared[best].Measured.Against(compared[chosen].Measured) is not { Low: <= 0 }) chosen++;
        var places = methods.ToList();
        return new Recommendation(places.IndexOf(compared[chosen]), places.IndexOf(compared[best]), Explain(compared, chosen, best));
    }

    private static string Explain(IReadOnlyList<MethodSummary> methods, int chosen, int best)
    {
        var method = methods[chosen];
        if (methods.Count == 1) return $"{method.Method.Title}: the only method that ran";
        if (chosen == best)
        {
            if (method.AgainstSimple is { } lead) return $"{method.Method.Title}: {Points(lead.Difference)} over {Simple(methods, chosen)} ({Range(lead)}), and nothing simpler comes within chance of it";
            var second = methods.Where(other => other != method).MaxBy(other => other.Interval.Value)!;
            var ahead = method.Measured.Against(second.Measured);
            return $"{method.Method.Title}: no method does better; {second.Method.Title} is {Points(-ahead!.Difference)} ({Range(ahead, -1)}) from it";
        }
        var behind = methods[best].Measured.Against(method.Measured)!;
        var over = method.AgainstSimple is { } gain ? $"{Points(gain.Difference)} over {Simple(methods, chosen)} ({Range(gain)}), and " : "";
        var cost = Share(method.TrainSeconds, methods[best].TrainSeconds);
        return $"{method.Method.Title}: {over}{Points(behind.Difference)} from the best, {methods[best].Method.Title} ({Range(behind)}: within chance on {Math.Min(method.Rows, methods[best].Rows):N0} rows){cost}";
    }

    private static string Simple(IReadOnlyList<MethodSummary> methods, int chosen) =>
        methods.Where(other => !other.Method.NeedsBackbone && other != methods[chosen]).MaxBy(other => other.Interval.Value)!.Method.Title;

    /// <summary>0.041 → "4.1 points".</summary>
    internal static string Points(double difference) => string.Create(CultureInfo.InvariantCulture, $"{100 * difference:0.0} points").Replace('-', '−');

    private static string Range(PairedComparison difference, int sign = 1)
    {
        var (low, high) = sign > 0 ? (difference.Low, difference.High) : (-difference.High, -difference.Low);
        return string.Create(CultureInfo.InvariantCulture, $"{100 * low:0.0} to {100 * high:0.0}").Replace('-', '−');
    }

    private static string Share(double seconds, double of)
    {
        var times = seconds <= 0 ? double.PositiveInfinity : of / seconds;
        return times > 1000 ? ", in next to none of its training time" : times >= 1.5 ? $", at 1/{Math.Round(times):0} of its training time" : "";
    }
}
