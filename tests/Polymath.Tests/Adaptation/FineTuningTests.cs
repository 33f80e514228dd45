using Polymath.Adaptation;
using Polymath.Checkpoints;
using Polymath.Evaluation;
using Polymath.Tasks;
using Polymath.Training;
using TorchSharp;

namespace Polymath.Tests;

/// <summary>Fine-tuning from rows to a saved task with weights of its own, on a tiny network.</summary>
public sealed class FineTuningTests
{
    private static readonly FineTuningOptions Quick = new() { LearningRate = 1e-3, Epochs = 2, BatchRows = 8, Dropout = 0 };

    private static Row[] Rows(int count, ulong seed = 1) => FeatureExtractionTests.Rows(count, seed);

    [Fact]
    public void ATaskCarriesItsWeightsAndPredictsTheSameAfterLoading()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        using var task = backbone.FineTune("kind", Rows(150), Quick with { Epochs = 10 });
        string[] asked = [.. Rows(30, seed: 3).Select(row => row.Text)];
        var predicted = task.Predict(asked).ToArray();
        Assert.InRange(Metric.Accuracy.Compute(task.Evaluate(task.Number(Rows(60, seed: 2)))), 0.8, 1);
        task.Save(folder["library"]);
        using var loaded = LearnedTask.Load(folder["library"], "kind", backbone);
        Assert.Equal(predicted.SelectMany(p => p.Ranked), loaded.Predict(asked).SelectMany(p => p.Ranked));
        Assert.Equal(("fine-tuning", "linear", "10"), (loaded.Artifact.Method, loaded.Artifact.HeadKind, loaded.Artifact.Training!.Options["epochs"]));
        // The weights are the backbone's, all of them, under their own names, and moved.
        using var tuned = Checkpoint.Open(Directory.EnumerateFiles(folder["library"], "backbone.safetensors", SearchOption.AllDirectories).Single());
        using var original = Checkpoint.Open(folder["model"]);
        Assert.Contains("bert.encoder.layer.0.output.dense.weight", tuned.Names);
        Assert.All(tuned.Names, name => Assert.NotEqual(original.ReadFloats(name), tuned.ReadFloats(name)));
    }

    [Fact]
    public void DamagedOrMissingWeightsAreSaid()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        using (var task = backbone.FineTune("kind", Rows(30), Quick with { Epochs = 1 })) task.Save(folder["library"]);
        var file = Directory.EnumerateFiles(folder["library"], "backbone.safetensors", SearchOption.AllDirectories).Single();
        var bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^100]);
        Assert.Contains("differs", Assert.Throws<PolymathException>(() => LearnedTask.Load(folder["library"], "kind", backbone)).Message, StringComparison.Ordinal);
        File.Delete(file);
        Assert.Contains("missing", Assert.Throws<PolymathException>(() => LearnedTask.Load(folder["library"], "kind", backbone)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheSameSeedGivesTheSameBitsAndAnotherOneOthers()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        string HashOf(int seed)
        {
            using var task = backbone.FineTune("kind", Rows(60), Quick with { Dropout = 0.1, Seed = seed });
            return task.Artifact.Weights!.Hash;
        }
        var first = HashOf(1);
        Assert.Equal(first, HashOf(1));
        Assert.NotEqual(first, HashOf(2));
    }

    [Fact]
    public void AStoppedTrainingGoesOnWhereItStoodAndEndsTheSame()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var options = Quick with { Dropout = 0.1, CheckpointFolder = folder["state"], ValidationShare = 0.2 };
        using var whole = backbone.FineTune("kind", Rows(90), options with { CheckpointFolder = null });
        using var source = new CancellationTokenSource();
        var stop = new Relay<WorkProgress>(p => { if (p is { Stage: "training", Done: 7 }) source.Cancel(); });
        Assert.Throws<OperationCanceledException>(() => backbone.FineTune("kind", Rows(90), options, progress: stop, cancellation: source.Token));
        Assert.Single(Directory.GetFiles(folder["state"]));
        var steps = new List<long>();
        using var resumed = backbone.FineTune("kind", Rows(90), options, progress: new Relay<WorkProgress>(p => { if (p.Stage == "training") steps.Add(p.Done); }));
        Assert.Equal(8, steps[0]);
        Assert.Equal(whole.Artifact.Weights!.Hash, resumed.Artifact.Weights!.Hash);
        Assert.Equal(whole.Artifact.Arrays.SelectMany(a => a.Values), resumed.Artifact.Arrays.SelectMany(a => a.Values));
    }

    [Fact]
    public void TheFoldersOwnHeadCanBeKept()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"], "bert-classify"));
        Row[] Named(Row[] rows) => [.. rows.Select(row => row with { Label = row.Label switch { "animal" => "LABEL_2", "food" => "LABEL_0", _ => "LABEL_1" } })];
        using var task = backbone.FineTune("kind", Named(Rows(90)), Quick with { KeepHead = true, Epochs = 4 });
        Assert.Equal(["LABEL_0", "LABEL_1", "LABEL_2"], task.Labels.Names);
        Assert.InRange(Metric.Accuracy.Compute(task.Evaluate(task.Number(Named(Rows(60, seed: 2))))), 0.8, 1);
        task.Save(folder["library"]);
        using var loaded = LearnedTask.Load(folder["library"], "kind", backbone);
        Assert.Equal(task.Predict(["cat dog", "rain"]).SelectMany(p => p.Ranked), loaded.Predict(["cat dog", "rain"]).SelectMany(p => p.Ranked));
        Assert.Contains("only for its own labels", Assert.Throws<PolymathException>(() => backbone.FineTune("kind", Rows(30), Quick with { KeepHead = true })).Message, StringComparison.Ordinal);
        using var bare = Backbone.Load(TinyModel.Write(folder["bare"]));
        Assert.Contains("no classification head", Assert.Throws<PolymathException>(() => bare.FineTune("kind", Rows(30), Quick with { KeepHead = true })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ValidationChoosesTheEpochAndStopsEarly()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        using var task = backbone.FineTune("kind", Rows(60), Quick with { Epochs = 12, Patience = 2, LearningRate = 2e-3 }, validation: Rows(30, seed: 4));
        var record = task.Artifact.Training!.Options;
        double[] scores = [.. record["validation"].Split(' ').Select(double.Parse)];
        Assert.Equal(Array.IndexOf(scores, scores.Max()) + 1, int.Parse(record["best_epoch"]));
        Assert.Equal(scores.Max(), Metric.Accuracy.Compute(task.Evaluate(task.Number(Rows(30, seed: 4)))), 1e-4);
        Assert.True(scores.Length < 12);
    }

    [Theory]
    [InlineData("learning rate")]
    [InlineData("epochs")]
    [InlineData("parts")]
    [InlineData("dropout")]
    public void OptionsOutOfRangeAreSaidBeforeTheWork(string what)
    {
        var options = what switch { "learning rate" => Quick with { LearningRate = 0 }, "epochs" => Quick with { Epochs = 0 }, "parts" => Quick with { Accumulate = 9 }, _ => Quick with { Dropout = 1 } };
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        Assert.Contains(what, Assert.Throws<PolymathException>(() => backbone.FineTune("kind", Rows(30), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TrainingLeavesNoTensors()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        backbone.FineTune("kind", Rows(30), Quick).Dispose();
        long Count()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return torch.Tensor.TotalCount;
        }
        var before = Count();
        for (var i = 0; i < 3; i++) backbone.FineTune("kind", Rows(30), Quick with { Dropout = 0.1 }).Dispose();
        Assert.Equal(before, Count());
    }

    [Fact]
    public void SeveralLabelsNumbersAndPairsAreTrainedToo()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        string[] kinds = ["animal", "food", "weather"];
        Row[] single = Rows(90), other = Rows(90, seed: 9);
        Row[] labels = [.. single.Zip(other.Skip(1), (a, b) => new Row($"{a.Text} {b.Text}") { Labels = a.Label == b.Label ? [a.Label!] : [a.Label!, b.Label!], Line = a.Line })];
        Row[] values = [.. single.Select(row => new Row(row.Text) { Label = $"{10 * Array.IndexOf(kinds, row.Label)}", Line = row.Line })];
        Row[] pairs = [.. single.Zip(other.Reverse(), (a, b) => new Row(a.Text) { Pair = b.Text, Label = a.Label == b.Label ? "same" : "different", Line = a.Line })];
        foreach (var (name, rows, kind, metric, atLeast) in new[]
        {
            ("labels", labels, TaskKind.MultiLabel, Metric.MicroF1, 0.9), ("value", values, TaskKind.Regression, Metric.Spearman, 0.85), ("pair", pairs, TaskKind.Classification, Metric.Accuracy, 0.85),
        })
        {
            using var task = backbone.FineTune(name, rows, Quick with { Epochs = 6, Kind = kind, Metric = metric, Pairs = Features.PairEncoding.Siamese }, validation: rows);
            var measured = metric.Compute(task.Measure(task.Number(rows)));
            // What training computed of a row is what prediction computes: with the thresholds of one half, before they are chosen, for several labels.
            if (kind != TaskKind.MultiLabel) Assert.Equal(task.Artifact.Training!.Options["validation"].Split(' ').Max(double.Parse), measured, 1e-3);
            Assert.InRange(measured, atLeast, 1);
            task.Save(folder["library"]);
            using var loaded = LearnedTask.Load(folder["library"], name, backbone);
            Assert.Equal(measured, metric.Compute(loaded.Measure(loaded.Number(rows))));
        }
    }

    [Fact]
    public void ContrastiveTrainingBringsAClassTogether()
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var few = Rows(24);
        using var task = backbone.TrainContrastively("kind", few, new ContrastiveOptions { LearningRate = 5e-4, PairsPerRow = 20 });
        using var frozen = FeatureExtraction.ExtractFeatures(backbone, "kind", few, new FeatureExtractionOptions { Layers = Features.LayerMix.Last });
        var test = Rows(120, seed: 8);
        double Accuracy(LearnedTask of) => Metric.Accuracy.Compute(of.Evaluate(of.Number(test)));
        Assert.InRange(Accuracy(task), Accuracy(frozen), 1);
        Assert.Equal("480", task.Artifact.Training!.Options["pairs"]);
        task.Save(folder["library"]);
        using var loaded = LearnedTask.Load(folder["library"], "kind", backbone);
        Assert.Equal(task.Predict(["cat", "rain"]).SelectMany(p => p.Ranked), loaded.Predict(["cat", "rain"]).SelectMany(p => p.Ranked));
        Assert.Contains("single texts", Assert.Throws<PolymathException>(() => backbone.TrainContrastively("pair", [.. few.Select(row => row with { Pair = "cat" })])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PairsAreSampledEvenlyAndNeverAllOfThem()
    {
        int[] labels = [.. Enumerable.Range(0, 3000).Select(row => row % 7 == 0 ? 1 : 0)];
        var pairs = SampledPairs.Draw(labels, 6000, seed: 2);
        Assert.Equal(6000, pairs.Length);
        Assert.All(pairs, pair => Assert.True(pair.First != pair.Second && labels[pair.First] == labels[pair.Second] == pair.Alike));
        Assert.Equal(3000, pairs.Count(pair => pair.Alike));
        Assert.All(pairs.GroupBy(pair => pair.First), group => Assert.Equal(2, group.Count()));
        Assert.Equal(pairs, SampledPairs.Draw(labels, 6000, seed: 2));
        Assert.NotEqual(pairs, SampledPairs.Draw(labels, 6000, seed: 3));
        // A class of one row has no pair of its own; a class that is nearly everything is still left when a stranger is wanted.
        int[] lone = [0, .. Enumerable.Repeat(1, 99)];
        Assert.All(SampledPairs.Draw(lone, 500, seed: 1), pair => Assert.Equal(pair.Alike, lone[pair.First] == lone[pair.Second]));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0.8, 0.5)]
    public void TrainingTheTokensThatOccurIsTrainingTheWholeTable(double layerDecay, double unfreezeEvery)
    {
        using var folder = new TemporaryFolder();
        using var backbone = Backbone.Load(TinyModel.Write(folder["model"]));
        var data = LabelledRows.From(Rows(40));
        var texts = Features.TokenRow.Read(backbone, data.Rows, null);
        var settings = new TrainingSettings { LearningRate = 1e-2, Epochs = 3, LayerDecay = layerDecay, UnfreezeEvery = unfreezeEvery, WeightDecay = 0.1 };
        var used = UsedVocabulary.Of(texts);
        Assert.InRange(used.Count, 10, TinyModel.Words.Length - 50);
        using var checkpoint = Checkpoint.Open(folder["model"]);
        Dictionary<string, float[]> Train(UsedVocabulary? vocabulary)
        {
            using var network = backbone.LoadTrainable(withHead: false, vocabulary);
            using var head = new NewHead(new Tasks.Heads.LinearHead(new float[3 * TinyModel.Width], new float[3], TinyModel.Width), Backbones.Pooling.Mean);
            var problem = new FineTuningProblem(network, head, vocabulary?.Renumber(texts) ?? texts, new CrossEntropyLoss(data.Labels), new RowOrder(40, 8, 1), 1, Native.Precision.Float32, null);
            var report = new TrainingLoop(ParameterGroups.ByDepth(network.Parameters, head.Parameters, TinyModel.Layers, settings, 5), settings).Run(problem);
            var all = vocabulary?.Expand(network.Parameters, checkpoint, report.TableDecay) ?? network.Parameters.ToDictionary();
            return all.ToDictionary(entry => entry.Key, entry => entry.Value.detach().contiguous().data<float>().ToArray());
        }
        Dictionary<string, float[]> whole = Train(null), small = Train(used);
        Assert.Equal(whole.Keys.Order(), small.Keys.Order());
        foreach (var (name, values) in whole)
            for (var i = 0; i < values.Length; i++) Assert.Equal(values[i], small[name][i], 2e-5f);
    }
}
