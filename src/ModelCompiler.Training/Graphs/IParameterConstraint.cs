namespace ModelCompiler.Training.Graphs;

/// <summary>
/// What a parameter has to keep while it is trained, such as zeros or equal values. It is applied around each step of an optimiser, and
/// once before the first.
/// </summary>
public interface IParameterConstraint : IDisposable
{
    /// <summary>Name of the parameter.</summary>
    string Parameter { get; }

    /// <summary>Changes the gradient before a step.</summary>
    /// <param name="gradient">The gradient of the parameter, to be changed in place.</param>
    void ApplyToGradient(Tensor gradient);

    /// <summary>Changes the values after a step.</summary>
    /// <param name="values">The parameter, to be changed in place.</param>
    void ApplyToValues(Tensor values);
}
