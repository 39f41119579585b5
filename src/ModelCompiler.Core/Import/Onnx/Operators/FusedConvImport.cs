using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>com.microsoft FusedConv: activation(Conv(x, w, b) + z).</summary>
internal static class FusedConvImport
{
    public static ImmutableArray<Value> FusedConv(OnnxNode node, GraphBuilder graph)
    {
        var sum = graph.Add(ConvImport.ConvOf(node, Clamp.None), ConvImport.Operands(node));
        if (node.HasInput(3))
        {
            sum = graph.Add(new Binary(BinaryFunction.Add), sum, node.Input(3));
        }

        return [Activation(node) is { } activation ? graph.Add(activation, sum) : sum];
    }

    private static Unary? Activation(OnnxNode node)
    {
        var parameters = node.Floats("activation_params") ?? [];
        float Parameter(int index, float otherwise) => index < parameters.Length ? parameters[index] : otherwise;
        return node.Text("activation", "") switch
        {
            "" => null,
            "Relu" => new Unary(UnaryFunction.Relu),
            "Tanh" => new Unary(UnaryFunction.Tanh),
            "Sigmoid" => new Unary(UnaryFunction.Sigmoid),
            "LeakyRelu" => new Unary(UnaryFunction.LeakyRelu, Parameter(0, 0.01f)),
            "Clip" => new Unary(UnaryFunction.Clip, Parameter(0, float.NegativeInfinity), Parameter(1, float.PositiveInfinity)),
            "HardSigmoid" => new Unary(UnaryFunction.HardSigmoid, Parameter(0, 0.2f), Parameter(1, 0.5f)),
            var other => throw node.Unsupported($"activation '{other}'; supported: Relu, Tanh, Sigmoid, LeakyRelu, Clip, HardSigmoid"),
        };
    }
}
