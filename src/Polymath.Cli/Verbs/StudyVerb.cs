using System.CommandLine;
using System.Runtime.InteropServices;
using Polymath.Cli.Common;
using Polymath.Study;
using Polymath.Study.Report;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath study</c>: compare ways of learning over tasks, training sizes and seeds, and write a report.</summary>
internal static class StudyVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var methods = new Option<string?>("--methods") { Description = $"Methods to compare, separated by commas: {string.Join(", ", StudyMethods.Default().All.Select(method => method.Name))} ; with --language-model zero-shot and few-shot too (default: all that fit the time)" };
        var tasks = new Option<string?>("--tasks") { Description = $"Tasks that come with the command, separated by commas: {string.Join(", ", Embedded.EmbeddedTasks.All.Select(task => task.Name))} (default: all)" };
        var data = new Option<string?>("--data", "-d") { Description = "Your own labelled rows instead, or - for standard input; cross-validated unless --test is given" };
        var test = new Option<string?>("--test") { Description = "Labelled rows to measure on" };
        var sizes = new Option<string?>("--sizes") { Description = "Training sizes, separated by commas: 8 (of each class), 25%, all (default: 8,32,all)" };
        var seeds = new Option<int?>("--seeds") { Description = "How many times rows are parted anew (default: 1; 3 with --full)" }.AtLeast(1);
        var folds = new Option<int>("--folds") { Description = "Folds of the cross-validation", DefaultValueFactory = _ => 5 }.AtLeast(2);
        var full = new Option<bool>("--full") { Description = "More seeds and sizes, and every fold for the methods that train the whole network: hours" };
        var folder = new Option<string>("--out", "-o") { Description = "Folder of the report and of finished cells; a second run goes on where the first stopped", DefaultValueFactory = _ => "study-report" };
        var language = new Option<string?>("--language-model") { Description = "Language model (GGUF file or folder) to ask in words: adds zero-shot and few-shot" };
        var planOnly = new Option<bool>("--plan") { Description = "Print the plan and the estimate and stop" };
        var command = Verb.Create("study", "Compare ways of learning over tasks, training sizes and seeds; writes report.html and results.json.",
            "polymath study",
            "polymath study --model ./all-MiniLM-L6-v2 --data train.csv --test test.csv",
            "polymath study --full --methods tfidf,features --sizes 4,8,16,32,64,all --seeds 5 --out full-report");
        command.Takes(methods, tasks, data, test, sizes, seeds, folds, full, folder, planOnly, language, settings.Json);
        settings.AddBackboneOptions(command, reading: false);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            var isFull = result.GetValue(full);
            settings.ApplyThreads(result);
            using var asked = result.GetValue(language) is { } named ? await LanguageModels.LoadAsync(named, null, result.GetValue(settings.Precision), streams, cancellation).ConfigureAwait(false) : null;
            var register = asked is null ? StudyMethods.Default() : StudyMethods.Default().AddPrompts(asked.Prompts);
            if (asked is null && Split(result.GetValue(methods)).FirstOrDefault(method => method is "zero-shot" or "few-shot") is { } prompted) throw new PolymathException($"method '{prompted}' asks a language model; name one with --language-model");
            var chosen = register.Choose(Split(result.GetValue(methods)));
            var options = new StudyOptions
            {
                Sizes = result.GetValue(sizes) is { } list ? [.. Split(list).Select(StudySize.Parse).Distinct()] : isFull ? [new(4, 0), new(8, 0), new(16, 0), new(32, 0), StudySize.All] : [],
                Seeds = result.GetValue(seeds) ?? (isFull ? 3 : 1),
                Folds = result.GetValue(folds),
                Full = isFull,
                Budget = isFull || result.IsGiven(methods) ? null : TimeSpan.FromMinutes(5),
            };
            if (result.GetValue(data) is null && result.GetValue(test) is not null) throw new PolymathException("--test is given without --data; expected the rows to learn from as well");
            if (result.GetValue(data) is not null && result.IsGiven(tasks)) throw new PolymathException("--tasks and --data exclude each other; expected tasks that come with the command, or a file of your own");
            var output = result.GetValue(folder)!;
            var runner = new StudyRunner(output);
            runner.Check();
            IReadOnlyList<StudyTask> studied = result.GetValue(data) is { } own
                ? [StudyTasks.Own(streams, own, result.GetValue(test), settings.DataOptions(result, labels: true))] : StudyTasks.Embedded(Split(result.GetValue(tasks)));
            using var backbone = await LoadAsync(result, settings, streams, chosen, cancellation).ConfigureAwait(false);
            using var store = backbone is null ? null : settings.OpenStore(result);
            var (speed, plan) = await Task.Run(() =>
            {
                var measured = StudySpeed.Measure(studied, backbone, cancellation);
                return (measured, StudyPlan.Make(studied, chosen, backbone, measured, options));
            }, cancellation).ConfigureAwait(false);
            StudyTable.WritePlan(streams, plan, runner.CountFinished(plan, backbone));
            if (result.GetValue(planOnly)) return ExitCodes.Ok;
            var finished = await Reporting.WithProgressAsync(streams, progress => runner.Run(plan, backbone, store, speed, progress, cancellation), cancellation).ConfigureAwait(false);
            var summaries = StudySummary.Of(plan, finished);
            var about = About(result, plan, backbone, options);
            StudyReport.Write(output, about, chosen, summaries);
            if (result.GetValue(settings.Json)) streams.WriteJson(StudyReport.Facts(about, summaries));
            else StudyTable.Write(streams, summaries);
            streams.Error.WriteLine($"{runner.Computed:N0} cells computed, {runner.Found:N0} found finished; report: {Path.Combine(output, "report.html")}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static StudyAbout About(ParseResult result, StudyPlan plan, Backbone? backbone, StudyOptions options) => new()
    {
        Command = $"polymath {string.Join(' ', result.Tokens.Select(token => token.Value.Length == 0 || token.Value.Any(char.IsWhiteSpace) ? $"\"{token.Value}\"" : token.Value))}",
        Model = backbone?.Name,
        ModelHash = backbone?.Hash,
        ModelFacts = backbone is null ? null : $"{backbone.Config.ModelType}, {backbone.Config.Layers} layers of width {backbone.Config.Width}, {backbone.MaxTokens} tokens at most, {Native.Precisions.Name(backbone.Precision)}",
        Options = options,
        Cells = plan.Cells.Count,
        Versions = $"polymath {typeof(Backbone).Assembly.GetName().Version?.ToString(3)}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSArchitecture} with {Environment.ProcessorCount} cores",
        Date = DateTimeOffset.Now,
    };

    /// <summary>Without a model only the methods that need none run.</summary>
    private static async Task<Backbone?> LoadAsync(ParseResult result, Settings settings, Streams streams, IReadOnlyList<IStudyMethod> chosen, CancellationToken cancellation)
    {
        settings.ApplyThreads(result);
        if (!chosen.Any(method => method.NeedsBackbone) || (result.GetValue(settings.Model) is null && !Directory.Exists(Models.DefaultFolder))) return null;
        return await Models.LoadAsync(result, settings, streams, withHead: false, cancellation).ConfigureAwait(false);
    }

    private static string[] Split(string? list) => list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
