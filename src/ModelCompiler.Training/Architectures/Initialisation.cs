namespace ModelCompiler.Training.Architectures;

/// <summary>How far random weights may lie from 0, uniformly, for the numbers of a network neither to grow nor to vanish.</summary>
internal static class Initialisation
{
    /// <summary>Before a ReLU, which halves the variance: √(6 / inputs) (He et al. 2015).</summary>
    /// <param name="inputs">Inputs of one output.</param>
    public static double He(int inputs) => Math.Sqrt(6.0 / inputs);

    /// <summary>Elsewhere: √(6 / (inputs + outputs)) (Glorot and Bengio 2010).</summary>
    /// <param name="inputs">Inputs of one output.</param>
    /// <param name="outputs">Outputs that one input has a part in.</param>
    public static double Glorot(int inputs, int outputs) => Math.Sqrt(6.0 / (inputs + outputs));

    /// <summary>In a recurrent layer: 1 / √units.</summary>
    public static double Recurrent(int units) => 1 / Math.Sqrt(units);

    /// <summary>Embeddings: a standard deviation of 0.02, as transformers have it.</summary>
    public static double Embedding { get; } = 0.02 * Math.Sqrt(3);
}
