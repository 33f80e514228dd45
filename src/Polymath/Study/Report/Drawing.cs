using System.Xml.Linq;
using static Polymath.Study.Report.Html;

namespace Polymath.Study.Report;

/// <summary>Pieces that all drawings share.</summary>
internal static class Drawing
{
    /// <summary>The colour of a method by its place in the register.</summary>
    public static string Colour(int method) => $"var(--c{method % ReportStyle.Colours})";

    /// <summary>A drawing with its name and description for those who cannot see it.</summary>
    public static XElement Svg(string id, double width, double height, string title, string description, params object?[] content) =>
        E("svg", A("viewBox", $"0 0 {Number(width)} {Number(height)}"), A("role", "img"), A("aria-labelledby", $"{id}-t {id}-d"),
            E("title", A("id", $"{id}-t"), title), E("desc", A("id", $"{id}-d"), description), content);

    public static XElement Line(double x1, double y1, double x2, double y2, string classes) =>
        E("line", A("x1", x1), A("y1", y1), A("x2", x2), A("y2", y2), Class(classes));

    public static XElement Stroke(double x1, double y1, double x2, double y2, string colour, double width = 2) =>
        E("line", A("x1", x1), A("y1", y1), A("x2", x2), A("y2", y2), A("style", $"stroke:{colour};stroke-width:{Number(width)};stroke-linecap:round"));

    public static XElement Label(double x, double y, string text, string classes = "", string? style = null) =>
        E("text", A("x", x), A("y", y), classes.Length > 0 ? Class(classes) : null, style is null ? null : A("style", style), text);

    /// <summary>A line through points.</summary>
    public static XElement Path(IEnumerable<(double X, double Y)> points, string colour, string extra = "") =>
        E("path", A("d", "M" + string.Join("L", points.Select(p => $"{Number(p.X)} {Number(p.Y)}"))), A("style", $"fill:none;stroke:{colour};stroke-width:2;stroke-linejoin:round{extra}"));

    /// <summary>The band between two lines.</summary>
    public static XElement Band(IReadOnlyList<(double X, double Low, double High)> points, string colour) =>
        E("polygon", A("points", string.Join(' ', points.Select(p => $"{Number(p.X)},{Number(p.High)}").Concat(points.Reverse().Select(p => $"{Number(p.X)},{Number(p.Low)}")))),
            A("style", $"fill:{colour};opacity:.13"));

    /// <summary>A marker whose shape tells methods apart where colours do not.</summary>
    public static XElement Marker(int method, double x, double y, double size = 4)
    {
        var style = A("style", $"fill:{Colour(method)};stroke:var(--card);stroke-width:1");
        string Points(params (double X, double Y)[] corners) => string.Join(' ', corners.Select(c => $"{Number(x + size * c.X)},{Number(y + size * c.Y)}"));
        return (method % 4) switch
        {
            0 => E("rect", A("x", x - size), A("y", y - size), A("width", 2 * size), A("height", 2 * size), style),
            1 => E("polygon", A("points", Points((0, -1.25), (1.2, 0.9), (-1.2, 0.9))), style),
            2 => E("polygon", A("points", Points((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0))), style),
            _ => E("circle", A("cx", x), A("cy", y), A("r", size * 1.1), style),
        };
    }

    /// <summary>Grid lines and labels of a score axis.</summary>
    public static IEnumerable<XElement> ScoreGrid(Axis axis, double[] ticks, double left, double right)
    {
        foreach (var tick in ticks)
        {
            yield return Line(left, axis.At(tick), right, axis.At(tick), "grid");
            yield return Label(left - 6, axis.At(tick) + 3.5, $"{Math.Round(100 * tick):0}", "soft end");
        }
    }

    /// <summary>0.779 → "77.9".</summary>
    public static string Percent(double score) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{100 * score:0.0}").Replace('-', '−');
}
