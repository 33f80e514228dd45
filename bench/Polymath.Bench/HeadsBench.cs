using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Bench;

/// <summary>
/// Heads on frozen all-MiniLM-L6-v2 with features that a store file holds already: the time of one cross-validated logistic regression and of
/// the whole default search, and the test accuracy of the search beside TF-IDF and the majority class.
/// </summary>
internal static class HeadsBench
{
    public static int Run(string[] args)
    {
        var sets = Timing.Option(args, "--data", string.Join(',', Sentences.Sets)).Split(',');
        var limit = Timing.Number(args, "--rows", int.MaxValue);
        Timing.Announce($"heads: frozen all-MiniLM-L6-v2, {string.Join(", ", sets)}{(limit < int.MaxValue ? $", {limit} training rows each" : "")}; seed 0");
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        using var folder = new TemporaryFolder();
        using var store = FeatureStore.Open(folder["features.db"]);
        var table = new List<string>();
        foreach (var set in sets)
        {
            var train = Sentences.Of(set, "train");
            if (train.Count > limit) train = Some(train, limit);
            var test = Sentences.Of(set, "test");
            table.Add(Measure(backbone, store, set, LabelledRows.From(train), [.. test]));
        }
        Console.WriteLine("\ntest accuracy, % (95 % interval by bootstrap over test rows)");
        Console.WriteLine($"{"data",-10}{"train",7}{"test",7}{"classes",9}{"majority",10}{"TF-IDF",8}   {"default search",-22}{"chosen",-14}{"C",8}");
        foreach (var line in table) Console.WriteLine(line);
        return 0;
    }

    private static string Measure(Backbone backbone, FeatureStore store, string set, LabelledRows train, Row[] test)
    {
        var filling = Timing.Seconds(() => { foreach (var _ in new FeatureExtractor(backbone, new FeatureOptions { Poolings = [Pooling.Mean, Pooling.Cls, Pooling.Max], Store = store }).Extract(train.Rows)) { } });
        Console.WriteLine($"\n{set}: {train.Rows.Count} rows, {train.Classes} classes; features of all layers and poolings computed and stored in {filling:F1} s   load {Timing.Load()}");
        var passes = backbone.ForwardPasses;

        CrossValidation? found = null;
        var single = Timing.Seconds(() =>
        {
            var recipe = new FeatureRecipe(Pooling.Mean, LayerMix.Last);
            var blocks = new FeatureExtractor(backbone, new FeatureOptions { Store = store }).Extract(train.Rows);
            var x = new FeatureMatrix([.. blocks.SelectMany(block => recipe.Apply(backbone, block).Values)], train.Rows.Count, recipe.Width(backbone));
            found = LogisticRegression.CrossValidate(x, train.Labels, train.Classes, Splits.Folds(train.Labels, 5, 0));
        });
        Console.WriteLine($"  one configuration (mean, last layer, 384 wide; 5 folds, default grid; reading included): {single:F1} s, {found!.Evaluations} evaluations, {found.GigaFlop:F0} GFLOP, "
            + $"accuracy {found.BestScore:P2} at C {found.BestC}   load {Timing.Load()}");

        LearnedTask? task = null;
        var search = Timing.Seconds(() => task = FeatureExtraction.ExtractFeatures(backbone, set, train.Rows, new FeatureExtractionOptions { Store = store }));
        Console.WriteLine($"  default search over layers, pooling and C: {search:F1} s, {task!.Candidates.Count} candidates, {backbone.ForwardPasses - passes} forward passes   load {Timing.Load()}");
        foreach (var candidate in task.Candidates.Take(5)) Console.WriteLine($"    {candidate.Recipe,-14} screened {candidate.Screened:P2}, cross-validated {candidate.CrossValidated:P2}, C {candidate.C}");

        var outcomes = task.Evaluate(task.Number(test));
        var majority = (double)outcomes.Labels.Count(label => label == train.Labels.CountBy(l => l).MaxBy(pair => pair.Value).Key) / outcomes.Rows;
        LearnedTask? tfidf = null;
        var tfidfSeconds = Timing.Seconds(() => tfidf = TfidfBaseline.Learn(set, train.Rows));
        var baseline = Metric.Accuracy.Compute(tfidf!.Evaluate(tfidf.Number(test)));
        Console.WriteLine($"  TF-IDF and logistic regression: {tfidfSeconds:F1} s   load {Timing.Load()}");
        var (value, low, high, _) = Bootstrap.Interval(Metric.Accuracy, outcomes);
        return $"{set,-10}{train.Rows.Count,7}{test.Length,7}{train.Classes,9}{100 * majority,10:F1}{100 * baseline,8:F1}   {$"{100 * value:F1} ({100 * low:F1}–{100 * high:F1})",-22}{$"{task.Artifact.Pooling} {task.Artifact.Layers}",-14}{task.Artifact.Training!.Options["c"],8}";
    }

    /// <summary>A stratified part of the rows, at least one of each class.</summary>
    private static List<Row> Some(List<Row> rows, int count)
    {
        var data = LabelledRows.From(rows);
        return [.. Splits.Stratified(data.Labels, (double)count / rows.Count, 0).Test.Select(at => rows[at])];
    }
}
