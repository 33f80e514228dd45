using Polymath.Evaluation;
using Polymath.Training;
using TorchSharp;

namespace Polymath.Tests;

public sealed class TrainingLoopTests
{
    [Theory]
    [InlineData("fine-tune-bert-classify", 1.0)]
    [InlineData("fine-tune-bert-classify-layer-decay", 0.8)]
    public void FollowsTheReference(string name, double layerDecay)
    {
        using var problem = new GoldenTraining(name);
        var start = problem.Network.Parameters.ToDictionary(p => p.Key, p => p.Value.detach().clone());
        var report = problem.Train(GoldenTraining.Settings(layerDecay));
        AssertClose(problem.Facts.GetProperty("losses"), report.Losses, 1e-4);
        AssertClose(problem.Facts.GetProperty("gradient_norms_before_clipping"), report.GradientNorms, 1e-4);
        var compared = 0;
        foreach (var parameter in problem.Facts.GetProperty("final").EnumerateObject())
        {
            var value = problem.Network.Parameters[parameter.Name];
            double norm = parameter.Value.GetProperty("norm").GetDouble(), moved = parameter.Value.GetProperty("moved").GetDouble();
            // Biases of keys have a gradient of zero but for rounding, which AdamW makes into steps: they stay where they are in float64, and nearly so in float32.
            var noise = moved < 1e-6 ? 0.05 : 0;
            Assert.InRange(value.norm().ToDouble(), norm * (1 - 1e-3) - noise, norm * (1 + 1e-3) + noise);
            Assert.InRange((value - start[parameter.Name]).norm().ToDouble(), moved * (1 - 1e-3) - 1e-9, moved * (1 + 1e-3) + noise);
            compared++;
        }
        Assert.Equal(problem.Facts.GetProperty("trained").GetInt32(), compared);
    }

    [Fact]
    public void PartsOfAStepAddUpToTheStep()
    {
        using GoldenTraining whole = new("fine-tune-bert-classify"), parts = new("fine-tune-bert-classify") { Parts = 4 };
        var (expected, found) = (whole.Train(GoldenTraining.Settings()), parts.Train(GoldenTraining.Settings()));
        for (var step = 0; step < expected.Losses.Count; step++) Assert.Equal(expected.Losses[step], found.Losses[step], 1e-4);
    }

    [Fact]
    public void AKilledTrainingEndsWithTheBitsOfTheUninterruptedOne()
    {
        var settings = GoldenTraining.Settings() with { Epochs = 3, Dropout = 0.1, Seed = 5, CheckpointSteps = 7 };
        double[] scores = [0.5, 0.7, 0.6];
        using var whole = new GoldenTraining("fine-tune-bert-classify") { Scores = scores };
        var reference = whole.Train(settings);
        var expected = whole.Bits();
        Assert.Equal(60, reference.StepsRun);
        var random = new SeededRandom(1);
        // Every boundary of a checkpoint, the step before it, and random steps.
        foreach (var kill in Enumerable.Range(1, 8).SelectMany(k => new[] { 7L * k, 7 * k - 1 }).Concat(Enumerable.Range(0, 20).Select(_ => (long)random.Next(60))).Where(step => step < 60).Distinct().Order())
        {
            using var folder = new TemporaryFolder();
            TrainingCheckpoint Checkpoint() => new(folder["state"], "key");
            using (var killed = new GoldenTraining("fine-tune-bert-classify") { Scores = scores, DiesAt = kill })
                Assert.Throws<InvalidOperationException>(() => killed.Train(settings, Checkpoint()));
            // The trace of the second process starts where it takes over, so its scores do too.
            using var resumed = new GoldenTraining("fine-tune-bert-classify") { Scores = [.. scores.Skip((int)(kill / 7 * 7 / 20))], StepsPerEpoch = 20 };
            resumed.Trace.AddRange(Enumerable.Repeat("", (int)(kill / 7 * 7 % 20)));
            var report = resumed.Train(settings, Checkpoint());
            Assert.Equal(kill / 7 * 7, report.ResumedAt);
            Assert.InRange(kill - report.ResumedAt, 0, 6);
            Assert.Equal(60 - report.ResumedAt, report.StepsRun);
            Assert.Equal(reference.Validations, report.Validations);
            Assert.Equal(expected, resumed.Bits());
        }
    }

    [Fact]
    public void CancellationSavesTheStepItStoppedAt()
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        using (var stopped = new GoldenTraining("fine-tune-bert-classify"))
        {
            var groups = ParameterGroups.ByDepth(stopped.Network.Parameters, [], 3, GoldenTraining.Settings(), 20);
            var loop = new TrainingLoop(groups, GoldenTraining.Settings(), new TrainingCheckpoint(folder["state"], "key"));
            Assert.Throws<OperationCanceledException>(() => loop.Run(stopped, new Relay<WorkProgress>(p => { if (p.Done == 9) source.Cancel(); }), source.Token));
        }
        using var resumed = new GoldenTraining("fine-tune-bert-classify");
        Assert.Equal(9, resumed.Train(GoldenTraining.Settings(), new TrainingCheckpoint(folder["state"], "key")).ResumedAt);
        using var other = new GoldenTraining("fine-tune-bert-classify");
        Assert.Equal(0, other.Train(GoldenTraining.Settings(), new TrainingCheckpoint(folder["state"], "another key")).ResumedAt);
    }

    [Fact]
    public void AStopInTheMiddleOfSavingLeavesTheCheckpointBefore()
    {
        var settings = GoldenTraining.Settings() with { CheckpointSteps = 5 };
        using var counting = new TemporaryFolder();
        var disk = new StoppingDisk(-1);
        using (var whole = new GoldenTraining("fine-tune-bert-classify")) whole.Train(settings, new TrainingCheckpoint(counting["state"], "key", disk));
        for (var stop = 0; stop < disk.Steps; stop += 1 + disk.Steps / 12)
        {
            using var folder = new TemporaryFolder();
            using (var stopped = new GoldenTraining("fine-tune-bert-classify"))
                Assert.Throws<Native.DiskStoppedException>(() => stopped.Train(settings, new TrainingCheckpoint(folder["state"], "key", new StoppingDisk(stop))));
            using var resumed = new GoldenTraining("fine-tune-bert-classify");
            var report = resumed.Train(settings, new TrainingCheckpoint(folder["state"], "key"));
            Assert.Equal(20, report.Steps);
            Assert.Equal(0, report.ResumedAt % 5);
        }
    }

    [Fact]
    public void StopsEarlyAndKeepsTheBest()
    {
        using var problem = new GoldenTraining("fine-tune-bert-classify") { StepsPerEpoch = 5, Scores = [0.5, 0.8, 0.8, 0.7] };
        using var short_ = new GoldenTraining("fine-tune-bert-classify") { StepsPerEpoch = 5, Scores = [0.5, 0.8, 0.8, 0.7], DiesAt = 10 };
        var settings = GoldenTraining.Settings() with { Epochs = 10, Patience = 2 };
        var report = problem.Train(settings);
        Assert.Equal([0.5, 0.8, 0.8, 0.7], report.Validations);
        Assert.Equal(20, report.Steps);
        Assert.Throws<InvalidOperationException>(() => short_.Train(settings));
        Assert.Equal(short_.Bits(), problem.Bits()); // after epoch 2, the first with the best score
    }

    [Fact]
    public void FrozenLayersWaitAndJoinFromTheTop()
    {
        using var problem = new GoldenTraining("fine-tune-bert-classify") { StepsPerEpoch = 4 };
        var settings = GoldenTraining.Settings() with { UnfreezeEvery = 1, UnfrozenAtFirst = 1, Epochs = 2 };
        var start = problem.Bits();
        problem.Train(settings);
        var moved = problem.Bits().Where(p => !p.Value.AsSpan().SequenceEqual(start[p.Key])).Select(p => ParameterGroups.DepthOf(p.Key, 3)).Distinct().Order();
        Assert.Equal([2, 3, 4], moved); // head and block 3 at once, block 2 in the second epoch
    }

    [Fact]
    public void TensorsStayFlat()
    {
        using var problem = new GoldenTraining("fine-tune-bert-classify");
        var settings = GoldenTraining.Settings() with { Dropout = 0.1 };
        problem.Train(settings);
        var before = Tensor();
        problem.Train(settings with { Epochs = 4 });
        Assert.Equal(before, Tensor());
        static long Tensor() { GC.Collect(); GC.WaitForPendingFinalizers(); return torch.Tensor.TotalCount; }
    }

    [Theory]
    [InlineData(ScheduleShape.Linear, 5, new[] { 0, 0.2, 1, 0.5, 0 })]
    [InlineData(ScheduleShape.Cosine, 5, new[] { 0, 0.2, 1, 0.5, 0 })]
    [InlineData(ScheduleShape.Constant, 5, new[] { 0, 0.2, 1, 1, 1 })]
    [InlineData(ScheduleShape.Linear, 0, new[] { 1, 19 / 20.0, 3 / 4.0, 0.4, 0 })]
    public void TheRateRisesAndFalls(ScheduleShape shape, long warmUp, double[] factors)
    {
        var schedule = new Schedule(shape, warmUp, warmUp == 5 ? 25 : 20);
        long[] steps = warmUp == 5 ? [0, 1, 5, 15, 25] : [0, 1, 5, 12, 20];
        for (var i = 0; i < steps.Length; i++) Assert.Equal(factors[i], schedule.Factor(steps[i]), 1e-12);
    }

    private static void AssertClose(System.Text.Json.JsonElement expected, List<double> found, double tolerance)
    {
        Assert.Equal(expected.GetArrayLength(), found.Count);
        for (var i = 0; i < found.Count; i++) Assert.InRange(found[i], expected[i].GetDouble() * (1 - tolerance), expected[i].GetDouble() * (1 + tolerance));
    }
}
