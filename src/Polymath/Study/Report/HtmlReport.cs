using System.Xml.Linq;
using Polymath.Tasks;
using static Polymath.Study.Report.Html;

namespace Polymath.Study.Report;

/// <summary>The report as one page: recommendations first, then a section a task, then how it was measured. No script, nothing loaded from anywhere.</summary>
internal sealed class HtmlReport(StudyAbout about, IReadOnlyList<IStudyMethod> methods, IReadOnlyList<StudySummary> summaries)
{
    public string Render() => Page(E("html", A("lang", "en"),
        E("head", E("meta", A("charset", "utf-8")), E("meta", A("name", "viewport"), A("content", "width=device-width, initial-scale=1")), E("meta", A("name", "generator"), A("content", "polymath study")),
            E("link", A("rel", "icon"), A("href", "data:,")), E("title", Title), E("style", ReportStyle.Css)),
        E("body", E("header", E("h1", Title), E("p", Class("soft"), Subtitle), Navigation()),
            E("main", summaries.Count > 1 ? E("section", A("aria-label", "Recommendations"), E("div", Class("cards"), summaries.Select(Card))) : null, summaries.Select(Section), Measured()),
            E("footer", $"Written by polymath study, {about.Date:yyyy-MM-dd}. The numbers behind this page are in results.json."))));

    private string Title => summaries.Count == 1 ? $"Which method for {summaries[0].Task.Name}?" : "Which method for which task?";

    private string Subtitle => $"{methods.Count} ways of learning compared on {(summaries.Count == 1 ? "one task" : $"{summaries.Count} tasks")}, {summaries.Sum(summary => summary.Task.Rows.Count):N0} labelled rows"
        + (about.Model is null ? ", without a pre-trained model." : $", with the pre-trained model {about.Model}.");

    private int Place(IStudyMethod method) => Math.Max(0, methods.ToList().FindIndex(known => known.Name == method.Name));

    private string IdOf(StudySummary summary) => $"task-{summaries.ToList().IndexOf(summary) + 1}";

    private XElement? Navigation() => summaries.Count < 2 ? null : E("nav", A("aria-label", "Tasks"), E("ul", summaries.Select(summary => E("li", E("a", A("href", $"#{IdOf(summary)}"), summary.Task.Name))), E("li", E("a", A("href", "#how"), "how it was measured"))));

    private XElement Card(StudySummary summary) => E("article", Class("card"),
        E("h3", E("a", A("href", $"#{IdOf(summary)}"), summary.Task.Name)), E("p", Class("kind"), $"{StudyTexts.Kind(summary.Task)}; {summary.Task.Rows.Count:N0} rows"),
        summary.Recommendation is { } recommended ? E("p", Class("why"), Reason(summary, recommended)) : E("p", Class("why"), "No method could learn this task."),
        summary.Methods.Count > 0 ? new Plots(summary, $"card-{IdOf(summary)}", Place).Strip() : null);

    /// <summary>The sentence, its first words in the method's colour.</summary>
    private object[] Reason(StudySummary summary, Recommendation recommended)
    {
        var method = summary.Methods[recommended.Method].Method;
        return [E("span", Class("pick"), A("style", $"color:{Drawing.Colour(Place(method))}"), method.Title), $"{recommended.Reason[method.Title.Length..]}."];
    }

    private XElement Section(StudySummary summary)
    {
        var (task, id) = (summary.Task, IdOf(summary));
        var plots = new Plots(summary, id, Place);
        return E("section", Class("section"), A("id", id), A("aria-labelledby", $"{id}-h"),
            E("h2", A("id", $"{id}-h"), task.Name), E("p", Class("soft"), $"{task.Description} {Capital(StudyTexts.Kind(task))}; {task.Rows.Count:N0} rows.".TrimStart()),
            summary.Recommendation is { } recommended ? E("p", Class("verdict"), "Recommended: ", Reason(summary, recommended)) : null,
            summary.Methods.Count > 0 ? ScoreTable.Make(summary, Place) : null,
            summary.Missing.Count > 0 ? E("p", Class("soft small"), $"Not measured: {string.Join("; ", summary.Missing)}.") : null,
            summary.Methods.Count > 0 ? E("div", Class("figures"), Figure(plots.AgainstSize(), "How many labelled rows are needed", SizeCaption(summary)),
                Figure(plots.AgainstParameters(), "What a point costs", "Score against the numbers that were trained for this task; lines are 95 % intervals."),
                Figure(plots.AgainstLayer(), "Where in the network the answer is", "A linear model on each layer alone; the band is the 95 % interval.")) : null,
            summary.Recommended is { } method ? E("div", Class("duo"), Details(summary, method, plots, id), MistakeList.Make(task, method)) : null);
    }

    private static XElement Details(StudySummary summary, MethodSummary method, Plots plots, string id) => summary.Task.Kind switch
    {
        TaskKind.Classification => ConfusionTable.Make(summary, method, id),
        TaskKind.Regression => Figure(plots.Values(method), $"What {method.Method.Title} says and what is true", "Each dot is a row; on the line the answer is right.", "drawn")!,
        _ => LabelTable.Make(summary, method),
    };

    private static string SizeCaption(StudySummary summary)
    {
        var simple = summary.Methods.Where(method => !method.Method.NeedsBackbone).MaxBy(method => method.Interval.Value);
        var passes = summary.Methods.Where(method => method.Method.NeedsBackbone && method.Sizes.Count > 1).Select(method => (method, Size: method.Sizes.FirstOrDefault(size => simple is not null && size.Interval.Value > simple.Interval.Value))).FirstOrDefault(pair => pair.Size is not null);
        var found = passes.Size is { } first && simple is not null && first.Rows < 0.8 * simple.Sizes[^1].Rows ? $" {passes.method.Method.Title} with {first.Rows:0} rows is ahead of {simple.Method.Title} with {simple.Sizes[^1].Rows:0}." : "";
        return $"Score against training rows; bands are 95 % intervals.{found}";
    }

    private static XElement? Figure(XElement? drawing, string title, string caption, string? classes = null) => drawing is null ? null : E("figure", classes is null ? null : Class(classes), E("figcaption", Class("above"), E("strong", title), caption), drawing);

    private XElement Measured() => E("section", Class("section"), A("id", "how"), A("aria-labelledby", "how-h"), E("h2", A("id", "how-h"), "How it was measured"),
        E("dl", Class("facts"),
            Fact("Methods", E("span", methods.Select((method, at) => E("span", at > 0 ? E("br") : null, E("strong", method.Title), $": {method.Description}")))),
            Fact("Model", about.Model is null ? "none" : $"{about.Model}{(about.ModelFacts is null ? "" : $", {about.ModelFacts}")}; hash {about.ModelHash?[..Math.Min(16, about.ModelHash.Length)]}"),
            Fact("Data", E("span", summaries.Select((summary, at) => E("span", at > 0 ? E("br") : null, $"{summary.Task.Name}: {string.Join(", ", summary.Task.Files.Select(file => $"{file.Name} ({file.Rows:N0} rows)"))}; hash {summary.Task.Hash[..16]}")))),
            Fact("Splits", $"Rows are dealt into {about.Options.Folds} folds that keep the shares of the classes (groups of rows stay together), each fold measured by methods that learned from the others; where there are test rows, they are measured instead. "
                + $"{(about.Options.Seeds == 1 ? "One seed" : $"{about.Options.Seeds} seeds")}. Methods choose their own settings on training rows only."
                + (about.Options.Full ? "" : " Methods that train the whole network run on one fold, contrastive training on few rows; \u201cmeasured on\u201d says so. Layers are probed on one or two folds.")),
            Fact("Scores", "Accuracy for one of several classes; micro-averaged F1 for several labels; Spearman's rank correlation for numbers; F1 over exact spans for tags. Higher is better, 100 is perfect; a point is a hundredth."),
            Fact("Intervals", "95 % percentile bootstrap over the measured rows (over groups where rows belong together), 1,000 draws; differences are paired: both methods on the same draws. They speak of other rows, not of other training sets."),
            Fact("Recommended", "The simplest method that no other is shown to beat: the interval of the paired difference to the best one reaches zero. Methods that learned from fewer rows than others take no part. Simple comes first in the list of methods above."),
            Fact("Versions", about.Versions), Fact("Cells", $"{about.Cells:N0}, each kept in the folder of this report")),
        E("h3", "To make it again"), E("pre", A("tabindex", "0"), E("code", about.Command)));

    private static object[] Fact(string name, object value) => [E("dt", name), E("dd", value)];

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
