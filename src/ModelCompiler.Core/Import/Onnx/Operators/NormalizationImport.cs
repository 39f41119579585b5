using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class NormalizationImport
{
    public static ImmutableArray<Value> Softmax(OnnxNode node, GraphBuilder graph) => [AddSoftmax(node, graph, logarithm: false)];

    public static ImmutableArray<Value> LogSoftmax(OnnxNode node, GraphBuilder graph) => [AddSoftmax(node, graph, logarithm: true)];

    public static ImmutableArray<Value> LayerNormalization(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        var axis = x.Shape.NormaliseAxis(node.Int("axis", -1));
        var epsilon = node.Float("epsilon", 1e-5f);
        var output = Normalised(graph, new LayerNormalization(axis, epsilon), x, node.Input(1), node.OptionalInput(2));
        if (!node.HasOutput(1) && !node.HasOutput(2))
        {
            return [output];
        }

        // Somebody wants the statistics: they are computed beside the operator.
        int[] axes = [.. Enumerable.Range(axis, x.Shape.Rank - axis)];
        var mean = graph.Add(new Reduce(ReduceFunction.Mean, axes, KeepDims: true), x);
        var centred = graph.Add(new Binary(BinaryFunction.Sub), x, mean);
        var squares = graph.Add(new Binary(BinaryFunction.Mul), centred, centred);
        var variance = graph.Add(new Reduce(ReduceFunction.Mean, axes, KeepDims: true), squares);
        var shifted = graph.Add(new Binary(BinaryFunction.Add), variance, Scalar(graph, x.Element, epsilon));
        var inverse = graph.Add(new Unary(UnaryFunction.Reciprocal), graph.Add(new Unary(UnaryFunction.Sqrt), shifted));
        return [output, mean, inverse];
    }

    public static ImmutableArray<Value> RmsNormalization(OnnxNode node, GraphBuilder graph)
    {
        var axis = node.Input(0).Shape.NormaliseAxis(node.Int("axis", -1));
        var op = new LayerNormalization(axis, node.Float("epsilon", 1e-5f), SubtractMean: false);
        return [Normalised(graph, op, node.Input(0), node.Input(1), null)];
    }

    public static ImmutableArray<Value> InstanceNormalization(OnnxNode node, GraphBuilder graph)
    {
        var shape = node.Input(0).Shape;
        return
        [
            Grouped(node, graph, groups: shape.Rank >= 2 ? shape[1] : throw new ShapeException($"channels were expected, found {shape}")),
        ];
    }

    public static ImmutableArray<Value> GroupNormalization(OnnxNode node, GraphBuilder graph) =>
        [Grouped(node, graph, (int)node.RequiredInt("num_groups"))];

    /// <summary>A scale or bias that is itself broadcast is applied behind the operator.</summary>
    private static Value Normalised(GraphBuilder graph, LayerNormalization op, Value x, Value scale, Value? bias)
    {
        var length = x.Shape.Product(op.Axis, x.Shape.Rank);
        if (scale.Shape.Elements == length && (bias is null || bias.Shape.Elements == length))
        {
            return graph.Add(op, bias is null ? [x, scale] : [x, scale, bias]);
        }

        var scaled = graph.Add(new Binary(BinaryFunction.Mul), graph.Add(op, x), scale);
        return bias is null ? scaled : graph.Add(new Binary(BinaryFunction.Add), scaled, bias);
    }

    /// <summary>Normalises the channels of each group together, then scales and shifts each channel (or, before opset 21, each group).</summary>
    private static Value Grouped(OnnxNode node, GraphBuilder graph, int groups)
    {
        var (x, scale, bias) = (node.Input(0), node.Input(1), node.Input(2));
        var shape = x.Shape;
        if (shape.Rank < 2 || groups < 1 || shape[1] % groups != 0)
        {
            throw new ShapeException($"the channels of {shape} cannot be divided into {groups} groups");
        }

        var perGroup = graph.Add(new Reshape(new TensorShape(shape[0], groups, shape.Product(1, shape.Rank) / groups)), x);
        var normalised = graph.Add(new LayerNormalization(2, node.Float("epsilon", 1e-5f)), perGroup);
        if (scale.Shape.Elements == groups && groups != shape[1])
        {
            var groupShape = new TensorShape(groups, 1);
            normalised = Scaled(graph, normalised, graph.Add(new Reshape(groupShape), scale), graph.Add(new Reshape(groupShape), bias));
            return graph.Add(new Reshape(shape), normalised);
        }

        var channelShape = new TensorShape([shape[1], .. Enumerable.Repeat(1, shape.Rank - 2)]);
        normalised = graph.Add(new Reshape(shape), normalised);
        return Scaled(graph, normalised, graph.Add(new Reshape(channelShape), scale), graph.Add(new Reshape(channelShape), bias));
    }

    private static Value Scaled(GraphBuilder graph, Value x, Value scale, Value bias) =>
        graph.Add(new Binary(BinaryFunction.Add), graph.Add(new Binary(BinaryFunction.Mul), x, scale), bias);

    private static Value AddSoftmax(OnnxNode node, GraphBuilder graph, bool logarithm)
    {
        var x = node.Input(0);
        if (node.Opset >= 13)
        {
            return graph.Add(new Softmax(x.Shape.NormaliseAxis(node.Int("axis", -1)), logarithm), x);
        }

        // Before opset 13 all dimensions from the axis on sum to 1 together.
        var axis = x.Shape.NormaliseAxis(node.Int("axis", 1));
        var flat = new TensorShape(x.Shape.Product(0, axis), x.Shape.Product(axis, x.Shape.Rank));
        return axis == x.Shape.Rank - 1
            ? graph.Add(new Softmax(axis, logarithm), x)
            : graph.Add(new Reshape(x.Shape), graph.Add(new Softmax(1, logarithm), graph.Add(new Reshape(flat), x)));
    }

    private static Value Scalar(GraphBuilder graph, ElementType element, float value) =>
        graph.Add(new Cast(element), graph.Constant(Tensor.Floats(TensorShape.Scalar, value)));
}
