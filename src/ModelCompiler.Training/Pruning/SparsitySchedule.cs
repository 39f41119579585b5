namespace ModelCompiler.Training.Pruning;

/// <summary>
/// How much is pruned after each of several steps: s(k) = To + (From − To) · (1 − k / Steps)³, fast at first and slowly at the end
/// (Zhu and Gupta 2017, "To prune, or not to prune").
/// </summary>
/// <param name="From">The share before the first step, 0 to 1.</param>
/// <param name="To">The share after the last one, at least <paramref name="From"/> and at most 1.</param>
/// <param name="Steps">Number of steps, at least 1.</param>
public sealed record SparsitySchedule(double From, double To, int Steps)
{
    /// <summary>Checks the choices.</summary>
    /// <exception cref="TrainingException">They make no schedule.</exception>
    public void Check()
    {
        if (Steps < 1)
        {
            throw new TrainingException($"a schedule has at least 1 step, which {Steps} is not");
        }

        if (!(From >= 0 && From <= To && To <= 1))
        {
            throw new TrainingException($"a share rises from 0 or more to 1 or less, which {From} to {To} does not");
        }
    }

    /// <summary>The share of the whole that is pruned after a step.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    public double At(int step) => To + ((From - To) * Math.Pow(1 - ((double)step / Steps), 3));

    /// <summary>The share that a step takes of what the steps before it have left.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    public double OfRest(int step) =>
        step == 1 ? At(1)
        : At(step - 1) < 1 ? (At(step) - At(step - 1)) / (1 - At(step - 1))
        : 0;
}
