using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Polymath.Study;
using Polymath.Study.Report;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>The page is well-formed whatever the texts hold, and asks for nothing from outside.</summary>
public partial class StudyReportTests
{
    private static readonly StudyAbout About = new() { Command = "polymath study --data \"<a> & b.csv\"", Model = "tiny</title>", ModelHash = "00ff", Options = new StudyOptions() };

    private static string Page(params StudyTask[] tasks)
    {
        using var folder = new TemporaryFolder();
        FakeMethod[] methods = [new("words", 0.6) { Answers = Answers }, new("layers & <b>", 0.8, estimate: 3) { Answers = Answers }];
        var plan = StudyPlan.Make(tasks, methods, null, new StudySpeed(), new StudyOptions { Sizes = [new(4, 0), StudySize.All] });
        var summaries = StudySummary.Of(plan, new StudyRunner(folder.Path).Run(plan, null, null, new StudySpeed()));
        return StudyReport.Html(About, methods, [.. summaries.Select(summary => summary with { Layers = [new(0, new(0.5, 0.4, 0.6, 0.95)), new(1, new(0.7, 0.6, 0.8, 0.95))] })]);

        RowAnswer[] Answers(StudyCell cell) => [.. cell.Test.Select(row => row % 3 == 0 ? Wrong(cell.Task, row) : cell.Task.Truth[row] with { Numbers = cell.Task.Kind == TaskKind.Regression ? cell.Task.Truth[row].Numbers : [0.8f] })];
    }

    private static RowAnswer Wrong(StudyTask task, int row) => task.Kind switch
    {
        TaskKind.Regression => RowAnswer.OfValue(task.Truth[row].Numbers[0] + 1),
        TaskKind.Classification => RowAnswer.OfClass((task.Truth[row].Ids[0] + 1) % task.Labels.Count, 0.97),
        TaskKind.MultiLabel => new([0], []),
        _ => new(new int[task.Truth[row].Ids.Length], []),
    };

    private static StudyTask[] EveryKind()
    {
        var rows = StudyFakes.Rows(40, 4, grouped: 2).ToArray();
        return
        [
            StudyFakes.Task(40, 4, "single"),
            StudyTask.Of("pairs", LabelledRows.From(rows.Select(row => row with { Pair = "second <text>" }))),
            StudyTask.Of("many", LabelledRows.OfKind(rows.Select((row, r) => row with { Label = null, Labels = r % 5 == 0 ? [] : [$"l{r % 2}", $"l{2 + r % 2}"] }), TaskKind.MultiLabel)),
            StudyTask.Of("number", LabelledRows.OfKind(rows.Select((row, r) => row with { Label = $"{r % 11}" }), TaskKind.Regression)),
            StudyTask.OfSentences("tags", [.. Enumerable.Range(0, 40).Select(r => TaggedSentence.FromWords(["the", "new", "part", $"{r}"], ["O", "B-x", "I-x", r % 2 == 0 ? "O" : "B-x"]))]),
        ];
    }

    /// <summary>Parses the page as XML, which is stricter than a browser.</summary>
    private static XElement Parse(string page)
    {
        Assert.StartsWith("<!DOCTYPE html>", page);
        using var reader = XmlReader.Create(new StringReader(page), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XElement.Load(reader);
    }

    [Fact]
    public void Every_kind_of_task_has_its_section_and_the_page_is_well_formed()
    {
        var html = Parse(Page(EveryKind()));
        Assert.Equal(5, html.Descendants("article").Count());
        Assert.Equal(["single", "pairs", "many", "number", "tags", "How it was measured"], html.Descendants("h2").Select(heading => heading.Value));
        Assert.Equal(5 * 4 + 1, html.Descendants("svg").Count()); // three drawings and a strip each, and the true and predicted numbers
        Assert.All(html.Descendants("svg"), svg => Assert.True(svg.Element("title")!.Value.Length > 0 && svg.Element("desc")!.Value.Length > 0));
        var ids = html.DescendantsAndSelf().Attributes("id").Select(id => id.Value).ToArray();
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(html.Descendants("a"), link => Assert.Contains(link.Attribute("href")!.Value[1..], ids));
        Assert.All(html.Descendants("svg"), svg => Assert.All(svg.Attribute("aria-labelledby")!.Value.Split(' '), id => Assert.Contains(id, ids)));
        Assert.DoesNotContain(html.DescendantsAndSelf().Attributes(), attribute => attribute.Value.Contains("NaN", StringComparison.Ordinal) || attribute.Value.Contains("Infinity", StringComparison.Ordinal));
        // No element may be closed as XML closes empty ones, except those that HTML knows as empty or that stand in a drawing.
        Assert.DoesNotMatch(SelfClosed(), Page(StudyFakes.Task()));
    }

    [Fact]
    public void Nothing_is_loaded_from_anywhere_and_no_script_runs()
    {
        var page = Page(EveryKind());
        Assert.DoesNotContain("http://", page);
        Assert.DoesNotContain("https://", page);
        Assert.DoesNotContain("url(", page);
        Assert.DoesNotContain("@import", page);
        var html = Parse(page);
        Assert.Empty(html.Descendants("script"));
        Assert.All(html.DescendantsAndSelf().Attributes().Where(attribute => attribute.Name.LocalName is "src" or "href"), attribute => Assert.Matches("^(#|data:)", attribute.Value));
        Assert.DoesNotContain(html.DescendantsAndSelf().Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
    }

    [Fact]
    public void Hostile_texts_and_labels_stay_text()
    {
        const string hostile = "<script>alert('x')</script> & \"q\" </q> \u0001\u0000 \ud800 ]]> <!-- 😀 <img src=x onerror=alert(1)>";
        var rows = Enumerable.Range(0, 40).Select(r => new Row($"{hostile} {r}") { Label = r % 2 == 0 ? "</td><script>" : "b'\"&" });
        var page = Page(StudyTask.Of("<i>\u0002", LabelledRows.From(rows)));
        var html = Parse(page);
        Assert.Empty(html.Descendants("script"));
        Assert.Empty(html.Descendants("img"));
        Assert.Contains(html.Descendants("q"), quote => quote.Value.StartsWith("<script>alert('x')</script> & \"q\"", StringComparison.Ordinal) && quote.Value.Contains("😀", StringComparison.Ordinal) && quote.Value.Contains('\uFFFD'));
        Assert.Contains("polymath study --data \"<a> & b.csv\"", html.Descendants("code").Select(code => code.Value));
    }

    [Fact]
    public void The_surest_mistakes_come_first_with_their_probability()
    {
        var task = StudyFakes.Task(40);
        var summary = StudyFakes.Summarize(task, new FakeMethod("a") { Answers = cell => [.. cell.Test.Select(row => RowAnswer.OfClass(row < 5 ? 1 - task.Truth[row].Ids[0] : task.Truth[row].Ids[0], row / 10.0))] });
        var mistakes = MistakeList.Find(task, summary.Methods[0]);
        Assert.Equal([4, 3, 2, 1, 0], mistakes.Select(mistake => mistake.Row));
        Assert.Equal(("class0", "class1, 40.0 %"), (mistakes[0].Truth, mistakes[0].Answer));
    }

    [Fact]
    public void Many_classes_are_listed_instead_of_drawn()
    {
        var html = Parse(Page(StudyFakes.Task(300, 60)));
        Assert.DoesNotContain(html.Descendants("table"), table => table.Attribute("class")?.Value == "heat");
        Assert.Contains("commonest confusions", html.Value);
    }

    [GeneratedRegex("<(p|div|span|td|th|li|dd|dt|q|a|h1|h2|h3|figure|text|title|desc|section|ul|ol)( [^>]*)?/>")]
    private static partial Regex SelfClosed();
}
