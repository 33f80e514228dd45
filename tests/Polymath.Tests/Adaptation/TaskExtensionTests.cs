using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Tasks.Heads;

namespace Polymath.Tests;

/// <summary>New rows and new classes for tasks that were learned before.</summary>
public sealed class TaskExtensionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Library => _folder["library"];

    public void Dispose() => _folder.Dispose();

    /// <summary>Sums do not know in which order rows came: learned in two parts is learned at once, a class that only the second part has included.</summary>
    [Theory]
    [InlineData(HeadMethod.NearestMean)]
    [InlineData(HeadMethod.Lda)]
    public void Heads_of_sums_learn_from_new_rows_alone_what_they_learn_from_all(HeadMethod head)
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        var options = new FeatureExtractionOptions { Layers = LayerMix.MeanOfTop(2), Head = head };
        Row[] rows = FeatureExtractionTests.Rows(120), first = [.. rows.Take(60).Where(row => row.Label != "food")], second = [.. rows.Except(first)];
        FeatureExtraction.ExtractFeatures(backbone, "kind", first, options).Save(Library);
        var loaded = LearnedTask.Load(Library, "kind", backbone);
        var extended = TaskExtension.Extend(loaded, second);
        Assert.True(extended.Added);
        Assert.Equal(["food"], extended.NewLabels);
        Assert.Equal(["animal", "weather", "food"], extended.Task.Labels.Names); // known classes keep their numbers
        Assert.Equal(120, extended.Task.Artifact.Training!.Rows);
        var whole = FeatureExtraction.ExtractFeatures(backbone, "kind", rows, options);
        foreach (var (a, b) in whole.Predict(Asked).Zip(extended.Task.Predict(Asked)))
        {
            Assert.Equal(a.Label, b.Label);
            Assert.Equal(a.Probability, b.Probability, 1e-4);
        }
        // What was saved goes on as well, and what it was made from did not change.
        extended.Task.Save(Library);
        Assert.Equal(120 + 9, TaskExtension.Extend(LearnedTask.Load(Library, "kind", backbone), FeatureExtractionTests.Rows(9, 5)).Task.Artifact.Training!.Rows);
        Assert.Equal(["animal", "weather"], loaded.Labels.Names);
    }

    [Fact]
    public void Logistic_regression_starts_from_its_old_head_and_reaches_the_optimum_of_all_rows()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        Row[] rows = FeatureExtractionTests.Rows(90);
        var task = FeatureExtraction.ExtractFeatures(backbone, "kind", rows.Take(60).Where(row => row.Label != "animal"), new FeatureExtractionOptions { Layers = LayerMix.Last, Grid = [1] });
        var extended = TaskExtension.Extend(task, rows);
        Assert.False(extended.Added);
        Assert.Equal(["food", "weather", "animal"], extended.Task.Labels.Names);
        Assert.Equal("1", extended.Task.Artifact.Training!.Options["c"]);
        var features = new FeatureExtractor(backbone, new FeatureOptions { LastLayerOnly = true }).Extract(rows).SelectMany(block => block.Vectors(Backbones.Pooling.Mean)).SelectMany(vector => vector.ToArray()).ToArray();
        var optimum = LogisticRegression.Fit(new FeatureMatrix(features, 90, TinyModel.Width), extended.Task.Labels.IdsOf(rows), 3, new LogisticRegressionOptions { C = 1 });
        var head = ((FeatureScorer)extended.Task.Scorer).Head.Arrays[0].Values;
        for (var i = 0; i < head.Length; i++) Assert.Equal(optimum.Weights[i], head[i], 1e-3f);
    }

    [Fact]
    public void Heads_without_sums_say_which_old_rows_are_missing()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        Row[] rows = FeatureExtractionTests.Rows(60), food = [.. rows.Where(row => row.Label == "food")];
        var task = FeatureExtraction.ExtractFeatures(backbone, "kind", rows, new FeatureExtractionOptions { Layers = LayerMix.Last });
        Assert.Contains("'animal'; logistic regression needs old and new rows together", Assert.Throws<PolymathException>(() => TaskExtension.Extend(task, food)).Message);
        var tfidf = TfidfBaseline.Learn("kind", rows);
        Assert.Contains("TF-IDF needs old and new rows", Assert.Throws<PolymathException>(() => TaskExtension.Extend(tfidf, food)).Message);
        var gradient = FeatureExtraction.ExtractFeatures(backbone, "kind", rows, new FeatureExtractionOptions { Layers = LayerMix.Last, Head = HeadMethod.Gradient });
        Assert.Contains("gradient", Assert.Throws<PolymathException>(() => TaskExtension.Extend(gradient, rows)).Message);
        var names = LabelNames.Learn(backbone, "kind", new Dictionary<string, string> { ["food"] = "bread", ["weather"] = "rain" });
        Assert.Contains("label-names", Assert.Throws<PolymathException>(() => TaskExtension.Extend(names, rows)).Message);
    }

    /// <summary>The old task is measured as it is: it cannot know a class that is new.</summary>
    [Fact]
    public void Before_and_after_are_measured_on_the_same_rows()
    {
        Row[] rows = FeatureExtractionTests.Rows(150), old = [.. rows.Where(row => row.Label != "animal")];
        var task = TfidfBaseline.Learn("kind", old);
        var extended = TaskExtension.Extend(task, rows);
        Assert.Equal(["food", "weather", "animal"], extended.Task.Labels.Names);
        var test = LabelledRows.From(FeatureExtractionTests.Rows(60, 7), extended.Task.Labels);
        var measured = ExtensionComparison.Measure(task, extended.Task, test, Metric.Accuracy);
        Assert.Equal((60, 40), (measured.All.Rows, measured.KnownClasses!.Rows));
        Assert.InRange(measured.All.Before.Value, 0.5, 2.0 / 3);
        Assert.Equal(measured.All.After.Value - measured.All.Before.Value, measured.All.Difference.Difference, 12);
        Assert.InRange(measured.All.Difference.Low, 0.1, 1);
        Assert.Null(ExtensionComparison.Measure(task, TaskExtension.Extend(task, old).Task, LabelledRows.From(old, task.Labels), Metric.Accuracy).KnownClasses);
    }

    [Fact]
    public async Task The_command_line_extends_measures_and_keeps_the_old_generation()
    {
        var model = TinyModel.Write(_folder["model"]);
        var first = Write("first.csv", FeatureExtractionTests.Rows(60).Where(row => row.Label != "food"));
        var second = Write("second.csv", FeatureExtractionTests.Rows(90, 2));
        var test = Write("test.csv", FeatureExtractionTests.Rows(45, 3));
        (await CliRun.Of("adapt", "--model", model, "--data", first, "--task", "kind", "--library", Library, "--layers", "last", "--head", "lda")).Ok();
        var json = (await CliRun.Of("adapt", "--extend", "kind", "--data", second, "--test", test, "--library", Library, "--json")).Ok().Json;
        Assert.Equal(["food"], json.GetProperty("newLabels").EnumerateArray().Select(label => label.GetString()));
        Assert.Equal((2, 130), (json.GetProperty("generation").GetInt32(), json.GetProperty("learnedFromRows").GetInt32()));
        Assert.Equal((45, 30), (json.GetProperty("all").GetProperty("rows").GetInt32(), json.GetProperty("knownClasses").GetProperty("rows").GetInt32()));
        Assert.True(json.GetProperty("all").GetProperty("difference")[1].GetDouble() > 0);
        var held = (await CliRun.Of("adapt", "--extend", "kind", "--task", "kind2", "--data", second, "--library", Library)).Ok();
        Assert.Contains("held out", held.Error);
        Assert.Contains("0 new classes", held.Output);
        Assert.Contains("task 'kind2' now knows 3 classes from 220 rows", held.Output);
        Assert.Equal(["kind", "kind2"], TaskLibrary.Open(Library).Tasks.Select(task => task.Name).Order());
        (await CliRun.Of("adapt", "--extend", "kind", "--library", Library)).Refused("--data is missing");
        (await CliRun.Of("adapt", "--extend", "nothing", "--data", second, "--library", Library)).Refused("nothing");
        (await CliRun.Of("adapt", "--extend", "kind", "--data", second, "--head", "lda", "--library", Library)).Refused("--head does not apply to --extend");
    }

    private static string[] Asked { get; } = [.. FeatureExtractionTests.Rows(30, 9).Select(row => row.Text)];

    private string Write(string name, IEnumerable<Row> rows)
    {
        File.WriteAllLines(_folder[name], ["text,label", .. rows.Select(row => $"{row.Text},{row.Label}")]);
        return _folder[name];
    }
}
