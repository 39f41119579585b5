using System.Runtime.InteropServices;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Movement;
using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Constant = ModelCompiler.Graphs.Tensor;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Operators that only put elements elsewhere.</summary>
internal static class Movements
{
    public static Tensor[] Concat(Concat op, OperatorInputs inputs) =>
        [cat([.. Enumerable.Range(0, inputs.Count).Select(i => inputs[i])], op.Axis)];

    public static Tensor[] Expand(Expand op, OperatorInputs inputs) => [inputs[0].broadcast_to(TorchTypes.Sizes(op.Shape))];

    public static Tensor[] Reshape(Reshape op, OperatorInputs inputs) => [inputs[0].reshape(TorchTypes.Sizes(op.Shape))];

    public static Tensor[] Split(Split op, OperatorInputs inputs) => inputs[0].split(TorchTypes.Sizes(op.Sizes), op.Axis);

    public static Tensor[] Tile(Tile op, OperatorInputs inputs) => [inputs[0].tile(TorchTypes.Sizes(op.Repeats))];

    public static Tensor[] Transpose(Transpose op, OperatorInputs inputs) => [inputs[0].permute(TorchTypes.Sizes(op.Permutation))];

    public static Tensor[] Slice(Slice op, OperatorInputs inputs)
    {
        var (x, shape) = (inputs[0], inputs.Shape(0));
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            var (start, size, step) = (op.Starts[axis], op.Sizes[axis], op.Steps[axis]);
            if (size == 0)
            {
                x = x.narrow(axis, 0, 0);
            }
            else if (step < 0)
            {
                var last = start + ((size - 1) * step);
                x = x.slice(axis, last, start + 1, -step).flip(axis);
            }
            else if (start != 0 || step != 1 || size != shape[axis])
            {
                x = x.slice(axis, start, start + ((size - 1) * step) + 1, step);
            }
        }

        return [x];
    }

    public static Tensor[] Pad(Pad op, OperatorInputs inputs)
    {
        if (op.Mode != PadMode.Constant)
        {
            return Moved(op, inputs);
        }

        var pads = Enumerable.Range(0, inputs.Shape(0).Rank).Reverse().SelectMany(axis => new long[] { op.Begin[axis], op.End[axis] });
        var value = TorchTypes.ToTensor(Filling(inputs.Output().Element, op.ValueBits)).to_type(ScalarType.Float64).item<double>();
        var x = inputs[0];
        // What is padded may have to be a number.
        return x.dtype == ScalarType.Bool
            ? [functional.pad(x.to_type(ScalarType.Int32), [.. pads], TorchSharp.PaddingModes.Constant, value).ne(0)]
            : [functional.pad(x, [.. pads], TorchSharp.PaddingModes.Constant, value)];
    }

    /// <summary>
    /// Any movement that reads each output from one input element: what it does to the numbers 0, 1, 2, … says from where.
    /// </summary>
    public static Tensor[] Moved(Operator op, OperatorInputs inputs)
    {
        var positions = Constant.From<int>(ElementType.Int32, inputs.Shape(0), [.. Enumerable.Range(0, inputs.Shape(0).Elements)]);
        var type = new TensorType(ElementType.Int32, inputs.Output().Shape);
        var sources = MovePlan.Evaluate((IMovement)op, [positions], [type])[0];
        return [inputs[0].reshape(-1).index_select(0, TorchTypes.ToTensor(sources).reshape(-1)).reshape(TorchTypes.Sizes(type.Shape))];
    }

    private static Constant Filling(ElementType element, ulong bits) =>
        Constant.FromBytes(
            new TensorType(element, TensorShape.Scalar),
            MemoryMarshal.AsBytes<ulong>([bits])[..element.SizeInBytes()].ToArray()
        );
}
