namespace Polymath.Training;

/// <summary>How the learning rate falls after the warm-up.</summary>
public enum ScheduleShape
{
    /// <summary>In a straight line to zero.</summary>
    Linear,
    /// <summary>Along half a cosine to zero (Loshchilov and Hutter 2017).</summary>
    Cosine,
    /// <summary>Not at all.</summary>
    Constant,
}

/// <summary>The learning rate's factor over a training: up from zero in a straight line, then down.</summary>
/// <param name="Shape">The way down.</param>
/// <param name="WarmUp">Steps of the way up.</param>
/// <param name="Steps">Steps in all.</param>
internal sealed record Schedule(ScheduleShape Shape, long WarmUp, long Steps)
{
    /// <summary>The factor of a step; steps count from 0, and with a warm-up the factor of step 0 is 0, as transformers' schedules have it.</summary>
    public double Factor(long step)
    {
        if (step < WarmUp) return (double)step / WarmUp;
        var rest = (double)(Steps - step) / Math.Max(1, Steps - WarmUp); // 1 → 0
        return Shape switch
        {
            ScheduleShape.Linear => rest,
            ScheduleShape.Cosine => (1 + Math.Cos(Math.PI * (1 - rest))) / 2,
            _ => 1,
        };
    }

    /// <summary>What weight decay leaves of a parameter that never gets a gradient: the product of 1 − rate · decay over the steps.</summary>
    /// <param name="rate">The rate of factor 1.</param>
    /// <param name="weightDecay">The decay.</param>
    /// <param name="from">The first step in which the parameter is trained.</param>
    /// <param name="to">The step before which it ends.</param>
    public double Decayed(double rate, double weightDecay, long from, long to)
    {
        var left = 1.0;
        for (var step = from; step < to; step++) left *= 1 - rate * Factor(step) * weightDecay;
        return left;
    }
}
