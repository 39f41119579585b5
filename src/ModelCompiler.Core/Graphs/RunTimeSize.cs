namespace ModelCompiler.Graphs;

/// <summary>
/// Says of a value that one of its dimensions has a size that only the data give. The value's shape has the largest size that is
/// possible; elements behind the valid ones are of no meaning, and nothing that is valid depends on them.
/// </summary>
/// <param name="Axis">The dimension.</param>
/// <param name="Count">How many of its elements are valid: an Int32 scalar, computed at run time.</param>
public sealed record RunTimeSize(int Axis, Value Count);

/// <summary>
/// An operator whose first outputs have a size that depends on the data. The last output is that size, an Int32 scalar. Elements
/// behind the valid ones are zero, so that they are valid indices.
/// </summary>
internal interface IRunTimeSized
{
    /// <summary>The dimension of an output whose size the data give; null where they do not.</summary>
    int? RunTimeAxis(int output);
}
