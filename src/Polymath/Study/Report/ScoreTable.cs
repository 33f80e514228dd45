using System.Globalization;
using System.Xml.Linq;
using Polymath.Evaluation;
using static Polymath.Study.Report.Drawing;
using static Polymath.Study.Report.Html;

namespace Polymath.Study.Report;

/// <summary>The table of a task. On a narrow screen each row becomes a card, so the roles that this takes away are written out.</summary>
internal static class ScoreTable
{
    public static XElement Make(StudySummary summary, Func<IStudyMethod, int> place)
    {
        string[] columns = ["Method", summary.Score, $"against {Simple(summary) ?? "the best simple method"}, points", "trained numbers", "bytes per task", "training", "prediction, a row", "measured on"];
        return E("table", Class("scores"), A("role", "table"),
            E("caption", "Every method at the largest training size it ran at, with 95 % intervals below. Times include the backbone's pass over the rows where a method needs one; features that methods share are counted at their measured time."),
            E("thead", A("role", "rowgroup"), E("tr", A("role", "row"), columns.Select(column => E("th", A("scope", "col"), A("role", "columnheader"), column)))),
            E("tbody", A("role", "rowgroup"), summary.Methods.Select((method, at) => Row(summary, method, at, columns, place))));
    }

    /// <summary>The name of the best method that needs no backbone.</summary>
    public static string? Simple(StudySummary summary) => summary.Methods.Where(method => !method.Method.NeedsBackbone).MaxBy(method => method.Interval.Value)?.Method.Title;

    private static XElement Row(StudySummary summary, MethodSummary method, int at, string[] columns, Func<IStudyMethod, int> place)
    {
        var recommended = summary.Recommendation?.Method == at;
        XElement Cell(int column, string text, params string[] below) => E("td", A("role", "cell"), A("data-label", columns[column]), text.Length == 0 ? Class("none") : null,
            below.Length == 0 ? text : E("span", text, below.Select(line => E("span", Class("sub"), line))));
        return E("tr", A("role", "row"), recommended ? Class("best") : null,
            E("th", A("scope", "row"), A("role", "rowheader"), E("span", Class("dot"), A("style", $"background:{Colour(place(method.Method))}")), method.Method.Title,
                recommended ? E("span", Class("badge"), "recommended") : null, method.Notes.Length > 0 ? E("span", Class("sub"), method.Notes) : null),
            Cell(1, Percent(method.Interval.Value), [$"{Percent(method.Interval.Low)} to {Percent(method.Interval.High)}", .. method.Also.Select(also => $"{also.Key} {Also(also)}")]),
            method.AgainstSimple is { } difference ? Cell(2, Signed(difference.Difference), $"{Signed(difference.Low)} to {Signed(difference.High)}") : Cell(2, ""),
            Cell(3, StudyTexts.Count(method.Parameters)), Cell(4, StudyTexts.Size(method.Bytes)), Cell(5, StudyTexts.Duration(method.TrainSeconds)), Cell(6, StudyTexts.Duration(method.PredictSeconds)),
            Cell(7, $"{method.Rows:N0} rows", method.Splits, $"learned from {method.TrainRows:N0}"));
    }

    private static string Also(KeyValuePair<string, double> also) => also.Key == "mean error" ? also.Value.ToString("0.00", CultureInfo.InvariantCulture) : Percent(also.Value);

    private static string Signed(double difference) => (100 * difference).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);
}
