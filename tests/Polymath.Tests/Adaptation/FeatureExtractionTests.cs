using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Tests;

/// <summary>The way from rows to a saved task, on a tiny network.</summary>
public class FeatureExtractionTests
{
    /// <summary>Three kinds of made-up sentences; which words occur decides the label.</summary>
    internal static Row[] Rows(int count, ulong seed = 1)
    {
        string[][] kinds = [["cat", "dog", "bird", "fish", "horse"], ["bread", "milk", "tea", "coffee", "apple"], ["rain", "snow", "wind", "sun", "moon"]];
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(i => new Row(string.Join(' ', Enumerable.Range(0, 3 + random.Next(5)).Select(_ => random.Next(3) == 0 ? "the" : kinds[i % 3][random.Next(5)])))
        {
            Label = new[] { "animal", "food", "weather" }[i % 3], Line = i + 2,
        })];
    }

    [Fact]
    public async Task Three_calls_lead_from_a_folder_to_a_prediction_and_a_saved_task_predicts_the_same()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var task = await backbone.ExtractFeaturesAsync("kind", Rows(90), new FeatureExtractionOptions { Layers = LayerMix.MeanOfTop(2) });
        string[] asked = [.. Rows(30, seed: 3).Select(row => row.Text)];
        var predicted = task.Predict(asked).ToArray();
        Assert.Equal(asked, predicted.Select(p => p.Row.Text));
        Assert.All(predicted, p => Assert.Equal(1, p.Ranked.Sum(r => r.Probability), 1e-5));
        task.Save(folder["library"]);
        var loaded = LearnedTask.Load(folder["library"], "kind", backbone);
        Assert.Equal(predicted.SelectMany(p => p.Ranked), loaded.Predict(asked).SelectMany(p => p.Ranked));
        Assert.True(task.Evaluate(task.Number(Rows(60, seed: 2))) is { } outcomes && Metric.Accuracy.Compute(outcomes) > 0.7);
    }

    [Fact]
    public void A_task_is_refused_by_another_backbone()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        using var other = Backbone.Load(TinyModel.Write(folder["other"], "bert-classify"));
        FeatureExtraction.ExtractFeatures(backbone, "kind", Rows(30), new FeatureExtractionOptions { Layers = LayerMix.Last }).Save(folder["library"]);
        Assert.Contains("belongs to the backbone", Assert.Throws<PolymathException>(() => LearnedTask.Load(folder["library"], "kind", other)).Message, StringComparison.Ordinal);
        Assert.Contains("needs its backbone", Assert.Throws<PolymathException>(() => LearnedTask.Load(folder["library"], "kind")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_filled_store_nothing_goes_through_the_network_and_the_bits_are_the_same()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var rows = Rows(150);
        var without = FeatureExtraction.ExtractFeatures(backbone, "kind", rows);
        using var store = FeatureStore.Open(folder["features.db"]);
        var options = new FeatureExtractionOptions { Store = store };
        var first = FeatureExtraction.ExtractFeatures(backbone, "kind", rows, options);
        Assert.Equal(rows.Length, first.Report!.Computed + first.Report.FromStore);
        var passes = backbone.ForwardPasses;
        var second = FeatureExtraction.ExtractFeatures(backbone, "kind", rows, options);
        Assert.Equal(passes, backbone.ForwardPasses);
        Assert.Equal(0, second.Report!.Computed);
        foreach (var task in new[] { first, second })
            Assert.Equal(without.Artifact.Arrays.SelectMany(a => a.Values), task.Artifact.Arrays.SelectMany(a => a.Values));
        Assert.Equal(without.Candidates, second.Candidates);
    }

    [Fact]
    public void The_search_covers_layers_and_poolings_and_looks_at_training_rows_only()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var task = FeatureExtraction.ExtractFeatures(backbone, "kind", Rows(120));
        Assert.Equal(3, task.Candidates.Select(c => c.Recipe.Pooling).Distinct().Count());
        Assert.Superset(new HashSet<LayerMixKind>([LayerMixKind.Single, LayerMixKind.Mean, LayerMixKind.Concat]), task.Candidates.Select(c => c.Recipe.Layers.Kind).ToHashSet());
        Assert.Equal(3, task.Candidates.Count(c => !double.IsNaN(c.CrossValidated)));
        Assert.Equal(task.Candidates.Max(c => c.CrossValidated), task.Candidates[0].CrossValidated);
        Assert.Equal((task.Candidates[0].Recipe.Pooling.ToString().ToLowerInvariant(), task.Candidates[0].Recipe.Layers.ToString()), (task.Artifact.Pooling, task.Artifact.Layers));
    }

    [Theory]
    [InlineData(HeadMethod.NearestMean, 0.75), InlineData(HeadMethod.Lda, 0.85), InlineData(HeadMethod.Gradient, 0.85), InlineData(HeadMethod.LogisticRegression, 0.85)]
    public void Every_head_learns_the_task(HeadMethod head, double atLeast)
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var task = FeatureExtraction.ExtractFeatures(backbone, "kind", Rows(240), new FeatureExtractionOptions { Head = head, Layers = LayerMix.MeanOfTop(3) });
        Assert.InRange(Metric.Accuracy.Compute(task.Evaluate(task.Number(Rows(90, seed: 5)))), atLeast, 1);
    }

    [Fact]
    public void Features_that_do_not_fit_memory_are_streamed_to_a_gradient_trained_head()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var task = FeatureExtraction.ExtractFeatures(backbone, "kind", Rows(240), new FeatureExtractionOptions { Layers = LayerMix.MeanOfTop(3), MaxFeatureBytes = 1000 });
        Assert.InRange(Metric.Accuracy.Compute(task.Evaluate(task.Number(Rows(90, seed: 5)))), 0.85, 1);
    }

    [Fact]
    public void Label_names_answer_without_a_labelled_row_by_the_nearest_sentence_vector()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var task = LabelNames.Learn(backbone, "kind", new Dictionary<string, string> { ["animal"] = "cat dog", ["weather"] = "rain wind" });
        Assert.Equal(["animal", "weather"], task.Predict(["cat dog", "rain wind"]).Select(p => p.Label)); // a label's own description is nearest to it
        Assert.Throws<PolymathException>(() => LabelNames.Learn(backbone, "kind", new Dictionary<string, string> { ["one"] = "cat" }));
    }

    [Fact]
    public void The_comparison_stands_on_the_same_rows_and_knows_the_majority()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var train = LabelledRows.From(Rows(120));
        var test = LabelledRows.From(Rows(60, seed: 7), train.Map);
        var task = FeatureExtraction.ExtractFeatures(backbone, "kind", train.Rows, new FeatureExtractionOptions { Layers = LayerMix.Last });
        var scores = MethodComparison.Run(task, 1, train, test, Metric.Accuracy, seed: 0);
        Assert.Equal(3, scores.Count);
        Assert.All(scores, score => Assert.Equal(test.Labels, Assert.IsType<Outcomes>(score.Outcomes).Labels));
        Assert.Equal(1 / 3.0, scores[0].Interval.Value, 1e-9);
        Assert.Equal(scores[2].Interval.Value - scores[1].Interval.Value, scores[2].AgainstBaseline!.Difference, 1e-9);
    }

    [Fact]
    public void A_cancelled_run_stops_and_keeps_what_is_in_the_store()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]), new BackboneOptions { TokenBudget = 64 });
        using var store = FeatureStore.InMemory();
        using var source = new CancellationTokenSource();
        var seen = 0;
        var progress = new Stop(() => { if (++seen == 5) source.Cancel(); });
        Assert.Throws<OperationCanceledException>(() => FeatureExtraction.ExtractFeatures(backbone, "kind", Rows(300), new FeatureExtractionOptions { Store = store }, progress, source.Token));
        Assert.Equal(5, backbone.ForwardPasses);
    }

    private sealed class Stop(Action seen) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => seen();
    }
}
