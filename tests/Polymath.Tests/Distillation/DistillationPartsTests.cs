using Polymath.Distillation;
using Polymath.Evaluation;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>The pieces of a distillation: the order of the texts, the pooling, the loss.</summary>
public class DistillationPartsTests
{
    private static int[][] Rows(int count)
    {
        var random = new SeededRandom(5);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 1 + random.Next(12)).Select(_ => random.Next(50)).ToArray())];
    }

    [Fact]
    public void An_epoch_holds_every_text_once_within_the_budget_and_another_epoch_another_order()
    {
        var rows = Rows(5000);
        var plan = TrainingPlan.Epoch(rows, 100, seed: 1, epoch: 0);
        Assert.Equal(Enumerable.Range(0, rows.Length), plan.SelectMany(batch => batch).Order());
        Assert.All(plan, batch => Assert.InRange(batch.Sum(row => rows[row].Length), 1, 100));
        Assert.Equal(plan, TrainingPlan.Epoch(rows, 100, seed: 1, epoch: 0));
        Assert.NotEqual(plan.SelectMany(batch => batch), TrainingPlan.Epoch(rows, 100, seed: 1, epoch: 1).SelectMany(batch => batch));
    }

    [Fact]
    public void Pooling_is_the_mean_of_each_rows_tokens()
    {
        using var scope = NewDisposeScope();
        using var batch = PackedBatch.Create(Rows(40));
        var hidden = randn(batch.Tokens, 6);
        var pooled = DistillationLoss.Pool(hidden, batch);
        for (var row = 0; row < batch.Rows; row++)
        {
            var mean = hidden.slice(0, batch.Offsets[row], batch.Offsets[row + 1], 1).mean([0L]);
            Assert.True(allclose(mean, pooled[row], 1e-5, 1e-6));
        }
    }

    [Fact]
    public void The_loss_is_nothing_for_the_teachers_own_vectors_and_one_for_no_knowledge()
    {
        using var scope = NewDisposeScope();
        var vectors = randn(64, 10) * 3 + 1;
        var loss = new DistillationLoss(vectors.mean([0L]), vectors.std(0L, unbiased: false), 10, weight: 4);
        var targets = loss.Targets(vectors.to(ScalarType.Float32), [.. Enumerable.Range(0, 64)]);
        Assert.Equal(0, loss.Of(targets, targets, targets).item<float>(), 1e-6);
        Assert.Equal(1, DistillationLoss.Prediction(zeros_like(targets), targets).item<float>(), 1e-4);
    }
}
