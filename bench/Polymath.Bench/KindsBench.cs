using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>
/// Frozen features beside TF-IDF with the same kind of head on data files of any kind, by an outer cross-validation whose folds keep groups together:
/// everything is chosen anew inside each fold, and the interval is of the paired difference over all rows left out.
/// </summary>
internal static class KindsBench
{
    public static int Run(string[] args)
    {
        var files = Timing.Option(args, "--data", "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        var (folds, seed) = (Timing.Number(args, "--folds", 5), Timing.Number(args, "--seed", 0));
        var model = Timing.Option(args, "--model", "");
        if (files.Length == 0) throw new PolymathException("--data is missing; expected data files separated by commas");
        var options = new FeatureExtractionOptions
        {
            Seed = seed,
            Layers = Timing.Option(args, "--layers", "") is { Length: > 0 } mix ? LayerMix.Parse(mix) : null,
            Pairs = Timing.Option(args, "--pairs", "") is { Length: > 0 } encoding ? PairEncodings.Parse(encoding) : null,
        };
        using var backbone = Backbone.Load(model.Length > 0 ? model : Timing.Shared("models", "all-MiniLM-L6-v2"));
        Timing.Announce($"kinds: frozen {backbone.Name}, {folds} folds, seed {seed}");
        using var folder = new TemporaryFolder();
        using var store = FeatureStore.Open(folder["features.db"]);
        foreach (var file in files) Measure(backbone, file, options with { Store = store }, folds);
        return 0;
    }

    private static void Measure(Backbone backbone, string path, FeatureExtractionOptions options, int count)
    {
        var file = DataFile.Open(path, new DataOptions { LabelRequired = true });
        var rows = file.ReadAll();
        var data = LabelledRows.OfKind(rows, TaskKinds.Recognise(rows, file.LabelColumn), source: path);
        var folds = data.Folds(count, options.Seed);
        var parts = new Dictionary<string, List<TaskOutcomes>> { ["constant"] = [], ["TF-IDF"] = [], ["features"] = [] };
        var chosen = new List<string>();
        double words = 0, features = 0;
        for (var f = 0; f <= folds.Max(); f++)
        {
            var train = data.Take([.. Enumerable.Range(0, rows.Count).Where(row => folds[row] != f)]);
            var test = data.Take([.. Enumerable.Range(0, rows.Count).Where(row => folds[row] == f)]);
            LearnedTask? tfidf = null, task = null;
            words += Timing.Seconds(() => tfidf = TfidfBaseline.Learn("tfidf", train, seed: options.Seed));
            features += Timing.Seconds(() => task = FeatureExtraction.ExtractFeatures(backbone, "features", train, options));
            parts["constant"].Add(TaskMetrics.Constant(train, test).Outcomes);
            parts["TF-IDF"].Add(tfidf!.Measure(test));
            parts["features"].Add(task!.Measure(test));
            chosen.Add($"    fold {f}: {MethodComparison.Describe(task)}, cross-validated {task.Candidates[0].CrossValidated:F4}; {MethodComparison.Describe(tfidf)}");
        }
        var all = parts.ToDictionary(part => part.Key, part => TaskOutcomes.Join(part.Value));
        Console.WriteLine($"\n{path}: {rows.Count} {(data.Pairs ? "pairs" : "rows")}, {data.Kind.Name()}; TF-IDF {words:F1} s, features {features:F1} s   load {Timing.Load()}");
        foreach (var line in chosen) Console.WriteLine(line);
        Console.WriteLine($"  {"",-14}{"constant",9}{"TF-IDF",9}{"features",9}   difference (95 % interval)");
        foreach (var metric in TaskMetrics.Shown(data.Kind, data.Classes))
        {
            var difference = PairedBootstrap.Compare(metric, all["features"], all["TF-IDF"]);
            Console.WriteLine($"  {metric.Name(),-14}{metric.Compute(all["constant"]),9:F4}{metric.Compute(all["TF-IDF"]),9:F4}{metric.Compute(all["features"]),9:F4}   {difference.Difference:+0.0000;-0.0000} [{difference.Low:+0.0000;-0.0000}, {difference.High:+0.0000;-0.0000}]");
        }
    }
}
