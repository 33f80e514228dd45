using System.Diagnostics;
using Polymath.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>
/// Runs a training from where it stands to its end: step after step, a validation after each epoch, a checkpoint when one is due. Stopped at
/// any moment and started again, it ends with the same bits as without the stop.
/// </summary>
/// <param name="groups">What is trained.</param>
/// <param name="settings">How it moves.</param>
/// <param name="checkpoint">Where the state is kept; null keeps none.</param>
internal sealed class TrainingLoop(IReadOnlyList<ParameterGroup> groups, TrainingSettings settings, TrainingCheckpoint? checkpoint = null)
{
    private readonly IReadOnlyList<KeyValuePair<string, Tensor>> _parameters = [.. groups.SelectMany(group => group.Parameters)];

    /// <summary>Trains. On return the parameters are the final ones, or the best ones where there is validation.</summary>
    /// <param name="problem">The loss.</param>
    /// <param name="progress">Told after each step.</param>
    /// <param name="cancellation">Stops between steps, after a checkpoint.</param>
    /// <exception cref="PolymathException">The loss is not a number.</exception>
    public TrainingReport Run(ITrainingProblem problem, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        using var optimizer = new GroupedAdamW(groups);
        using var best = new BestParameters(_parameters);
        var report = new TrainingReport();
        var total = problem.StepsPerEpoch * settings.Epochs;
        var schedule = new Schedule(settings.Schedule, (long)(settings.WarmUp * total), total);
        checkpoint?.TryResume(_parameters, optimizer, best, report);
        var saver = new Saver(settings, report.Steps);
        while (report.Steps < total && !IsDone(report))
        {
            if (cancellation.IsCancellationRequested)
            {
                checkpoint?.Save(_parameters, optimizer, best, report);
                cancellation.ThrowIfCancellationRequested();
            }
            Step(problem, optimizer, schedule, report);
            if (report.Steps % problem.StepsPerEpoch == 0 && problem.Validate() is { } score)
            {
                report.Validations.Add(score);
                best.Offer(report.Validations);
            }
            progress?.Report(new WorkProgress("training", report.Steps, total));
            if (checkpoint is not null && saver.IsDue(report.Steps)) saver.Time(() => checkpoint.Save(_parameters, optimizer, best, report), report.Steps);
        }
        if (report is { Checkpoints: > 0, StepsRun: > 0 }) checkpoint!.Save(_parameters, optimizer, best, report); // nothing is lost between here and the saved task
        best.Restore();
        // Where an earlier epoch was the best, the steps after it count for nothing.
        report.TableDecay = TableDecay(schedule, best.Tensors.Count == 0 ? report.Steps : (BestParameters.Best(report.Validations) + 1) * problem.StepsPerEpoch);
        foreach (var (_, parameter) in _parameters)
        {
            parameter.grad?.Dispose();
            parameter.grad = null;
        }
        return report;
    }

    /// <summary>What weight decay leaves of the embeddings that get no gradient: the lowest group that has any.</summary>
    private double TableDecay(Schedule schedule, long steps)
    {
        var table = groups.Where(group => group.WeightDecay > 0).MinBy(group => group.Scale);
        return table is null ? 1 : schedule.Decayed(settings.LearningRate * table.Scale, table.WeightDecay, groups.Where(group => group.WeightDecay > 0).Max(group => group.FrozenSteps), steps);
    }

    private bool IsDone(TrainingReport report) => settings.Patience > 0 && report.Validations.Count > 0 && BestParameters.Waited(report.Validations) >= settings.Patience;

    private void Step(ITrainingProblem problem, GroupedAdamW optimizer, Schedule schedule, TrainingReport report)
    {
        using var scope = NewDisposeScope();
        using var dropout = settings.Dropout > 0 ? new Dropout(settings.Dropout, new SeededRandom(unchecked((ulong)settings.Seed * 1_000_003 + (ulong)report.Steps)).NextBits()) : null;
        optimizer.Begin(report.Steps);
        double sum = 0;
        foreach (var loss in problem.Losses(report.Steps, dropout))
        {
            loss.backward();
            sum += loss.ToDouble();
        }
        if (!double.IsFinite(sum)) throw new PolymathException($"the loss is not a number at step {report.Steps + 1}; lower --learning-rate");
        report.Losses.Add(sum);
        report.GradientNorms.Add(optimizer.Step(settings.LearningRate * schedule.Factor(report.Steps), settings.MaxGradientNorm));
        report.Steps++;
        report.StepsRun++;
    }

    /// <summary>Decides when a checkpoint is due: after so many steps or so much time, but never so often that saving takes over.</summary>
    private sealed class Saver(TrainingSettings settings, long step)
    {
        private long _step = step, _saved = Stopwatch.GetTimestamp();
        private TimeSpan _took;

        public bool IsDue(long step)
        {
            var since = Stopwatch.GetElapsedTime(_saved);
            return since >= settings.CheckpointTime || (step - _step >= settings.CheckpointSteps && since >= _took / settings.MaxSavingShare);
        }

        public void Time(Action save, long step)
        {
            var start = Stopwatch.GetTimestamp();
            save();
            (_took, _saved, _step) = (Stopwatch.GetElapsedTime(start), Stopwatch.GetTimestamp(), step);
        }
    }
}
