namespace ModelCompiler.Compression.Search;

/// <summary>A design that was made and measured.</summary>
/// <param name="Design">The design.</param>
/// <param name="Level">How long it was trained: an index into <see cref="SearchSpace.Efforts"/>, or <see cref="SearchSpace.Untrained"/>.</param>
/// <param name="Steps">What its steps came to, up to the first that failed.</param>
public sealed record Trial(Design Design, int Level, IReadOnlyList<StepResult> Steps)
{
    /// <summary>The name of its last result.</summary>
    public string Id => Steps[^1].Id;

    /// <summary>Why there is no model; null where there is one.</summary>
    public StepFailure? Failure => Steps[^1].Failure;

    /// <summary>What the model costs; null where there is none.</summary>
    public ModelSize? Size => Steps[^1].Size;

    /// <summary>Part of the validation items that it gets right; null where that was not measured.</summary>
    public double? Accuracy => Steps[^1].Accuracy;

    /// <summary>Whether there is a model whose accuracy is known.</summary>
    public bool IsMeasured => Failure is null && Accuracy is not null;

    /// <summary>Whether it is one of a design: what is not trained is the same whatever would be learnt from.</summary>
    public bool IsOf(Design design) => Design == (Level == SearchSpace.Untrained ? design with { Recovery = Design.Recovery } : design);

    /// <summary>Runs the steps of a design one after the other.</summary>
    /// <param name="runner">Runs a step.</param>
    /// <param name="space">Says which steps they are.</param>
    /// <param name="design">The design.</param>
    /// <param name="level">How long is trained.</param>
    /// <param name="measured">Whether its accuracy is asked for.</param>
    /// <param name="cancellation">Stops.</param>
    public static async Task<Trial> Run(
        IStepRunner runner,
        SearchSpace space,
        Design design,
        int level,
        bool measured,
        CancellationToken cancellation
    )
    {
        var (steps, results, parent) = (space.Steps(design, level), new List<StepResult>(), runner.OriginalId);
        for (var i = 0; i < steps.Count && results.All(r => r.Failure is null); i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var last = i == steps.Count - 1;
            results.Add(await runner.Run(parent, steps[i], measured && last, cancellation).ConfigureAwait(false));
            parent = results[^1].Id;
        }

        return new(design, level, results);
    }
}
