using System.Globalization;

namespace Polymath.Study.Report;

/// <summary>From values to places along one side of a drawing.</summary>
internal sealed class Axis
{
    private readonly double _from, _to, _start, _end;
    private readonly bool _log;

    /// <summary>Maps [from, to] to [start, end]; logarithmic axes map positive values.</summary>
    public Axis(double from, double to, double start, double end, bool log = false)
    {
        (_log, _start, _end) = (log, start, end);
        (_from, _to) = log ? (Math.Log10(from), Math.Log10(to)) : (from, to);
        if (_to <= _from) (_from, _to) = (_from - 0.5, _to + 0.5);
    }

    /// <summary>The place of a value; values beyond the ends are put at the end.</summary>
    public double At(double value) => _start + (_end - _start) * Math.Clamp(((_log ? Math.Log10(Math.Max(value, 1e-12)) : value) - _from) / (_to - _from), 0, 1);

    /// <summary>Scores 0..1 as an axis of round percentages around what is shown.</summary>
    public static (Axis Axis, double[] Ticks) OfScores(IEnumerable<double> scores, double start, double end)
    {
        double[] all = [.. scores.Select(score => Math.Clamp(score, -0.5, 1))];
        double low = Math.Floor(all.Min() * 10 - 1e-9) / 10, high = Math.Min(1, Math.Ceiling(all.Max() * 10 + 1e-9) / 10);
        if (high - low < 0.2) low = high - 0.2;
        var step = high - low > 0.55 ? 0.2 : 0.1;
        var first = Math.Ceiling(low / step - 1e-9) * step;
        return (new Axis(low, high, start, end), [.. Enumerable.Range(0, 20).Select(i => first + i * step).TakeWhile(tick => tick <= high + 1e-9)]);
    }

    /// <summary>Powers of ten that enclose the values.</summary>
    public static (double From, double To, double[] Ticks) Decades(IEnumerable<double> values)
    {
        double[] all = [.. values];
        int from = (int)Math.Floor(Math.Log10(all.Min())), to = (int)Math.Ceiling(Math.Log10(all.Max()) + 1e-9);
        if (to == from) to++;
        var step = to - from > 6 ? 2 : 1;
        return (Math.Pow(10, from), Math.Pow(10, to), [.. Enumerable.Range(0, (to - from) / step + 1).Select(i => Math.Pow(10, from + i * step))]);
    }

    /// <summary>1000 → "1 k", 1e6 → "1 M".</summary>
    public static string Short(double value) => value switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:0.#} G"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:0.#} M"),
        >= 1e3 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:0.#} k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:0.#}"),
    };

    /// <summary>Moves places apart until neighbours are so far from one another, as little as may be, within bounds.</summary>
    public static double[] Spread(double[] places, double apart, double top, double bottom)
    {
        var order = Enumerable.Range(0, places.Length).OrderBy(i => places[i]).ToArray();
        var moved = (double[])places.Clone();
        for (var round = 0; round < 60; round++)
            for (var k = 0; k + 1 < order.Length; k++)
            {
                var gap = moved[order[k + 1]] - moved[order[k]];
                if (gap >= apart) continue;
                moved[order[k]] = Math.Max(top, moved[order[k]] - (apart - gap) / 2);
                moved[order[k + 1]] = Math.Min(bottom, moved[order[k + 1]] + (apart - gap) / 2);
            }
        return moved;
    }
}
