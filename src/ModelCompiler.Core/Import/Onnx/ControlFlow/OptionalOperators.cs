using System.Collections.Immutable;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>Operators of optionals: whether there is a value is known at import, so nothing of them is left.</summary>
internal static class OptionalOperators
{
    public static ImmutableArray<OnnxValue?> Identity(ControlNode node) => [node.Input(0)];

    public static ImmutableArray<OnnxValue?> Optional(ControlNode node) => [node.HasInput(0) ? node.Input(0) : new OnnxAbsent()];

    public static ImmutableArray<OnnxValue?> HasElement(ControlNode node)
    {
        byte has = node.HasInput(0) && node.Input(0) is not OnnxAbsent ? (byte)1 : (byte)0;
        return [new OnnxTensor(node.Graph.Constant(Tensor.From<byte>(ElementType.Bool, TensorShape.Scalar, [has])))];
    }

    public static ImmutableArray<OnnxValue?> GetElement(ControlNode node) =>
        node.Input(0) is OnnxAbsent ? throw new ShapeException("the optional has no value to get") : [node.Input(0)];
}
