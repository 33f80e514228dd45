namespace Polymath.Adaptation;

/// <summary>What options must be, said before the work.</summary>
internal static class TrainingChecks
{
    public static void Check(FineTuningOptions o)
    {
        Require(o.LearningRate is > 0 and < 1, $"learning rate {o.LearningRate}: expected a number between 0 and 1, such as 1e-4");
        Require(o.Epochs is null or > 0, $"{o.Epochs} epochs: expected at least 1");
        Require(o.BatchRows > 0, $"{o.BatchRows} rows of a step: expected at least 1");
        Require(o.Accumulate > 0 && o.Accumulate <= o.BatchRows, $"{o.Accumulate} parts of a step: expected 1 to {o.BatchRows}");
        Require(o.LayerDecay is > 0 and <= 1, $"layer decay {o.LayerDecay}: expected a number above 0, at most 1");
        Require(o.WeightDecay >= 0 && double.IsFinite(o.WeightDecay), $"weight decay {o.WeightDecay}: expected 0 or more");
        Require(o.WarmUp is >= 0 and < 1, $"warm-up {o.WarmUp}: expected a share of the steps from 0 to below 1");
        Require(o.MaxGradientNorm >= 0, $"largest gradient norm {o.MaxGradientNorm}: expected 0 or more");
        Require(o.UnfreezeEvery >= 0 && double.IsFinite(o.UnfreezeEvery), $"unfreezing every {o.UnfreezeEvery} epochs: expected 0 or more");
        Require(o.Dropout is >= 0 and < 1, $"dropout {o.Dropout}: expected a share from 0 to below 1");
        Require(o.LabelSmoothing is >= 0 and < 1, $"label smoothing {o.LabelSmoothing}: expected a share from 0 to below 1");
        Require(o.ValidationShare is >= 0 and < 1, $"validation share {o.ValidationShare}: expected a share from 0 to below 1");
        Require(o.Patience >= 0, $"patience {o.Patience}: expected 0 or more epochs");
    }

    public static void Check(ContrastiveOptions o)
    {
        Require(o.LearningRate is > 0 and < 1, $"learning rate {o.LearningRate}: expected a number between 0 and 1, such as 5e-5");
        Require(o.PairsPerRow > 0, $"{o.PairsPerRow} pairs for each row: expected at least 1");
        Require(o.MaxPairs > 0, $"{o.MaxPairs} pairs at most: expected at least 1");
        Require(o.BatchPairs > 0, $"{o.BatchPairs} pairs of a step: expected at least 1");
        Require(o.WarmUp is >= 0 and < 1, $"warm-up {o.WarmUp}: expected a share of the steps from 0 to below 1");
        Require(o.WeightDecay >= 0 && double.IsFinite(o.WeightDecay), $"weight decay {o.WeightDecay}: expected 0 or more");
        Require(o.LayerDecay is > 0 and <= 1, $"layer decay {o.LayerDecay}: expected a number above 0, at most 1");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new PolymathException(otherwise);
    }
}
