using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>
/// Quantised numbers as floats that are integers. Rounding has the gradient of the identity (straight-through), and what saturates has
/// none, so that a network learns with its own quantisation errors.
/// </summary>
internal static class FakeQuantisation
{
    public static Tensor[] Quantize(QuantizeLinear op, OperatorInputs inputs)
    {
        var (scale, zero) = Grid(op.Grid, op.Axis, op.BlockSize, inputs);
        var quotient = inputs[0] / scale;
        return [((inputs.Rounds ? Rounded(quotient) : quotient) + zero).clamp(op.Element.LowestValue(), op.Element.HighestValue())];
    }

    public static Tensor[] Dequantize(DequantizeLinear op, OperatorInputs inputs)
    {
        var (scale, zero) = Grid(op.Grid, op.Axis, op.BlockSize, inputs);
        return [(inputs[0] - zero) * scale];
    }

    /// <summary>Rounded to integers, with the gradient of what is not rounded.</summary>
    private static Tensor Rounded(Tensor x) => x + (x.round() - x).detach();

    /// <summary>Scales or zero points in a shape that broadcasts to the tensor's.</summary>
    private static Tensor Spread(Tensor entries, TensorShape shape, int axis, int blockSize)
    {
        if (entries.numel() == 1)
        {
            return entries.reshape();
        }

        if (blockSize == 0)
        {
            return entries.reshape([.. shape.Select((size, a) => a == axis ? size : 1L)]);
        }

        long[] blocks = [.. shape.Select((size, a) => a == axis ? (size + blockSize - 1) / blockSize : (long)size)];
        return entries.reshape(blocks).repeat_interleave(blockSize, axis).narrow(axis, 0, shape[axis]);
    }

    private static (Tensor Scale, Tensor Zero) Grid(QuantizationGrid? grid, int axis, int blockSize, OperatorInputs inputs)
    {
        var shape = inputs.Shape(0);
        if (grid is not null)
        {
            return (
                Spread(tensor(grid.Scales.ToArray()), shape, grid.Axis, grid.BlockSize),
                Spread(tensor(grid.ZeroPoints.Select(z => (float)z).ToArray()), shape, grid.Axis, grid.BlockSize)
            );
        }

        var zero = inputs.Optional(2) is { } given ? Spread(given, shape, axis, blockSize) : tensor(0f);
        return (Spread(inputs[1], shape, axis, blockSize), zero);
    }
}
