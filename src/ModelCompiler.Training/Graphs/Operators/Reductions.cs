using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Many elements become one, or are summed up along a dimension, or the best of them are found.</summary>
internal static class Reductions
{
    public static Tensor[] Reduce(Reduce op, OperatorInputs inputs)
    {
        var x = inputs[0];
        var axes = TorchTypes.Sizes(op.Axes);
        return axes.Length == 0
            ? [x]
            :
            [
                op.Function switch
                {
                    ReduceFunction.Max => x.amax(axes, op.KeepDims),
                    ReduceFunction.Min => x.amin(axes, op.KeepDims),
                    ReduceFunction.Mean => Mean(x, axes, op.KeepDims),
                    ReduceFunction.Sum => x.sum(axes, op.KeepDims),
                    // From the last, so that dimensions that disappear move none of those that are left.
                    _ => axes.Reverse().Aggregate(x, (product, axis) => product.prod(axis, op.KeepDims)),
                },
            ];
    }

    public static Tensor[] ArgMax(ArgMax op, OperatorInputs inputs)
    {
        // libtorch takes the first of equal elements.
        var x = op.Smallest ? inputs[0].neg() : inputs[0];
        if (!op.SelectLast)
        {
            return [x.argmax(op.Axis, op.KeepDims)];
        }

        return [inputs.Shape(0)[op.Axis] - 1 - x.flip(op.Axis).argmax(op.Axis, op.KeepDims)];
    }

    public static Tensor[] Cumulative(Cumulative op, OperatorInputs inputs)
    {
        var (axis, size) = (op.Axis, inputs.Shape(0)[op.Axis]);
        var isSum = op.Function == ReduceFunction.Sum;
        var x = op.Reverse ? inputs[0].flip(axis) : inputs[0];
        if (op.Exclusive && size > 0)
        {
            var first = isSum ? zeros_like(x.narrow(axis, 0, 1)) : ones_like(x.narrow(axis, 0, 1));
            x = cat([first, x.narrow(axis, 0, size - 1)], axis);
        }

        var y = isSum ? x.cumsum(axis) : x.cumprod(axis);
        return [op.Reverse ? y.flip(axis) : y];
    }

    public static Tensor[] TopK(TopK op, OperatorInputs inputs)
    {
        var (values, indices) = inputs[0].topk(op.Count, op.Axis, largest: !op.Smallest);
        return [values, indices];
    }

    private static Tensor Mean(Tensor x, long[] axes, bool keepDims)
    {
        if (x.is_floating_point())
        {
            return x.mean(axes, keepDims);
        }

        var count = axes.Aggregate(1L, (product, axis) => product * x.shape[axis]);
        return x.sum(axes, keepDims).div(count, RoundingMode.trunc);
    }
}
