using System.Xml.Linq;
using Polymath.Evaluation;
using static Polymath.Study.Report.Drawing;
using static Polymath.Study.Report.Html;

namespace Polymath.Study.Report;

/// <summary>The drawings of a task. They are 360 units wide, so that their letters stay readable on a phone.</summary>
internal sealed class Plots(StudySummary summary, string id, Func<IStudyMethod, int> place)
{
    private const double Width = 360, Left = 34, Top = 12, Bottom = 214, Right = 270, LetterWidth = 6.2;

    /// <summary>Every method's score and interval, one below the other.</summary>
    public XElement Strip()
    {
        const double left = 92, right = 306;
        const int line = 21;
        var all = summary.Methods.SelectMany(method => new[] { method.Interval.Low, method.Interval.High });
        var (axis, ticks) = Axis.OfScores(all, left, right);
        double bottom = line * summary.Methods.Count + 4;
        var shown = summary.Methods.Select((method, at) =>
        {
            var (y, m) = (at * line + 12.0, place(method.Method));
            var strong = summary.Recommendation?.Method == at ? "font-weight:650" : null;
            return new object[]
            {
                Label(0, y + 3.5, method.Method.Title, "", strong), Stroke(axis.At(method.Interval.Low), y, axis.At(method.Interval.High), y, Colour(m), 2.5),
                Marker(m, axis.At(method.Interval.Value), y), Label(Width, y + 3.5, Percent(method.Interval.Value), "end", strong),
            };
        });
        return Svg($"{id}-strip", Width, bottom + 26, $"{summary.Score} of each method on {summary.Task.Name}", Describe(),
            ticks.Select(tick => new XElement?[] { Line(axis.At(tick), 0, axis.At(tick), bottom, "grid"), axis.At(tick) < Width - LetterWidth * summary.Score.Length - 10 ? Label(axis.At(tick), bottom + 13, $"{Math.Round(100 * tick):0}", "soft middle") : null }),
            Label(Width, bottom + 13, summary.Score, "soft end"), shown);
    }

    /// <summary>Score against training rows; null where only one size ran.</summary>
    public XElement? AgainstSize()
    {
        var methods = summary.Methods.Where(method => method.Sizes.Count > 0).ToArray();
        var rows = methods.SelectMany(method => method.Sizes).Select(size => size.Rows).Distinct().Order().ToArray();
        if (rows.Length < 2) return null;
        var (y, ticks) = Axis.OfScores(methods.SelectMany(method => method.Sizes.SelectMany(size => new[] { size.Interval.Low, size.Interval.High })), Bottom, Top);
        var x = new Axis(rows[0], rows[^1], Left + 18, Right - 6, log: true);
        var named = methods.SelectMany(method => method.Sizes).GroupBy(size => size.Size).Select(size => (Name: size.Key.PerClass > 0 ? $"{size.Key} a class" : size.Key.ToString(), Rows: size.Average(point => point.Rows))).OrderBy(size => size.Rows).ToArray();
        var spread = Axis.Spread([.. methods.Select(method => y.At(method.Sizes[^1].Interval.Value))], 13, Top, Bottom);
        return Svg($"{id}-size", Width, 258, $"{summary.Score} against training size on {summary.Task.Name}",
            string.Join("; ", methods.Select(method => $"{method.Method.Title}: {string.Join(", ", method.Sizes.Select(size => $"{Percent(size.Interval.Value)} % with {size.Rows:0} rows"))}")),
            ScoreGrid(y, ticks, Left, Right), SizeTicks(x, named), Label(Left, 256, "training rows (log scale)", "soft"),
            methods.Where(method => method.Sizes.Count > 1).Select(method => Band([.. method.Sizes.Select(size => (x.At(size.Rows), y.At(size.Interval.Low), y.At(size.Interval.High)))], Colour(place(method.Method)))),
            methods.Select(method => method.Sizes.Count < 2 ? null : Path(method.Sizes.Select(size => (x.At(size.Rows), y.At(size.Interval.Value))), Colour(place(method.Method)), Dash(place(method.Method)))),
            methods.SelectMany(method => method.Sizes.Select(size => Marker(place(method.Method), x.At(size.Rows), y.At(size.Interval.Value), 3.5))),
            methods.Select((method, at) => Label(Right + 5, spread[at] + 3.5, method.Method.Title, "", $"fill:{Colour(place(method.Method))};font-weight:600")));
    }

    /// <summary>Score against trained numbers, on a logarithmic axis.</summary>
    public XElement AgainstParameters()
    {
        var methods = summary.Methods;
        double Count(MethodSummary method) => Math.Max(1, method.Parameters);
        var (from, to, ticks) = Axis.Decades(methods.Select(Count));
        var x = new Axis(from, to, Left + 8, Width - 14, log: true);
        var (y, scores) = Axis.OfScores(methods.SelectMany(method => new[] { method.Interval.Low, method.Interval.High }), Bottom, Top);
        var spread = Axis.Spread([.. methods.Select(method => y.At(method.Interval.Value))], 13, Top, Bottom);
        return Svg($"{id}-parameters", Width, 250, $"{summary.Score} against trained numbers on {summary.Task.Name}",
            string.Join("; ", methods.Select(method => $"{method.Method.Title}: {Percent(method.Interval.Value)} % with {method.Parameters:N0} trained numbers")),
            ScoreGrid(y, scores, Left, Width - 6), ticks.Select(tick => Label(x.At(tick), Bottom + 15, Axis.Short(tick), "soft middle")), Label(Left, 248, "trained numbers (log scale)", "soft"),
            methods.Select((method, at) =>
            {
                var (px, py, colour) = (x.At(Count(method)), y.At(method.Interval.Value), Colour(place(method.Method)));
                var length = LetterWidth * method.Method.Title.Length;
                var left = px + 9 + length > Width || (!Free(px + 5, px + 9 + length, spread[at], method) && Free(px - 9 - length, px - 5, spread[at], method));
                return new object[]
                {
                    Stroke(px, y.At(method.Interval.Low), px, y.At(method.Interval.High), colour, 1.5), Marker(place(method.Method), px, py, 4.5),
                    Label(left ? px - 9 : px + 9, spread[at] + 3.5, method.Method.Title, left ? "end" : "", $"fill:{colour};font-weight:600"),
                };
            }));

        // Whether a label fits in the drawing and covers no other method's interval.
        bool Free(double from, double to, double middle, MethodSummary own) => from >= Left && to <= Width && methods.All(other => other == own
            || x.At(Count(other)) < from - 5 || x.At(Count(other)) > to + 5 || y.At(other.Interval.Low) < middle - 8 || y.At(other.Interval.High) > middle + 8);
    }

    /// <summary>Score of a probe of each layer; null where none ran.</summary>
    public XElement? AgainstLayer()
    {
        var layers = summary.Layers;
        if (layers.Count < 2) return null;
        var x = new Axis(layers[0].Layer, layers[^1].Layer, Left + 12, Width - 14);
        var (y, ticks) = Axis.OfScores(layers.SelectMany(layer => new[] { layer.Interval.Low, layer.Interval.High }), Bottom, Top);
        var best = layers.MaxBy(layer => layer.Interval.Value)!;
        var features = summary.Methods.Select(method => method.Method).OfType<Methods.FeaturesMethod>().FirstOrDefault();
        var marker = features is null ? 0 : place(features);
        var colour = Colour(marker);
        var every = Math.Max(1, (int)Math.Ceiling(layers.Count / 13.0));
        return Svg($"{id}-layer", Width, 250, $"{summary.Score} of a probe of every layer on {summary.Task.Name}", string.Join("; ", layers.Select(layer => $"layer {layer.Layer}: {Percent(layer.Interval.Value)} %")),
            ScoreGrid(y, ticks, Left, Width - 6),
            layers.Where(layer => layer.Layer % every == 0).Select(layer => Label(x.At(layer.Layer), Bottom + 15, $"{layer.Layer}", "soft middle")), Label(Left, 248, "layer (0: the embeddings, before any attention)", "soft"),
            Band([.. layers.Select(layer => (x.At(layer.Layer), y.At(layer.Interval.Low), y.At(layer.Interval.High)))], colour), Path(layers.Select(layer => (x.At(layer.Layer), y.At(layer.Interval.Value))), colour),
            layers.Select(layer => Marker(marker, x.At(layer.Layer), y.At(layer.Interval.Value), layer == best ? 5 : 3)),
            Label(Math.Clamp(x.At(best.Layer), Left + 40, Width - 50), Math.Max(Top + 2, y.At(best.Interval.Value) - 9), $"best: {Percent(best.Interval.Value)}", "middle", "font-weight:600"));
    }

    /// <summary>Predicted against true values.</summary>
    public XElement Values(MethodSummary method)
    {
        (double True, double Said)[] points = [.. method.Answers.Select(pair => ((double)summary.Task.Truth[pair.Key].Numbers[0], (double)pair.Value.Numbers[0]))];
        double from = points.Min(point => point.True), to = points.Max(point => point.True), room = 0.06 * Math.Max(1e-9, to - from);
        Axis x = new(from - room, to + room, Left, 300), y = new(from - room, to + room, 260, Top);
        double[] ticks = [.. Enumerable.Range(0, 5).Select(i => from + i * (to - from) / 4)];
        var size = Math.Clamp(60.0 / Math.Sqrt(points.Length), 1.6, 4);
        return Svg($"{id}-values", Width, 296, $"Predicted against true values on {summary.Task.Name}", $"{points.Length} rows by {method.Method.Title}; points on the diagonal are right",
            ticks.Select(tick => new[] { Line(Left, y.At(tick), 300, y.At(tick), "grid"), Label(Left - 6, y.At(tick) + 3.5, Axis.Short(tick), "soft end"), Label(x.At(tick), 275, Axis.Short(tick), "soft middle") }),
            Line(x.At(from), y.At(from), x.At(to), y.At(to), "axis"), Label(Left, 293, "true value; up: predicted value", "soft"),
            points.Select(point => E("circle", A("cx", x.At(point.True)), A("cy", y.At(point.Said)), A("r", size), A("style", $"fill:{Colour(place(method.Method))};opacity:.45"))));
    }

    private static IEnumerable<XElement> SizeTicks(Axis x, (string Name, double Rows)[] sizes)
    {
        var last = x.At(sizes[^1].Rows);
        var free = double.NegativeInfinity;
        foreach (var (name, rows) in sizes)
        {
            var at = x.At(rows);
            if (at < free || (at != last && at > last - 34)) continue;
            free = at + 46;
            yield return Label(at, Bottom + 14, $"{rows:0}", "soft middle");
            yield return Label(at, Bottom + 26, name, "soft middle", "font-size:9.5px");
        }
    }

    private static string Dash(int method) => method == 0 ? ";stroke-dasharray:4 4" : "";

    private string Describe() => string.Join("; ", summary.Methods.Select(method => $"{method.Method.Title}: {Interval(method.Interval)}"));

    /// <summary>"77.9 % (72.5 to 82.9)".</summary>
    public static string Interval(ConfidenceInterval interval) => $"{Percent(interval.Value)} % ({Percent(interval.Low)} to {Percent(interval.High)})";
}
