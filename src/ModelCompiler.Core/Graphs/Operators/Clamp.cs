namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Bounds that results are clamped to: the activation that is free to fuse. Relu is [0, ∞), Relu6 and Clip are finite at both
/// ends. NaN passes through.
/// </summary>
/// <param name="Low">Lowest result; −∞ for no bound.</param>
/// <param name="High">Highest result; +∞ for no bound.</param>
public sealed record Clamp(float Low, float High)
{
    /// <summary>No bounds.</summary>
    public static Clamp None { get; } = new(float.NegativeInfinity, float.PositiveInfinity);

    /// <summary>max(x, 0).</summary>
    public static Clamp Relu { get; } = new(0, float.PositiveInfinity);

    /// <summary>Whether there is a lower bound.</summary>
    public bool HasLow => !float.IsNegativeInfinity(Low);

    /// <summary>Whether there is an upper bound.</summary>
    public bool HasHigh => !float.IsPositiveInfinity(High);

    /// <summary>This clamp followed by <paramref name="next"/>, as one.</summary>
    public Clamp Then(Clamp next) => new(next.Apply(Low), next.Apply(High));

    /// <summary>For listings: empty where there are no bounds.</summary>
    public override string ToString() =>
        this == None ? ""
        : this == Relu ? " relu"
        : FormattableString.Invariant($" clamp [{Low},{High}]");

    private float Apply(float x) => Math.Min(Math.Max(x, Low), High);
}
