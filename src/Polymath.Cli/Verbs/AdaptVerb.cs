using System.CommandLine;
using System.Diagnostics;
using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Cli.Common;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath adapt</c>: learn a task from a file of labelled rows, measure it beside its baselines, keep it.</summary>
internal static class AdaptVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var method = new Option<string>("--method") { Description = "How to learn", DefaultValueFactory = _ => "features" }.AcceptOnlyFromAmong("features", "tfidf", "label-names");
        var data = new Option<string?>("--data", "-d") { Description = "File of labelled rows, or - for standard input (default: a small starter task)" };
        var test = new Option<string?>("--test") { Description = "File of labelled rows to measure on (default: a fifth of the data is held out for that)" };
        var task = new Option<string?>("--task", "-t") { Description = "Name of the new task" };
        var layers = new Option<string?>("--layers") { Description = "Layers to read: last, layer3, top2 (mean of two), concat2 (default: searched by cross-validation)" };
        var pooling = new Option<string?>("--pooling") { Description = "How tokens become one vector (default: searched)" }.AcceptOnlyFromAmong("mean", "cls", "max");
        var head = new Option<string>("--head") { Description = "Head on the features", DefaultValueFactory = _ => "logistic-regression" }.AcceptOnlyFromAmong("logistic-regression", "nearest-mean", "lda", "gradient");
        var metric = new Option<string>("--metric") { Description = $"What selection optimises: {string.Join(", ", Metrics.Names)}", DefaultValueFactory = _ => "accuracy" };
        var balanced = new Option<bool>("--balanced") { Description = "Weigh classes inversely to their size" };
        var labels = new Option<string?>("--labels") { Description = "For label-names: labels separated by commas, or a file with a label and its description in each row" };
        var command = Verb.Create("adapt", "Learn a task from labelled rows and measure it beside a majority and a TF-IDF baseline.",
            "polymath adapt",
            "polymath adapt --model ./all-MiniLM-L6-v2 --data train.csv --test test.csv --task question-type",
            "polymath adapt --model sentence-transformers/all-MiniLM-L6-v2 --data train.csv --task intent --layers top2 --metric macro-f1",
            "polymath adapt --model ./all-MiniLM-L6-v2 --method label-names --labels \"praise,complaint,question\" --task kind");
        command.Takes(method, data, test, task, layers, pooling, head, metric, balanced, labels, settings.Library, settings.Json, settings.Seed);
        settings.AddBackboneOptions(command);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            var how = result.GetValue(method)!;
            var options = new FeatureExtractionOptions
            {
                Layers = result.GetValue(layers) is { } mix ? LayerMix.Parse(mix) : null,
                Pooling = result.GetValue(pooling) is { } pool ? Enum.Parse<Pooling>(pool, ignoreCase: true) : null,
                Head = result.GetValue(head) switch { "nearest-mean" => HeadMethod.NearestMean, "lda" => HeadMethod.Lda, "gradient" => HeadMethod.Gradient, _ => HeadMethod.LogisticRegression },
                Metric = Metrics.Parse(result.GetValue(metric)!),
                BalancedWeights = result.GetValue(balanced),
                Seed = result.GetValue(settings.Seed),
                Prompt = result.GetValue(settings.Prompt),
                Chunk = result.GetValue(settings.Chunk),
            };
            var name = result.GetValue(task) ?? (result.GetValue(data) is null && how != "label-names" ? "starter" : throw new PolymathException("--task is missing; expected a name for the new task"));
            TaskName.Check(name);
            foreach (var (option, methods) in new (Option, string)[] { (layers, "features"), (pooling, "features"), (head, "features"), (balanced, "features"), (labels, "label-names"), (data, "features tfidf") })
                if (result.IsGiven(option) && !methods.Split(' ').Contains(how)) throw new PolymathException($"{option.Name} does not apply to --method {how}, only to {methods.Replace(" ", " and ")}");
            using var library = OpenForWriting(result.GetValue(settings.Library)!, name);
            using var backbone = how == "tfidf" ? null : await Models.LoadAsync(result, settings, streams, withHead: false, cancellation).ConfigureAwait(false);
            using var store = backbone is null ? null : settings.OpenStore(result);
            if (backbone is not null)
            {
                options.Layers?.Check(backbone.Config.Layers);
                _ = backbone.Sentence.Prompt(options.Prompt);
                _ = new Text.Chunker(backbone.Tokenizer, backbone.MaxTokens); // a limit without room for a token of text is said before the work
            }
            options = options with { Store = store };
            var plan = how == "label-names" ? AdaptPlan.WithoutTraining(streams, result.GetValue(labels), result.GetValue(test), settings.DataOptions(result, labels: true))
                : AdaptPlan.Read(streams, result.GetValue(data), result.GetValue(test), settings.DataOptions(result, labels: true), options.Seed);
            plan.Say(streams);
            if (backbone is not null && result.GetValue(settings.Model) is null) streams.Error.WriteLine($"no --model: reading texts with {backbone.Name}, the small English encoder that comes with the command");
            var (learned, scores, searched) = await Reporting.WithProgressAsync(streams, progress => Learn(how, name, backbone, plan, options, progress, cancellation), cancellation).ConfigureAwait(false);
            if (learned.Report is { } report) Models.SayCut(streams, report, backbone!.MaxTokens);
            library.Save(learned.Artifact);
            AdaptReport.Write(streams, result.GetValue(settings.Json), learned, scores, searched, plan, options.Metric, library);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>A library that is broken, or cannot be where it is asked for, is said before the work and not after.</summary>
    private static TaskLibrary OpenForWriting(string folder, string name)
    {
        for (var at = Path.GetFullPath(folder); at is not null; at = Path.GetDirectoryName(at))
            if (File.Exists(at)) throw new PolymathException($"{folder}: {at} is a file; expected a folder, or a name that is free, for the library");
        var library = TaskLibrary.Open(folder);
        if (library.Tasks.FirstOrDefault(task => task.Name != name && task.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } similar) return library;
        library.Dispose();
        throw new PolymathException($"task name '{name}': there is a task '{similar.Name}', and some file systems do not tell them apart; choose another name");
    }

    /// <summary>Learns on the training part and measures on the test part; where that was held out of the data, the task that is kept learns from all rows.</summary>
    private static (LearnedTask Task, IReadOnlyList<MethodScore> Scores, LearnedTask Searched) Learn(string how, string name, Backbone? backbone, AdaptPlan plan, FeatureExtractionOptions options, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        LearnedTask OnRows(LabelledRows rows, FeatureExtractionOptions choices) => how switch
        {
            "tfidf" => TfidfBaseline.Learn(name, rows.Rows, choices.Metric, choices.Seed, progress, cancellation),
            "label-names" => LabelNames.Learn(backbone!, name, plan.Descriptions!, choices),
            _ => FeatureExtraction.ExtractFeatures(backbone!, name, rows.Rows, choices, progress, cancellation),
        };
        LearnedTask task = OnRows(plan.Train, options), searched = task;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var scores = plan.Test is not { } test ? [] : plan.Train.Rows.Count == 0
            ? [Alone(task, task.Number(test.Rows), options, progress, cancellation)]
            : MethodComparison.Run(task, seconds, plan.Train, test, options.Metric, options.Seed, progress, cancellation);
        if (plan.HeldOut is { } all)
        {
            var recipe = (task.Scorer as FeatureScorer)?.Recipe;
            task = OnRows(all, recipe is null ? options : options with { Layers = recipe.Layers, Pooling = recipe.Pooling });
        }
        var metrics = scores.Count == 0 ? new Dictionary<string, double>() : new Dictionary<string, double>
        {
            [$"test_{options.Metric.Name()}"] = scores[^1].Interval.Value,
            [$"test_{options.Metric.Name()}_low"] = scores[^1].Interval.Low,
            [$"test_{options.Metric.Name()}_high"] = scores[^1].Interval.High,
            ["test_rows"] = plan.Test!.Rows.Count,
        };
        return (task.WithRecord(metrics, plan.Files), scores, searched);
    }

    private static MethodScore Alone(LearnedTask task, LabelledRows test, FeatureExtractionOptions options, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        var outcomes = task.Evaluate(test, progress, cancellation);
        return new MethodScore(MethodComparison.Describe(task), outcomes, Bootstrap.Interval(options.Metric, outcomes, seed: (ulong)options.Seed), 0, null);
    }
}
