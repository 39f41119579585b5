using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class PadImport
{
    public static ImmutableArray<Value> Pad(OnnxNode node, GraphBuilder graph)
    {
        var input = node.Input(0);
        var (begin, end) = Pads(node, input.Shape);
        var mode = node.Text("mode", "constant") switch
        {
            "constant" => PadMode.Constant,
            "edge" => PadMode.Edge,
            "reflect" => PadMode.Reflect,
            "wrap" => PadMode.Wrap,
            var other => throw node.Unsupported($"mode '{other}' is not supported; supported: constant, edge, reflect, wrap"),
        };
        if (begin.Concat(end).Any(p => p < 0))
        {
            // A negative pad cuts elements off, before the others are added.
            var starts = begin.Select(p => Math.Max(-p, 0)).ToArray();
            var sizes = input.Shape.Select((size, axis) => size - starts[axis] - Math.Max(-end[axis], 0)).ToArray();
            input = graph.Add(new Slice(starts, new TensorShape(sizes).ToArray(), sizes.Select(_ => 1).ToArray()), input);
            begin = [.. begin.Select(p => Math.Max(p, 0))];
            end = [.. end.Select(p => Math.Max(p, 0))];
        }

        return begin.Concat(end).All(p => p == 0) ? [input] : [graph.Add(new Pad(begin, end, mode, ValueBits(node, mode)), input)];
    }

    private static (int[] Begin, int[] End) Pads(OnnxNode node, TensorShape shape)
    {
        var pads = node.Ints("pads") ?? node.Ints("paddings") ?? node.ConstantInput(1, "the list of pads").ToLongs();
        var axes = (
            node.OptionalConstantInput(3, "the list of axes")?.ToLongs() ?? [.. Enumerable.Range(0, shape.Rank).Select(axis => (long)axis)]
        )
            .Select(shape.NormaliseAxis)
            .ToArray();
        if (pads.Length != 2 * axes.Length)
        {
            throw new ShapeException($"{2 * axes.Length} pads were expected for {axes.Length} dimensions, found {pads.Length}");
        }

        var (begin, end) = (new int[shape.Rank], new int[shape.Rank]);
        for (var i = 0; i < axes.Length; i++)
        {
            begin[axes[i]] = Size(pads[i]);
            end[axes[i]] = Size(pads[axes.Length + i]);
        }

        return (begin, end);
    }

    private static int Size(long pad) =>
        pad is >= -TensorShape.MaxElements and <= TensorShape.MaxElements ? (int)pad : throw new ShapeException($"a pad is {pad}");

    /// <summary>The constant's bits; the value is a scalar of the data's type, or a float attribute in opset 2.</summary>
    private static ulong ValueBits(OnnxNode node, PadMode mode)
    {
        if (mode != PadMode.Constant)
        {
            return 0;
        }

        var value = node.OptionalConstantInput(2, "the value");
        var element = node.Input(0).Element;
        if (value is null)
        {
            var attribute = node.Float("value", 0);
            return attribute == 0 ? 0
                : element == ElementType.Float32 ? Bits(Tensor.Floats(TensorShape.Scalar, attribute))
                : throw node.Unsupported($"padding {element} with the attribute value {attribute} is not supported; supported: Float32");
        }

        return value.Element == element && value.Shape.Elements == 1
            ? Bits(value)
            : throw new ShapeException($"the value is {value.Type}; one {element} was expected");
    }

    private static ulong Bits(Tensor scalar)
    {
        ulong bits = 0;
        for (var i = 0; i < scalar.Bytes.Length; i++)
        {
            bits |= (ulong)scalar.Bytes[i] << (8 * i);
        }

        return bits;
    }
}
