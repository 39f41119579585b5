using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>CausalConvWithState (opset 27, and com.microsoft): a depthwise convolution over what was and what comes, step by step.</summary>
internal static class CausalConvImport
{
    public static ImmutableArray<Value> CausalConvWithState(OnnxNode node, GraphBuilder graph)
    {
        var (x, weights) = (new Term(graph, node.Input(0)), node.Input(1));
        if (node.Int("ndim", 1) != 1 || node.Int("channels_last", 0) != 0 || node.Int("state_window", 0) != 0)
        {
            throw node.Unsupported("supported: ndim=1, channels_last=0, state_window=0");
        }

        if (x.Shape.Rank != 3 || weights.Shape.Rank != 3 || weights.Shape[0] != x.Shape[1] || weights.Shape[1] != 1 || weights.Shape[2] < 1)
        {
            throw new ShapeException($"x {x.Shape} and weights {weights.Shape} do not fit; [channels, 1, taps] were expected");
        }

        var dilation = node.Int("dilation", 1) is >= 1 and <= TensorShape.MaxElements and var given
            ? (int)given
            : throw new ShapeException($"dilation is {node.Int("dilation", 1)}; 1 or more was expected");
        var (channels, taps) = (x.Shape[1], weights.Shape[2]);
        var state = x.Shape.With(2, StateLength(taps, dilation));
        var all = state[2] == 0 ? x : Past(node, graph, x, state).Apply(new Concat(2), x.Value);
        var window = new Window((int[])[taps], (int[])[1], (int[])[dilation], (int[])[0], (int[])[0]);
        var conv = new Conv(window, channels, DataLayout.ChannelsFirst, Clamp.None);
        var y = node.OptionalInput(2) is { } bias ? all.Apply(conv, weights, bias) : all.Apply(conv, weights);
        y = node.Text("activation", "none") switch
        {
            "none" or "" => y,
            "silu" or "swish" => y.Apply(new Unary(UnaryFunction.Swish, 1)),
            var other => throw node.Unsupported($"activation '{other}' is not supported; supported: none, silu, swish"),
        };
        return [y.Value, all.Slice(2, all.Shape[2] - state[2], state[2]).Value];
    }

    private static int StateLength(int taps, int dilation) =>
        (taps - 1L) * dilation is <= TensorShape.MaxElements and var length
            ? (int)length
            : throw new ShapeException($"{taps} taps {dilation} apart are too many");

    private static Term Past(OnnxNode node, GraphBuilder graph, Term x, TensorShape shape)
    {
        if (node.OptionalInput(3) is not { } past)
        {
            return x.Number(0).Apply(new Expand(shape));
        }

        return past.Shape == shape
            ? new Term(graph, past)
            : throw new ShapeException($"the past state is {past.Shape}; {shape} was expected");
    }
}
