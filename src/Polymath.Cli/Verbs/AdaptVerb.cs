using System.CommandLine;
using System.Diagnostics;
using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Cli.Common;
using Polymath.Cli.Embedded;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tagging;
using Polymath.Tasks;
using Polymath.Tasks.Scope;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath adapt</c>: learn a task from a file of labelled rows, measure it beside its baselines, keep it.</summary>
internal static class AdaptVerb
{
    private const string Tagging = "tagging", Generate = "generate";

    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var choices = new TrainingChoices();
        var method = new Option<string?>("--method") { Description = "How to learn (default: features)" }.AcceptOnlyFromAmong("features", "fine-tuning", "contrastive", "tfidf", "label-names", "prompt");
        var data = new Option<string?>("--data", "-d") { Description = "File of labelled rows, or - for standard input (default: embedded:intent, a task that comes with the command)" };
        var test = new Option<string?>("--test") { Description = "File of labelled rows to measure on (default: a fifth of the data is held out for that)" };
        var task = new Option<string?>("--task", "-t") { Description = "Name of the new task" };
        var layers = new Option<string?>("--layers") { Description = "Layers to read: last, layer3, top2 (mean of two), concat2, scalar-mix (weights learned with the head) (default: searched by cross-validation)" };
        var pooling = new Option<string?>("--pooling") { Description = "How tokens become one vector (default: searched)" }.AcceptOnlyFromAmong("mean", "cls", "max");
        var head = new Option<string>("--head") { Description = "Head on the features", DefaultValueFactory = _ => "logistic-regression" }.AcceptOnlyFromAmong("logistic-regression", "nearest-mean", "lda", "gradient");
        var metric = new Option<string?>("--metric") { Description = $"What selection optimises (default by kind: accuracy, micro-f1, spearman): {string.Join(", ", Metrics.Names)}" };
        var kind = new Option<string?>("--kind") { Description = "What the labels are: a class, any number of labels, a number, tags of words, or a text to write (default: recognised; generate is never guessed)" }.AcceptOnlyFromAmong("classification", "multi-label", "regression", Tagging, Generate);
        var scopes = new ScopeChoice();
        var prompts = new PromptChoices(automatic: true);
        var writing = new WritingChoices(kept: true);
        var validation = new Option<string?>("--validation") { Description = "File of rows that choose the best epoch of fine-tuning, and that set the threshold of --out-of-scope (default: cross-fitting on the data)" };
        var group = new Option<string?>("--group-column") { Description = "Column of rows that belong together and are never split (default: one named group)" };
        var pairs = new Option<string?>("--pairs") { Description = "How two texts are read: joint (one sequence), siamese (apart), siamese-full (default: searched)" }.AcceptOnlyFromAmong("joint", "siamese", "siamese-full");
        var balanced = new Option<bool>("--balanced") { Description = "Weigh classes inversely to their size" };
        var labels = new Option<string?>("--labels") { Description = "For label-names, and for prompt without --data: labels separated by commas, or a file with a label and its description in each row" };
        var extend = new Option<string?>("--extend") { Description = "Add rows, or new classes, to this task of the library; LDA and nearest-mean heads take new rows alone, other heads old and new rows together" };
        var command = Verb.Create("adapt", "Learn a task from labelled rows and measure it beside a majority and a TF-IDF baseline.",
            "polymath adapt",
            "polymath adapt --data embedded:sentiment --task mood",
            "polymath adapt --model ./all-MiniLM-L6-v2 --data train.csv --test test.csv --task question-type",
            "polymath adapt --model sentence-transformers/all-MiniLM-L6-v2 --data train.csv --task intent --layers top2 --metric macro-f1",
            "polymath adapt --model ./all-MiniLM-L6-v2 --method fine-tuning --data train.csv --task question-type",
            "polymath adapt --model ./all-MiniLM-L6-v2 --method fine-tuning --tune --data train.csv --task intent",
            "polymath adapt --model ./all-MiniLM-L6-v2 --method contrastive --data few.csv --task tone",
            "polymath adapt --model ./all-MiniLM-L6-v2 --data severity.csv --kind regression --task severity",
            "polymath adapt --model ./all-MiniLM-L6-v2 --data spans.jsonl --task spans",
            "polymath adapt --model ./all-MiniLM-L6-v2 --data intents.csv --task intent --out-of-scope",
            "polymath adapt --model ./all-MiniLM-L6-v2 --method label-names --labels \"praise,complaint,question\" --task kind",
            "polymath adapt --model ./SmolLM2.gguf --method prompt --template prompt.json --data train.csv --shots 8 --task question-type",
            "polymath adapt --model ./gpt2 --kind generate --data questions-and-answers.csv --task answer",
            "polymath adapt --extend intent --data more.csv --test test.csv");
        command.Takes(method, data, test, task, extend, kind, group, pairs, layers, pooling, head, metric, balanced, labels, validation, settings.Library, settings.Json, settings.Seed);
        choices.AddTo(command);
        scopes.AddTo(command);
        command.Takes([.. prompts.All]);
        command.Takes([.. writing.All]);
        settings.AddBackboneOptions(command);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            if (result.GetValue(extend) is { } extended)
            {
                AdaptExtend.CheckOptions(result, command, settings, [extend, task, data, test]);
                return await AdaptExtend.RunAsync(result, settings, streams, extended, result.GetValue(task), result.GetValue(data), result.GetValue(test), cancellation).ConfigureAwait(false);
            }
            var writes = result.GetValue(kind) == Generate;
            var how = result.GetValue(method) ?? (writes ? "fine-tuning" : "features");
            if (writes && how != "fine-tuning") throw new PolymathException($"--kind {Generate} is learned by --method fine-tuning of a language model, not by {how}");
            if (!writes && writing.All.FirstOrDefault(result.IsGiven) is { } stray) throw new PolymathException($"{stray.Name} applies to --kind {Generate}");
            var options = new FeatureExtractionOptions
            {
                Layers = result.GetValue(layers) is { } mix ? LayerMix.Parse(mix) : null,
                Pooling = result.GetValue(pooling) is { } pool ? Enum.Parse<Pooling>(pool, ignoreCase: true) : null,
                Head = result.GetValue(head) switch { "nearest-mean" => HeadMethod.NearestMean, "lda" => HeadMethod.Lda, "gradient" => HeadMethod.Gradient, _ => HeadMethod.LogisticRegression },
                Pairs = result.GetValue(pairs) is { } encoding ? PairEncodings.Parse(encoding) : null,
                BalancedWeights = result.GetValue(balanced),
                Seed = result.GetValue(settings.Seed),
                Prompt = result.GetValue(settings.Prompt),
                Chunk = result.GetValue(settings.Chunk),
            };
            Metric? asked = result.GetValue(metric) is { } measure ? Metrics.Parse(measure) : null;
            var name = result.GetValue(task) ?? (result.GetValue(data) is null && how is not ("label-names" or "prompt") ? "intent" : throw new PolymathException("--task is missing; expected a name for the new task"));
            TaskName.Check(name);
            foreach (var (option, methods) in ((Option, string)[])[(layers, "features"), (pooling, "features fine-tuning contrastive"), (head, "features"), (balanced, "features fine-tuning contrastive"), (labels, "label-names prompt"),
                (data, "features fine-tuning contrastive tfidf prompt"), (settings.Prompt, "features fine-tuning contrastive label-names"), (kind, "features fine-tuning tfidf"), (pairs, "features fine-tuning tfidf"), (settings.Chunk, "features label-names"), (scopes.Wanted, "features fine-tuning contrastive tfidf"), .. choices.ByMethod, .. prompts.All.Select(option => (option, "prompt"))])
                if (result.IsGiven(option) && !methods.Split(' ').Contains(how)) throw new PolymathException($"{option.Name} does not apply to --method {how}, only to {methods.Replace(" ", " and ")}");
            var scope = scopes.Read(result, options.Seed, hasModel: how != "tfidf");
            if (scope is not null && how is "fine-tuning" or "contrastive" && !result.IsGiven(validation)) throw new PolymathException($"--out-of-scope with --method {how} needs --validation: a network is sure of the rows it was trained on, so the threshold must be set on others");
            if (result.IsGiven(validation) && how != "fine-tuning" && scope is null) throw new PolymathException("--validation applies to --method fine-tuning, or together with --out-of-scope");
            var tagging = how is "features" or "tfidf" && (result.GetValue(kind) == Tagging || (!result.IsGiven(kind) && result.GetValue(data) is { } path && (TaggedFile.Recognise(path) || EmbeddedTasks.IsTagging(path))));
            if (tagging)
            {
                if (!result.IsGiven(data)) throw new PolymathException("--kind tagging needs --data: a file of words and tags");
                foreach (var option in new Option[] { pooling, head, metric, balanced, group, pairs, scopes.Wanted, settings.Prompt, settings.Chunk, settings.Format, settings.Delimiter, settings.TextColumn, settings.PairColumn, settings.LabelColumn })
                    if (result.IsGiven(option)) throw new PolymathException($"{option.Name} does not apply to words and tags");
            }
            choices.Check(result, settings, how);
            if (writes)
            {
                if (!result.IsGiven(data)) throw new PolymathException($"--kind {Generate} needs --data: a file of inputs and answers");
                foreach (var option in (Option[])[pairs, pooling, balanced, layers, head, settings.Chunk, scopes.Wanted, settings.Prompt, settings.PairColumn, .. choices.NotForWriting])
                    if (result.IsGiven(option)) throw new PolymathException($"{option.Name} does not apply to --kind {Generate}");
            }
            using var library = OpenForWriting(result.GetValue(settings.Library)!, name);
            if (how == "prompt")
            {
                if (result.IsGiven(data) == result.IsGiven(labels)) throw new PolymathException("--method prompt needs --data, a file of labelled rows, or --labels where there are none");
                var named = LanguageModels.PathOf(result, settings);
                var file = prompts.File(result);
                settings.ApplyThreads(result);
                var rows = settings.DataOptions(result, labels: true, keepColumns: true) with { GroupColumn = result.GetValue(group), Kind = TaskKind.Classification };
                var prompted = result.IsGiven(data) ? AdaptPlan.Read(streams, result.GetValue(data), result.GetValue(test), rows, options.Seed) : AdaptPlan.WithoutTraining(streams, result.GetValue(labels), result.GetValue(test), rows);
                using var models = await LanguageModels.LoadAsync(named, prompts.EncoderOf(result), result.GetValue(settings.Precision), streams, cancellation).ConfigureAwait(false);
                using var features = models.Encoder is null ? null : settings.OpenStore(result);
                return await PromptAdapt.RunAsync(streams, result.GetValue(settings.Json), name, models, prompted, prompts.Read(result, file, models.Encoder, features, options.Seed),
                    TaskMetrics.Choose(TaskKind.Classification, asked, prompted.Train.Classes), library, cancellation).ConfigureAwait(false);
            }
            if (writes)
            {
                var rows = settings.DataOptions(result, labels: true) with { GroupColumn = result.GetValue(group), Kind = TaskKind.Generate };
                using var model = await GenerateAdapt.LoadAsync(result, settings, streams, cancellation).ConfigureAwait(false);
                TextToTextEncoder.RequireWriter(model);
                var answered = AdaptPlan.Read(streams, result.GetValue(data), result.GetValue(test), rows, options.Seed);
                var state = Path.Combine(library.Folder, ".training", name);
                var chosen = TaskMetrics.Choose(TaskKind.Generate, asked);
                var code = await GenerateAdapt.RunAsync(streams, result.GetValue(settings.Json), name, model, answered,
                    result.GetValue(validation) is { } epochs ? LabelledRows.OfKind(DataFile.Open(epochs, rows, streams.Input).Rows(), TaskKind.Generate, source: epochs) : null,
                    writing.Learning(result, choices.FineTuningOptions(result, settings, null, null, chosen, false, state)), chosen, library, cancellation).ConfigureAwait(false);
                Native.Disk.Default.Delete(state);
                return code;
            }
            using var backbone = how == "tfidf" ? null : await Models.LoadAsync(result, settings, streams, withHead: false, cancellation).ConfigureAwait(false);
            using var store = backbone is null ? null : settings.OpenStore(result);
            if (backbone is not null)
            {
                options.Layers?.Check(backbone.Config.Layers);
                _ = backbone.Sentence.Prompt(options.Prompt);
                _ = new Text.Chunker(backbone.Tokenizer, backbone.MaxTokens); // a limit without room for a token of text is said before the work
            }
            if (tagging)
                return await TaggingAdapt.RunAsync(streams, result.GetValue(settings.Json), name, backbone, result.GetValue(data)!, result.GetValue(test), result.GetValue(settings.SkipBadRows),
                    new TaggingOptions { Layers = options.Layers, Seed = options.Seed }, library, cancellation).ConfigureAwait(false);
            options = options with { Store = store };
            var reading = settings.DataOptions(result, labels: true) with { GroupColumn = result.GetValue(group), Kind = result.GetValue(kind) is { } read ? TaskKinds.Parse(read) : null };
            var plan = how == "label-names" ? AdaptPlan.WithoutTraining(streams, result.GetValue(labels), result.GetValue(test), reading)
                : AdaptPlan.Read(streams, result.GetValue(data), result.GetValue(test), reading, options.Seed);
            options = options with { Metric = TaskMetrics.Choose(plan.Train.Kind, asked, plan.Train.Classes) };
            foreach (var option in new Option[] { head, balanced })
                if (result.IsGiven(option) && plan.Train.Kind != TaskKind.Classification) throw new PolymathException($"{option.Name} is for tasks of classes, not for {plan.Train.Kind.Name()}");
            if (scope is not null && plan.Train.Kind != TaskKind.Classification) throw new PolymathException($"--out-of-scope is for tasks of one class a row, not for {plan.Train.Kind.Name()}");
            plan.Say(streams);
            if (backbone is not null && result.GetValue(settings.Model) is null) streams.Error.WriteLine($"no --model: reading texts with {backbone.Name}, the small English encoder that comes with the command");
            var held = scope is not null && result.GetValue(validation) is { } validationFile ? DataFile.Open(validationFile, settings.DataOptions(result, labels: false), streams.Input).ReadAll() : null;
            var checkpoints = Path.Combine(library.Folder, ".training", name);
            var training = how is not ("fine-tuning" or "contrastive") ? null : new NetworkTraining(
                backbone!, name, how == "contrastive" ? null : choices.FineTuningOptions(result, settings, options.Pooling, options.Pairs, options.Metric, options.BalancedWeights, checkpoints),
                choices.ContrastiveOptions(result, settings, options.Pooling, options.BalancedWeights, checkpoints),
                how == "fine-tuning" && result.GetValue(validation) is { } chooses ? LabelledRows.OfKind(DataFile.Open(chooses, reading, streams.Input).Rows(), plan.Train.Kind, plan.Train.Map, chooses) : null, choices.Tunes(result));
            var (learned, scores, searched) = await Reporting.WithProgressAsync(streams, progress => Learn(how, name, backbone, plan, options, training, choices.Seeds(result), scope, held, progress, cancellation), cancellation).ConfigureAwait(false);
            if (learned.Report is { } report) Models.SayCut(streams, report, backbone!.MaxTokens);
            library.Save(learned.Artifact);
            Native.Disk.Default.Delete(checkpoints);
            foreach (var tried in training?.Tried ?? []) streams.Error.WriteLine($"tried: learning rate {tried.LearningRate:0.#e+0}, best after {tried.Epochs} epochs: {options.Metric.Name()} {tried.Score:F4}");
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
    private static (LearnedTask Task, IReadOnlyList<MethodScore> Scores, LearnedTask Searched) Learn(string how, string name, Backbone? backbone, AdaptPlan plan, FeatureExtractionOptions options, NetworkTraining? training, int seeds, OutOfScopeOptions? scope, IReadOnlyList<Row>? validation, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        LearnedTask OnRows(LabelledRows rows, FeatureExtractionOptions choices) => how switch
        {
            "tfidf" => TfidfBaseline.Learn(name, rows, choices.Metric, choices.Seed, progress, choices.Pairs, cancellation),
            "label-names" => LabelNames.Learn(backbone!, name, plan.Descriptions!, choices),
            _ when training is not null => training.Learn(rows, choices.Seed, progress, cancellation),
            _ => FeatureExtraction.ExtractFeatures(backbone!, name, rows, choices, progress, cancellation),
        };
        LearnedTask task = OnRows(plan.Train, options), searched = task;
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var scores = plan.Test is not { } test ? [] : plan.Train.Rows.Count == 0
            ? [Alone(task, task.Number(test.Rows), options, progress, cancellation)]
            : MethodComparison.Run(task, seconds, plan.Train, test, options.Metric, options.Seed, progress, cancellation);
        for (var seed = options.Seed + 1; training is not null && seed < options.Seed + seeds; seed++)
        {
            var again = OnRows(plan.Train, options with { Seed = seed });
            if (plan.Test is not null) scores = [.. scores, Alone(again, plan.Test, options with { Seed = seed }, progress, cancellation)];
            var better = NetworkTraining.Validated(again) > NetworkTraining.Validated(task);
            (better ? task : again).Dispose();
            if (better) task = again;
        }
        if (plan.HeldOut is { } all)
        {
            if (training is not null) task.Dispose();
            var recipe = (task.Scorer as FeatureScorer)?.Recipe;
            task = OnRows(all, training is not null ? options with { Seed = task.Artifact.Training!.Seed } : recipe is null ? options : options with { Layers = recipe.Layers, Pooling = recipe.Pooling, Pairs = recipe.Pairs });
            if (searched.ScalarMix is { } mix) task = task.WithMix(mix, task.Report);
        }
        if (scope is not null) task = task.WithOutOfScope(plan.HeldOut ?? plan.Train, validation, scope, progress, cancellation);
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
        var outcomes = task.Measure(test, progress, cancellation);
        return new MethodScore(MethodComparison.Describe(task), outcomes, Bootstrap.Interval(options.Metric, outcomes, seed: (ulong)options.Seed), 0, null);
    }
}
