using Polymath.Backbones;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;
using Polymath.Tasks.Scope;

namespace Polymath.Bench;

/// <summary>
/// Out-of-scope detection on CLINC150 with frozen all-MiniLM-L6-v2. The score is chosen without the test: a fifth of the classes in turn, and
/// a fifth of the domains, is left out of training and plays the part of out-of-scope rows among the validation rows. Then, with all classes:
/// threshold on validation.csv, AUROC and caught share of out_of_scope_test.csv against test.csv.
/// </summary>
internal static class OutOfScopeBench
{
    private static readonly string[] Scores =
        ["probability", "logit", "energy", "nearest-row", "class-distance", "probability+logit", "logit+nearest-row", "probability+nearest-row", "probability+logit+nearest-row", "logit+class-distance", "energy+nearest-row", "logit+nearest-row+class-distance"];

    public static int Run(string[] args)
    {
        var c = double.Parse(Timing.Option(args, "--c", "1"), System.Globalization.CultureInfo.InvariantCulture);
        Timing.Announce($"out-of-scope: frozen all-MiniLM-L6-v2, CLINC150, mean pooling, logistic regression with C {c}");
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        using var store = FeatureStore.Open(Timing.Option(args, "--store", Path.Combine(CacheFolder.Default, "features.db")));
        var train = LabelledRows.From(Sentences.Of("clinc150", "train"));
        Set All(string part, LabelMap? map) => Set.Read(backbone, store, part, map);
        Set learn = All("train", train.Map), validation = All("validation", train.Map), test = All("test", train.Map), strange = All("out_of_scope_test", null);
        foreach (var layers in Timing.Option(args, "--layers", "last,concat3").Split(','))
        {
            var recipe = new FeatureRecipe(Pooling.Mean, LayerMix.Parse(layers));
            FeatureMatrix x = learn.Features(recipe), held = validation.Features(recipe), known = test.Features(recipe), other = strange.Features(recipe);
            Console.WriteLine($"\n{layers}: {x.Columns} values a row   load {Timing.Load()}");
            var byClass = LeaveOut(ClassFolds(train.Classes), x, learn.Labels, held, validation.Labels, c);
            var byDomain = LeaveOut(DomainFolds(train.Map), x, learn.Labels, held, validation.Labels, c);
            var head = Fit(x, learn.Labels, train.Classes, c);
            float[] heldLogits = head.Scores(held), knownLogits = head.Scores(known), otherLogits = head.Scores(other);
            Console.WriteLine($"{"score",-36}{"left-out classes",18}{"domains",9}{"test AUROC",12}{"kept",8}{"caught",8}{"threshold",11}");
            for (var s = 0; s < Scores.Length; s++)
            {
                var detector = OutOfScope.Fit(x, learn.Labels, held, heldLogits, train.Classes, new OutOfScopeOptions { Scores = ScopeScores.Parse(Scores[s]) });
                var report = detector.Measure(detector.Score(known, knownLogits, train.Classes), detector.Score(other, otherLogits, train.Classes));
                Console.WriteLine($"{Scores[s],-36}{byClass[s],18:F4}{byDomain[s],9:F4}{report.Auroc,12:F4}{report.Kept,8:P1}{report.Caught,8:P1}{detector.Threshold,11:F4}");
            }
        }
        return 0;
    }

    /// <summary>Classes in five random parts.</summary>
    private static int[] ClassFolds(int classes)
    {
        int[] order = [.. Enumerable.Range(0, classes)], folds = new int[classes];
        new Polymath.Evaluation.SeededRandom(0).Shuffle<int>(order);
        for (var k = 0; k < classes; k++) folds[order[k]] = k % 5;
        return folds;
    }

    /// <summary>Two domains a part.</summary>
    private static int[] DomainFolds(LabelMap map)
    {
        var folds = new int[map.Count];
        string[] domains = [.. Directory.GetDirectories(Timing.Shared("data", "clinc150", "by_domain")).Order(StringComparer.Ordinal)];
        for (var d = 0; d < domains.Length; d++)
            foreach (var label in DataFile.Open(Path.Combine(domains[d], "validation.csv"), new DataOptions { LabelRequired = true }).Rows().Select(row => row.Label!).Distinct()) folds[map.IdOf(label)] = d / 2;
        return folds;
    }

    /// <summary>Each score's mean AUROC where each of five parts of the classes in turn is unknown.</summary>
    private static double[] LeaveOut(int[] folds, FeatureMatrix x, int[] labels, FeatureMatrix held, int[] heldLabels, double c)
    {
        var sums = new double[Scores.Length];
        for (var fold = 0; fold < 5; fold++)
        {
            int[] place = [.. Enumerable.Repeat(-1, folds.Length)];
            var kept = 0;
            for (var k = 0; k < folds.Length; k++)
                if (folds[k] != fold) place[k] = kept++;
            int[] rows = [.. Enumerable.Range(0, x.Rows).Where(r => place[labels[r]] >= 0)];
            int[] inside = [.. Enumerable.Range(0, held.Rows).Where(r => place[heldLabels[r]] >= 0)], outside = [.. Enumerable.Range(0, held.Rows).Where(r => place[heldLabels[r]] < 0)];
            var (train, known, strange) = (x.Take(rows), held.Take(inside), held.Take(outside));
            int[] numbered = [.. rows.Select(r => place[labels[r]])];
            var head = Fit(train, numbered, kept, c);
            float[] logits = head.Scores(known), strangeLogits = head.Scores(strange);
            for (var s = 0; s < sums.Length; s++)
            {
                var detector = OutOfScope.Fit(train, numbered, known, logits, kept, new OutOfScopeOptions { Scores = ScopeScores.Parse(Scores[s]) });
                sums[s] += detector.Measure(detector.Score(known, logits, kept), detector.Score(strange, strangeLogits, kept)).Auroc / 5;
            }
        }
        return sums;
    }

    private static LinearHead Fit(FeatureMatrix x, int[] labels, int classes, double c) =>
        LogisticRegression.Fit(x, labels, classes, new LogisticRegressionOptions { C = c, DoublePrecision = false, Tolerance = 1e-6 });

    /// <summary>A part's pooled layers and classes.</summary>
    private sealed record Set(Backbone Backbone, FeatureBlock[] Blocks, int[] Labels)
    {
        public static Set Read(Backbone backbone, FeatureStore store, string part, LabelMap? map)
        {
            var rows = Sentences.Of("clinc150", part);
            var blocks = new FeatureExtractor(backbone, new FeatureOptions { Store = store }).Extract(rows).ToArray();
            return new Set(backbone, blocks, map?.IdsOf(rows) ?? []);
        }

        public FeatureMatrix Features(FeatureRecipe recipe) =>
            new([.. Blocks.SelectMany(block => recipe.Apply(Backbone, block).Values)], Blocks.Sum(block => block.Rows.Length), recipe.Width(Backbone));
    }
}
