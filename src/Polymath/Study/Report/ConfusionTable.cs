using System.Globalization;
using System.Xml.Linq;
using static Polymath.Study.Report.Html;

namespace Polymath.Study.Report;

/// <summary>Which classes a method takes for which: a heat map that is a table, so that its counts can be read aloud. With many classes, only the commonest confusions.</summary>
internal static class ConfusionTable
{
    private const int MostClasses = 24, Listed = 20;
    private static readonly string[] Columns = ["true class", "answer", "rows"];

    public static XElement Make(StudySummary summary, MethodSummary method, string id)
    {
        var (task, names) = (summary.Task, summary.Task.Labels);
        var counts = new int[names.Count, names.Count];
        foreach (var (row, answer) in method.Answers) counts[task.Truth[row].Ids[0], answer.Ids[0]]++;
        var caption = E("figcaption", Class("above"), E("strong", $"What {method.Method.Title} takes for what"),
            $"{method.Answers.Count:N0} rows; each row of the table is a true class, each column an answer. Blue is right, orange wrong; deeper is a larger share of the true class.");
        return E("figure", caption, E("div", Class("wide"), A("tabindex", "0"), A("role", "region"), A("aria-label", $"confusion matrix of {task.Name}"), names.Count <= MostClasses ? Matrix(names, counts, id) : Pairs(names, counts)));
    }

    private static XElement Matrix(IReadOnlyList<string> names, int[,] counts, string id) => E("table", Class("heat"), A("id", $"{id}-confusion"),
        E("thead", E("tr", E("th", Class("corner"), A("scope", "col"), "true ↓  answer →"), names.Select(name => E("th", A("scope", "col"), Short(name))))),
        E("tbody", names.Select((name, truth) =>
        {
            var total = Math.Max(1, Enumerable.Range(0, names.Count).Sum(answer => counts[truth, answer]));
            return E("tr", E("th", A("scope", "row"), Short(name)), names.Select((other, answer) =>
            {
                var share = (double)counts[truth, answer] / total;
                return counts[truth, answer] == 0 ? E("td", Class("zero"), "0") : E("td", share > 0.55 ? Class("deep") : null, A("title", $"true {name}, answered {other}: {counts[truth, answer]} of {total}"),
                    A("style", string.Create(CultureInfo.InvariantCulture, $"background:rgba(var(--{(truth == answer ? "hit" : "miss")}),{0.12 + 0.8 * share:0.00})")), $"{counts[truth, answer]}");
            }));
        })));

    private static XElement Pairs(IReadOnlyList<string> names, int[,] counts)
    {
        var pairs = Enumerable.Range(0, names.Count).SelectMany(truth => Enumerable.Range(0, names.Count).Where(answer => answer != truth && counts[truth, answer] > 0).Select(answer => (truth, answer)))
            .OrderByDescending(pair => counts[pair.truth, pair.answer]).Take(Listed);
        return E("table", Class("scores"), E("caption", $"The {Listed} commonest confusions of {names.Count} classes"),
            E("thead", E("tr", Columns.Select(column => E("th", A("scope", "col"), column)))),
            E("tbody", pairs.Select(pair => E("tr", E("th", A("scope", "row"), names[pair.truth]), E("td", A("data-label", "answer"), names[pair.answer]), E("td", A("data-label", "rows"), $"{counts[pair.truth, pair.answer]}")))));
    }

    private static string Short(string name) => name.Length > 22 ? name[..21] + "…" : name;
}
