using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>The activation that com.microsoft's fused operators name in an attribute.</summary>
internal static class FusedActivation
{
    /// <summary>Applies the activation that a node names, if it names one.</summary>
    /// <param name="node">The node, whose attribute activation is read.</param>
    /// <param name="graph">Where the activation goes.</param>
    /// <param name="x">What it is applied to.</param>
    /// <param name="parameters">Its parameters; those left out have the values that the operators of the same name have.</param>
    public static Value Apply(OnnxNode node, GraphBuilder graph, Value x, float[] parameters)
    {
        float Parameter(int index, float otherwise) => index < parameters.Length ? parameters[index] : otherwise;
        Unary? activation = node.Text("activation", "") switch
        {
            "" => null,
            "Celu" => new(UnaryFunction.Celu, Parameter(0, 1)),
            "Clip" => new(UnaryFunction.Clip, Parameter(0, float.NegativeInfinity), Parameter(1, float.PositiveInfinity)),
            "Elu" => new(UnaryFunction.Elu, Parameter(0, 1)),
            "HardSigmoid" => new(UnaryFunction.HardSigmoid, Parameter(0, 0.2f), Parameter(1, 0.5f)),
            "HardSwish" => new(UnaryFunction.HardSwish),
            "LeakyRelu" => new(UnaryFunction.LeakyRelu, Parameter(0, 0.01f)),
            "Relu" => new(UnaryFunction.Relu),
            "Selu" => new(UnaryFunction.Selu, Parameter(0, 1.67326319f), Parameter(1, 1.05070102f)),
            "Sigmoid" => new(UnaryFunction.Sigmoid),
            "Softplus" => new(UnaryFunction.Softplus),
            "Softsign" => new(UnaryFunction.Softsign),
            "Tanh" => new(UnaryFunction.Tanh),
            "ThresholdedRelu" => new(UnaryFunction.ThresholdedRelu, Parameter(0, 1)),
            var other => throw node.Unsupported(
                $"activation '{other}'; supported: Celu, Clip, Elu, HardSigmoid, HardSwish, LeakyRelu, Relu, Selu, Sigmoid, Softplus, "
                    + "Softsign, Tanh, ThresholdedRelu"
            ),
        };
        return activation is null ? x : graph.Add(activation, x);
    }
}
