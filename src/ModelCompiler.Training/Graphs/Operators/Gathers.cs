using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Elements picked and placed by indices, which have no gradient.</summary>
internal static class Gathers
{
    public static Tensor[] Gather(Gather op, OperatorInputs inputs)
    {
        var (indices, output) = (Indices(inputs, inputs.Shape(0)[op.Axis]), inputs.Output().Shape);
        return [inputs[0].index_select(op.Axis, indices.reshape(-1)).reshape(TorchTypes.Sizes(output))];
    }

    public static Tensor[] GatherElements(GatherElements op, OperatorInputs inputs) =>
        [inputs[0].gather(op.Axis, Indices(inputs, inputs.Shape(0)[op.Axis]))];

    public static Tensor[] GatherTuples(GatherND op, OperatorInputs inputs)
    {
        var (data, indices) = (inputs.Shape(0), inputs.Shape(1));
        var batch = op.BatchDimensions;
        var tuple = indices[indices.Rank - 1];
        var (outer, inner) = (data.Product(0, batch), data.Product(batch + tuple, data.Rank));
        var rows = data.Product(batch, batch + tuple);
        // [outer, tuples] rows of each item, and then of all items in one list.
        var row = Rows(inputs[1].to_type(ScalarType.Int64), [.. data.Skip(batch).Take(tuple)]).reshape(outer, -1);
        row += arange(outer, ScalarType.Int64).unsqueeze(1) * rows;
        return
        [
            inputs[0].reshape((long)outer * rows, inner).index_select(0, row.reshape(-1)).reshape(TorchTypes.Sizes(inputs.Output().Shape)),
        ];
    }

    public static Tensor[] ScatterElements(ScatterElements op, OperatorInputs inputs)
    {
        var indices = Indices(inputs, inputs.Shape(0)[op.Axis]);
        return
        [
            op.Reduction == ScatterReduction.Add
                ? inputs[0].scatter_add(op.Axis, indices, inputs[2])
                : inputs[0].scatter(op.Axis, indices, inputs[2]),
        ];
    }

    public static Tensor[] ScatterTuples(ScatterND op, OperatorInputs inputs)
    {
        var (data, indices) = (inputs.Shape(0), inputs.Shape(1));
        var tuple = indices[indices.Rank - 1];
        var (rows, inner) = (data.Product(0, tuple), data.Product(tuple, data.Rank));
        var row = Rows(inputs[1].to_type(ScalarType.Int64), [.. data.Take(tuple)]).reshape(-1, 1).broadcast_to(-1, inner);
        var (x, updates) = (inputs[0].reshape(rows, inner), inputs[2].reshape(-1, inner));
        var y = op.Reduction == ScatterReduction.Add ? x.scatter_add(0, row, updates) : x.scatter(0, row, updates);
        return [y.reshape(TorchTypes.Sizes(data))];
    }

    public static Tensor[] OneHot(OneHot op, OperatorInputs inputs)
    {
        var positions = arange(op.Depth, ScalarType.Int64).reshape([op.Depth, .. Enumerable.Repeat(1L, inputs.Shape(0).Rank - op.Axis)]);
        var indices = inputs[0].to_type(ScalarType.Int64);
        indices = where(indices < 0, indices + op.Depth, indices).unsqueeze(op.Axis);
        var values = inputs[1].reshape(-1);
        return [where(indices.eq(positions), values[1], values[0])];
    }

    /// <summary>Input 1 as indices from the beginning.</summary>
    private static Tensor Indices(OperatorInputs inputs, int size)
    {
        var indices = inputs[1].to_type(ScalarType.Int64);
        return where(indices < 0, indices + size, indices);
    }

    /// <summary>The row-major positions that tuples of indices, the last dimension, name.</summary>
    private static Tensor Rows(Tensor tuples, int[] sizes)
    {
        var strides = new TensorShape(sizes).Strides();
        var row = zeros([.. tuples.shape[..^1]], ScalarType.Int64);
        for (var i = 0; i < sizes.Length; i++)
        {
            var index = tuples.select(-1, i);
            row += where(index < 0, index + sizes[i], index) * strides[i];
        }

        return row;
    }
}
