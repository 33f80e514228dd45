using System.Xml.Linq;
using Polymath.Tagging;
using Polymath.Tasks;
using static Polymath.Study.Report.Html;

namespace Polymath.Study.Report;

/// <summary>Hits, false alarms and misses of each label, or of each kind of span.</summary>
internal static class LabelTable
{
    public static XElement Make(StudySummary summary, MethodSummary method)
    {
        var task = summary.Task;
        var spans = task.Kind == TaskKind.TokenClassification;
        var counts = new SortedDictionary<string, (int Hits, int False, int Missed)>(StringComparer.Ordinal);
        foreach (var (row, answer) in method.Answers)
        {
            var (truth, said) = (Items(task.Truth[row]), Items(answer));
            foreach (var (item, name) in truth.Concat(said).Distinct())
            {
                var (hits, alarms, missed) = counts.GetValueOrDefault(name);
                var (isTrue, isSaid) = (truth.Contains((item, name)), said.Contains((item, name)));
                counts[name] = (hits + (isTrue && isSaid ? 1 : 0), alarms + (isSaid && !isTrue ? 1 : 0), missed + (isTrue && !isSaid ? 1 : 0));
            }
        }
        string[] columns = [spans ? "span" : "label", "precision, %", "recall, %", "F1, %", "found", "false alarms", "missed"];
        return E("figure", E("figcaption", Class("above"), E("strong", $"How {method.Method.Title} does on each {columns[0]}"), $"{method.Answers.Count:N0} rows"),
            E("table", Class("scores"), A("role", "table"), E("thead", A("role", "rowgroup"), E("tr", A("role", "row"), columns.Select(column => E("th", A("scope", "col"), A("role", "columnheader"), column)))),
                E("tbody", A("role", "rowgroup"), counts.Select(pair =>
                {
                    double hits = pair.Value.Hits, said = hits + pair.Value.False, wanted = hits + pair.Value.Missed;
                    string[] cells = [Share(hits, said), Share(hits, wanted), Share(2 * hits, said + wanted), $"{pair.Value.Hits}", $"{pair.Value.False}", $"{pair.Value.Missed}"];
                    return E("tr", A("role", "row"), E("th", A("scope", "row"), A("role", "rowheader"), pair.Key), cells.Select((cell, at) => E("td", A("role", "cell"), A("data-label", columns[at + 1]), cell)));
                }))));

        HashSet<(string Item, string Name)> Items(RowAnswer answer) => spans
            ? [.. WordSpan.Of(StudyScore.Tags(task, answer)).Select(span => ($"{span.First}-{span.End}", span.Kind))] : [.. answer.Ids.Select(label => ("", task.Labels[label]))];
    }

    private static string Share(double part, double whole) => whole == 0 ? "–" : Drawing.Percent(part / whole);
}
