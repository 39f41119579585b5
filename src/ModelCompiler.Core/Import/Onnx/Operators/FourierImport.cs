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
        var given =
            node.OptionalConstantInput(2, "the axis") is { } tensor ? Scalar(tensor)
            : node.Opset < 20 ? node.Int("axis", 1)
            : -2;
        var axis = x.Shape.NormaliseAxis(given);
        var (isInverse, isOneSided) = (node.Int("inverse", 0) != 0, node.Int("onesided", 0) != 0);
        var length =
            node.OptionalConstantInput(1, "the length") is { } wanted ? Scalar(wanted)
            : isInverse && isOneSided ? 2L * (x.Shape[axis] - 1)
            : x.Shape[axis];
        return [graph.Add(new Fourier(axis, Length(node, length), isInverse, isOneSided), x)];
    }

    public static ImmutableArray<Value> Stft(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        x = x.Shape.Rank == 2 ? x.Reshape(x.Shape[0], x.Shape[1], 1) : x;
        if (x.Shape.Rank != 3)
        {
            throw new ShapeException($"signals [batches, length, 1 or 2] were expected, found {x.Shape}");
        }

        var step = Scalar(node.ConstantInput(1, "the step between frames"));
        var window = node.OptionalInput(2);
        var length = Length(
            node,
            node.OptionalConstantInput(3, "the length of frames") is { } given ? Scalar(given) : window?.Shape.Elements ?? x.Shape[1]
        );
        if (step < 1 || length > x.Shape[1] || (window is not null && window.Shape != new TensorShape(length)))
        {
            throw new ShapeException($"frames of {length} every {step} and a window {window?.Shape} do not fit signals {x.Shape}");
        }

        var count = (int)(((x.Shape[1] - length) / step) + 1);
        var places = Enumerable.Range(0, new TensorShape(count, length).Elements).Select(i => (i / length * step) + (i % length));
        var frames = x.Apply(new Gather(1), graph.Constant(Tensor.Longs([.. places]).Reshape(new(count, length))));
        frames = window is null ? frames : frames * new Term(graph, window).Reshape(length, 1);
        return [frames.Apply(new Fourier(2, length, IsInverse: false, IsOneSided: node.Int("onesided", 1) != 0)).Value];
    }

    private static long Scalar(Tensor tensor) =>
        tensor.Shape.Elements == 1 ? tensor.ToLongs()[0] : throw new ShapeException($"one number was expected, found {tensor.Type}");

    private static int Length(OnnxNode node, long length) =>
        length < 1 ? throw new ShapeException($"transforms of {length} points are not possible")
        : length <= MaxLength ? (int)length
        : throw node.Unsupported($"transforms of {length} points are not supported; supported: up to {MaxLength}");
}
