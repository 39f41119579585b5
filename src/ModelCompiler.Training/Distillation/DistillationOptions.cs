namespace ModelCompiler.Training.Distillation;

/// <summary>How a student learns from teachers.</summary>
public sealed record DistillationOptions
{
    /// <summary>What scores are divided by before probabilities are made of them; more than 1 shows what else a teacher finds likely.</summary>
    public double Temperature { get; init; } = 4;

    /// <summary>The share of the teachers in the loss, 0 to 1; the rest is that of the targets.</summary>
    public double Alpha { get; init; } = 0.7;

    /// <summary>Inner values of the student that are to become like those of a teacher.</summary>
    public IReadOnlyList<FeatureHint> Hints { get; init; } = [];

    /// <summary>What the squared errors of the hints are multiplied with.</summary>
    public double HintWeight { get; init; } = 1;

    /// <summary>Decides the first values of the projections that hints need.</summary>
    public int Seed { get; init; } = 1;

    /// <exception cref="TrainingException">A number is out of its range.</exception>
    internal void Check()
    {
        if (!(double.IsFinite(Temperature) && Temperature > 0))
        {
            throw new TrainingException($"the temperature is {Temperature}; more than 0 was expected");
        }

        if (Alpha is not (>= 0 and <= 1))
        {
            throw new TrainingException($"alpha is {Alpha}; 0 to 1 was expected");
        }

        if (!(double.IsFinite(HintWeight) && HintWeight >= 0))
        {
            throw new TrainingException($"the weight of hints is {HintWeight}; 0 or more was expected");
        }
    }
}

/// <summary>A value of the student and the value of a teacher that it is to become like.</summary>
/// <param name="Student">Name of the student's value in its file.</param>
/// <param name="Teacher">Name of the teacher's; it is that of the first teacher that has one of this name.</param>
public sealed record FeatureHint(string Student, string Teacher);
