using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Bench;

/// <summary>
/// How much of the way from TF-IDF to its teacher a distilled encoder goes with ten examples a class: test accuracy of a linear probe, layers and
/// C chosen by cross-validation on those examples, mean over seeds. The same few ways of reading the layers are open to both encoders.
/// </summary>
internal static class DistilledBench
{
    private const int PerClass = 10;

    private static readonly CrossValidationOptions Quick = new() { Tolerance = 1e-3, MaxIterations = 100 };

    public static int Run(string[] args)
    {
        var model = Timing.Option(args, "--model", Path.Combine("models", "polymath-small-en"));
        var seeds = Timing.Number(args, "--seeds", 10);
        var sets = Timing.Option(args, "--data", "trec,subj,clinc150").Split(',');
        var layers = Timing.Option(args, "--layers", "last,before-last,concat2,concat4").Split(',');
        var methods = Timing.Option(args, "--methods", "tfidf,teacher,student").Split(',');
        Timing.Announce($"distilled: {model}; {PerClass} examples a class, {seeds} seeds, whole test sets");
        var loading = Timing.Seconds(() => Backbone.Load(model).Dispose());
        using var student = methods.Contains("student") ? Backbone.Load(model) : null;
        Console.WriteLine($"loading the student: {loading:F2} s at first, {Timing.Seconds(() => Backbone.Load(model).Dispose()):F2} s again");
        using var teacher = methods.Contains("teacher") ? Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2")) : null;
        Console.WriteLine($"\ntest accuracy, %: mean over seeds (standard deviation)\n{"data",-10}{"TF-IDF",14}{"teacher",14}{"student",14}{"of the way",12}");
        var ways = new List<double>();
        foreach (var set in sets)
        {
            var train = LabelledRows.From(Sentences.Of(set, "train"));
            var test = LabelledRows.From(Sentences.Of(set, "test"), train.Map, set);
            var picks = Enumerable.Range(0, seeds).Select(seed => Pick(train, seed)).ToArray();
            double[] tfidf = methods.Contains("tfidf") ? [.. picks.Select((rows, seed) => Baseline(train.Take(rows), test, seed))] : [];
            double[] Probe(Backbone? backbone) => backbone is null ? [] : Accuracies(backbone, layers, train, test, picks);
            var (upper, ours) = (Probe(teacher), Probe(student));
            var way = (Mean(ours) - Mean(tfidf)) / (Mean(upper) - Mean(tfidf));
            ways.Add(way);
            Console.WriteLine($"{set,-10}{Show(tfidf),14}{Show(upper),14}{Show(ours),14}{100 * way,11:F0}%");
        }
        Console.WriteLine($"mean of the ways: {100 * ways.Average():F0} %   load {Timing.Load()}");
        return 0;
    }

    private static int[] Pick(LabelledRows train, int seed)
    {
        int[] order = [.. Enumerable.Range(0, train.Rows.Count)];
        new SeededRandom((ulong)seed).Shuffle<int>(order);
        return [.. order.GroupBy(row => train.Labels[row]).SelectMany(rows => rows.Take(PerClass)).Order()];
    }

    private static double Baseline(LabelledRows train, LabelledRows test, int seed)
    {
        var task = TfidfBaseline.Learn("tfidf", train.Rows, seed: seed);
        return Metric.Accuracy.Compute(task.Evaluate(task.Number(test.Rows)));
    }

    private static double[] Accuracies(Backbone backbone, string[] layers, LabelledRows train, LabelledRows test, int[][] picks)
    {
        var blocks = backbone.Config.Layers;
        // A small network has fewer layers to put side by side.
        FeatureRecipe[] recipes = [.. layers.Select(name => name == "before-last" ? LayerMix.Layer(blocks - 1) : LayerMix.Parse(name))
            .Select(mix => new FeatureRecipe(Pooling.Mean, mix.Kind == LayerMixKind.Single ? mix : mix with { Count = Math.Min(mix.Count, blocks + 1) }))];
        int[] used = [.. picks.SelectMany(rows => rows).Distinct().Order()];
        var (known, asked) = (Extract(backbone, [.. used.Select(row => train.Rows[row])]), Extract(backbone, test.Rows));
        var place = used.Select((row, at) => (row, at)).ToDictionary(entry => entry.row, entry => entry.at);
        var accuracies = new double[picks.Length];
        for (var seed = 0; seed < picks.Length; seed++)
        {
            int[] labels = [.. picks[seed].Select(row => train.Labels[row])];
            var folds = Splits.Folds(labels, 5, seed);
            (double Score, FeatureRecipe Recipe, double C) best = (-1, recipes[0], 1);
            foreach (var recipe in recipes)
            {
                var found = LogisticRegression.CrossValidate(Mix(recipe, known, [.. picks[seed].Select(row => place[row])]), labels, train.Classes, folds, [], Quick);
                if (found.BestScore > best.Score) best = (found.BestScore, recipe, found.BestC);
            }
            var head = LogisticRegression.Fit(Mix(best.Recipe, known, [.. picks[seed].Select(row => place[row])]), labels, train.Classes, new LogisticRegressionOptions { C = best.C, Tolerance = 1e-6, DoublePrecision = false });
            var scores = head.Scores(Mix(best.Recipe, asked, [.. Enumerable.Range(0, test.Rows.Count)]));
            accuracies[seed] = Enumerable.Range(0, test.Rows.Count).Average(row => System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(scores.AsSpan(row * train.Classes, train.Classes)) == test.Labels[row] ? 1.0 : 0);
        }
        return accuracies;

        FeatureMatrix Mix(FeatureRecipe recipe, ReadOnlyMemory<float>[] rows, int[] which)
        {
            var width = recipe.Width(backbone);
            var values = new float[which.Length * width];
            for (var r = 0; r < which.Length; r++) recipe.Layers.Apply(rows[which[r]].Span, backbone.Config.Width, values.AsSpan(r * width, width));
            return new FeatureMatrix(values, which.Length, width);
        }
    }

    private static ReadOnlyMemory<float>[] Extract(Backbone backbone, IReadOnlyList<Row> rows) =>
        [.. new FeatureExtractor(backbone, new FeatureOptions()).Extract(rows).SelectMany(block => block.Vectors(Pooling.Mean))];

    private static double Mean(double[] values) => values.Length == 0 ? double.NaN : values.Average();

    private static string Show(double[] values) =>
        values.Length == 0 ? "-" : $"{100 * values.Average():F1} ({100 * Math.Sqrt(values.Sum(value => Math.Pow(value - values.Average(), 2)) / Math.Max(1, values.Length - 1)):F1})";
}
