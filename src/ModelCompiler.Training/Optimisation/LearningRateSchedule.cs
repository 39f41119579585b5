namespace ModelCompiler.Training.Optimisation;

/// <summary>How the learning rate changes.</summary>
public enum ScheduleKind
{
    /// <summary>Along half a cosine from the highest rate to 0.</summary>
    Cosine,

    /// <summary>Not at all.</summary>
    Constant,

    /// <summary>Multiplied with a factor every few epochs.</summary>
    Step,
}

/// <summary>The learning rate over a training.</summary>
public sealed record LearningRateSchedule
{
    /// <summary>Its form.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>Epochs at the beginning over which the rate rises linearly.</summary>
    public double WarmUpEpochs { get; init; } = 1;

    /// <summary>Epochs between two changes of <see cref="ScheduleKind.Step"/>.</summary>
    public int StepEpochs { get; init; } = 5;

    /// <summary>What the rate is multiplied with at each.</summary>
    public double StepFactor { get; init; } = 0.3;

    /// <summary>The rate as a part of the highest.</summary>
    /// <param name="before">Epochs that are done before a step, with their fraction.</param>
    /// <param name="after">The same after it.</param>
    /// <param name="epochs">Epochs in all.</param>
    public double Factor(double before, double after, int epochs)
    {
        // A first step of rate 0 would be none.
        var warmUp = WarmUpEpochs > 0 ? Math.Min(1, after / WarmUpEpochs) : 1;
        return warmUp
            * Kind switch
            {
                ScheduleKind.Cosine => 0.5 * (1 + Math.Cos(Math.PI * before / epochs)),
                ScheduleKind.Step => Math.Pow(StepFactor, Math.Floor(before / StepEpochs)),
                _ => 1,
            };
    }
}
