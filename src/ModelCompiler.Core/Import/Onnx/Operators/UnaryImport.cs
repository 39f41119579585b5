using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class UnaryImport
{
    /// <summary>The importer of a function without attributes.</summary>
    public static OnnxImport Of(UnaryFunction function) => (node, graph) => [graph.Add(new Unary(function), node.Input(0))];

    /// <summary>The importer of a function whose parameter is the attribute <c>alpha</c>.</summary>
    public static OnnxImport WithAlpha(UnaryFunction function, float alpha) =>
        (node, graph) => [graph.Add(new Unary(function, node.Float("alpha", alpha)), node.Input(0))];

    public static ImmutableArray<Value> Gelu(OnnxNode node, GraphBuilder graph) =>
        node.Text("approximate", "none") switch
        {
            "none" => [graph.Add(new Unary(UnaryFunction.Gelu), node.Input(0))],
            "tanh" => [graph.Add(new Unary(UnaryFunction.GeluTanh), node.Input(0))],
            var other => throw node.Unsupported($"approximate '{other}' is not supported; supported: none, tanh"),
        };

    public static ImmutableArray<Value> HardSigmoid(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new Unary(UnaryFunction.HardSigmoid, node.Float("alpha", 0.2f), node.Float("beta", 0.5f)), node.Input(0))];

    public static ImmutableArray<Value> IsInfinite(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new Unary(UnaryFunction.IsInfinite, node.Int("detect_negative", 1), node.Int("detect_positive", 1)), node.Input(0))];

    public static ImmutableArray<Value> Selu(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new Unary(UnaryFunction.Selu, node.Float("alpha", 1.67326319f), node.Float("gamma", 1.05070102f)), node.Input(0))];

    public static ImmutableArray<Value> Shrink(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new Unary(UnaryFunction.Shrink, node.Float("bias", 0), node.Float("lambd", 0.5f)), node.Input(0))];

    /// <summary>Bounds are attributes before opset 11 and optional inputs from then on.</summary>
    public static ImmutableArray<Value> Clip(OnnxNode node, GraphBuilder graph)
    {
        var (x, low, high) = (node.Input(0), node.OptionalInput(1), node.OptionalInput(2));
        if (x.Element == ElementType.Float32 && low is not { Constant: null } && high is not { Constant: null })
        {
            var lowest = Bound(low) ?? node.Float("min", float.NegativeInfinity);
            var highest = Bound(high) ?? node.Float("max", float.PositiveInfinity);
            return [graph.Add(new Unary(UnaryFunction.Clip, lowest, highest), x)];
        }

        if (node.HasAttribute("min") || node.HasAttribute("max"))
        {
            throw node.Unsupported($"bounds as attributes of {x.Element} elements are not supported; supported: Float32");
        }

        x = low is null ? x : graph.Add(new Binary(BinaryFunction.Max), x, low);
        return [high is null ? x : graph.Add(new Binary(BinaryFunction.Min), x, high)];

        static float? Bound(Value? value) => value is null ? null : OnnxNode.One(value.Constant!, "a bound").ToFloats()[0];
    }

    /// <summary>The identity, for inference.</summary>
    public static ImmutableArray<Value> Dropout(OnnxNode node, GraphBuilder graph)
    {
        if (node.HasInput(2) && !IsAllZero(node, 2) && !IsAllZero(node, 1))
        {
            throw node.Unsupported(
                "training_mode that is not known to be false is not supported: what is dropped is at random; "
                    + "export the model for inference; supported: false, or ratio = 0, as constants",
                Refusal.Random
            );
        }

        var x = node.Input(0);
        if (!node.HasOutput(1))
        {
            return [x];
        }

        // The mask of an inference keeps everything, as does a ratio of 0; before opset 10 it had x's element type.
        var ones = Tensor.From<byte>(ElementType.Bool, x.Shape, [.. Enumerable.Repeat((byte)1, x.Shape.Elements)]);
        var mask = graph.Constant(ones);
        return [x, node.Opset < 10 ? graph.Add(new Cast(x.Element), mask) : mask];
    }

    /// <summary>Whether an input is known to be false or 0. A training that drops with probability 0 is an inference; a ratio that is left out is 0.5.</summary>
    private static bool IsAllZero(OnnxNode node, int input) =>
        node.OptionalInput(input)?.Constant is { } known && known.Bytes.ToArray().All(b => b == 0);
}
