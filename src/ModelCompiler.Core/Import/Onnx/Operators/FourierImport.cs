using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>DFT and STFT.</summary>
internal static class FourierImport
{
    /// <summary>The roots of unity are kept as constants.</summary>
    private const int MaxLength = 1 << 20;

    public static ImmutableArray<Value> Dft(OnnxNode node, GraphBuilder graph)
    {
        // The axis is an attribute before opset 20 and an input from then on.
        var x = node.Input(0);
        var axis = x.Shape.NormaliseAxis(node.OptionalConstantInteger(2, "the axis") ?? (node.Opset < 20 ? node.Int("axis", 1) : -2));
        var (isInverse, isOneSided) = (node.Int("inverse", 0) != 0, node.Int("onesided", 0) != 0);
        var length = node.OptionalConstantInteger(1, "the length") ?? (isInverse && isOneSided ? 2L * (x.Shape[axis] - 1) : x.Shape[axis]);
        return [graph.Add(new Fourier(axis, Length(node, length), isInverse, isOneSided), x)];
    }

    public static ImmutableArray<Value> Stft(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        x = x.Shape.Rank == 2 ? x.Reshape(x.Shape[0], x.Shape[1], 1) : x;
        var step = node.ConstantInteger(1, "the step between frames");
        var window = node.OptionalInput(2);
        var all = x.Shape.Rank > 1 ? x.Shape[1] : 0;
        var given = node.OptionalConstantInteger(3, "the length of frames") ?? window?.Shape.Elements ?? all;
        var op = new ShortTimeFourier(
            (int)Math.Min(Math.Max(step, 0), TensorShape.MaxElements),
            Length(node, given),
            node.Int("onesided", 1) != 0
        );
        return [(window is null ? x.Apply(op) : x.Apply(op, window)).Value];
    }

    private static int Length(OnnxNode node, long length) =>
        length < 1 ? throw new ShapeException($"transforms of {length} points are not possible")
        : length <= MaxLength ? (int)length
        : throw node.Unsupported($"transforms of {length} points are not supported; supported: up to {MaxLength}");
}
