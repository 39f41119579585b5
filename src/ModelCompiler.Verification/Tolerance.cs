namespace ModelCompiler.Verification;

/// <summary>How far a result may be from the expected one.</summary>
/// <param name="Relative">Allowed difference of floats as a part of the expected value.</param>
/// <param name="Absolute">Allowed difference of floats, on top.</param>
/// <param name="Quanta">Allowed difference of integers of at most 16 bits; wider ones are always exact.</param>
public sealed record Tolerance(double Relative, double Absolute, long Quanta = 0)
{
    /// <summary>Against ONNX Runtime with the same graph: rtol 1e-4, atol 1e-5.</summary>
    public static Tolerance Float { get; } = new(1e-4, 1e-5);
}
