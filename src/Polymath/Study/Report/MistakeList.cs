using System.Xml.Linq;
using Polymath.Tagging;
using Polymath.Tasks;
using static Polymath.Study.Report.Html;

namespace Polymath.Study.Report;

/// <summary>The mistakes that a method was surest of: where labels are wrong, classes overlap, or something is not understood.</summary>
internal static class MistakeList
{
    private const int Shown = 6, Longest = 600;

    /// <summary>The mistakes, the surest first.</summary>
    public static IReadOnlyList<Mistake> Find(StudyTask task, MethodSummary method, int most = Shown) =>
        [.. method.Answers.Select(pair => Of(task, pair.Key, task.Truth[pair.Key], pair.Value)).OfType<Mistake>().OrderByDescending(mistake => mistake.Certainty).ThenBy(mistake => mistake.Row).Take(most)];

    public static XElement? Make(StudyTask task, MethodSummary method)
    {
        var mistakes = Find(task, method);
        if (mistakes.Count == 0) return null;
        return E("div", Class("reading"), E("h3", task.Kind switch { TaskKind.Regression => "The values furthest off", TaskKind.Classification => "The most confident mistakes", _ => "The worst mistakes" }),
            E("p", Class("soft small"), task.Kind == TaskKind.Classification ? $"Rows that {method.Method.Title} got wrong although it was sure. Read them: some are labels worth a second look."
                : $"Rows on which {method.Method.Title} is furthest from what they are labelled with. Read them: some are labels worth a second look."),
            E("ol", Class("mistakes"), mistakes.Select(mistake => E("li", E("q", Cut(task.Rows[mistake.Row].Text)), task.Rows[mistake.Row].Pair is { } pair ? E("q", Cut(pair)) : null,
                E("dl", E("dt", "true"), E("dd", mistake.Truth), E("dt", "answer"), E("dd", mistake.Answer))))));
    }

    private static Mistake? Of(StudyTask task, int row, RowAnswer truth, RowAnswer answer)
    {
        switch (task.Kind)
        {
            case TaskKind.Classification:
                if (truth.Ids[0] == answer.Ids[0]) return null;
                var probability = answer.Numbers.Length > 0 ? answer.Numbers[0] : double.NaN;
                return new(row, task.Labels[truth.Ids[0]], task.Labels[answer.Ids[0]] + (double.IsNaN(probability) ? "" : $", {Drawing.Percent(probability)} %"), double.IsNaN(probability) ? 0 : probability);
            case TaskKind.Regression:
                return new(row, Value(truth.Numbers[0]), Value(answer.Numbers[0]), Math.Abs(truth.Numbers[0] - answer.Numbers[0]));
            case TaskKind.MultiLabel:
                var wrong = truth.Ids.Except(answer.Ids).Count() + answer.Ids.Except(truth.Ids).Count();
                if (wrong == 0) return null;
                var sure = answer.Numbers.Length == task.Labels.Count ? Enumerable.Range(0, task.Labels.Count).Sum(label => Math.Abs(answer.Numbers[label] - (truth.Ids.Contains(label) ? 1 : 0))) : wrong;
                return new(row, Names(task, truth.Ids), Names(task, answer.Ids), sure);
            default:
                var (wanted, said) = (WordSpan.Of(StudyScore.Tags(task, truth)), WordSpan.Of(StudyScore.Tags(task, answer)));
                var off = wanted.Except(said).Count() + said.Except(wanted).Count();
                return off == 0 ? null : new(row, Spans(task.Sentences[row], wanted), Spans(task.Sentences[row], said), off);
        }
    }

    private static string Names(StudyTask task, int[] ids) => ids.Length == 0 ? "none" : string.Join(", ", ids.Select(id => task.Labels[id]));

    private static string Value(float value) => value.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture).Replace('-', '−');

    private static string Spans(TaggedSentence sentence, IReadOnlyList<WordSpan> spans) =>
        spans.Count == 0 ? "no span" : string.Join("; ", spans.Select(span => $"{span.Kind} “{sentence.Text[sentence.Words[span.First].Start..sentence.Words[span.End - 1].End]}”"));

    private static string Cut(string text) => text.Length > Longest ? text[..Longest] + "…" : text;
}
