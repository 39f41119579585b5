using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>Chooses the kernel family of integer convolutions and matrix products.</summary>
internal static class Int8Lowering
{
    public static LoweredNode? Convolution(QuantizedConv op, Node node, LoweringContext context)
    {
        if (node.Input(1).Constant is null)
        {
            return null;
        }

        var weights = CentredWeights.OfConvolution(op, node);
        if (op.Layout != DataLayout.ChannelsLast || op.Window.Rank > 2 || !Int8Source.Fits(weights))
        {
            return LoopConvInt8Kernel.Lower(op, node, context);
        }

        var (inputs, taps) = (node.Input(1).Shape[1], op.Window.Taps);
        if (
            inputs == 1
            && op.Group > 1
            && op.Group == node.Input(1).Shape[0]
            && DepthwiseInt8Kernel.Lower(weights, op, node, context) is { } depthwise
        )
        {
            return depthwise;
        }

        if (op.Window.IsPointwise)
        {
            var rows = node.Output.Shape.Elements / node.Output.Shape[node.Output.Shape.Rank - 1];
            return PointwiseInt8Kernel.Lower(Source(1, inputs), rows, node, context);
        }

        // A row of taps is one run of bytes only where they touch.
        var window = op.Window.Over2Dimensions();
        var runs = op.Group == 1 && window.Dilations[1] == 1 ? window.Kernel[0] : taps;
        return DirectConvInt8Kernel.Lower(Source(runs, taps / runs * inputs), op, node, context);

        Int8Source Source(int segments, int length) =>
            new(
                weights,
                node.Input(1).Shape[0],
                op.Group,
                segments,
                length,
                op.InputZeroPoint,
                node.Input(0).Element,
                node.HasInput(2) ? node.Input(2).Constant!.As<int>().ToArray() : null,
                op.Output
            );
    }

    public static LoweredNode? MatrixProduct(QuantizedMatMul op, Node node, LoweringContext context)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        if (b.Constant is not { Shape.Rank: 2 } matrix)
        {
            return LoopMatMulInt8Kernel.Lower(op, node, context);
        }

        var weights = CentredWeights.OfMatrix(matrix, op.BZeroPoints);
        var depth = matrix.Shape[0];
        return Int8Source.Fits(weights) && depth > 0
            ? PointwiseInt8Kernel.Lower(
                new Int8Source(
                    weights,
                    matrix.Shape[1],
                    1,
                    1,
                    depth,
                    op.AZeroPoint,
                    a.Element,
                    node.HasInput(2) ? node.Input(2).Constant!.As<int>().ToArray() : null,
                    op.Output
                ),
                a.Shape.Elements / depth,
                node,
                context
            )
            : LoopMatMulInt8Kernel.Lower(op, node, context);
    }
}
