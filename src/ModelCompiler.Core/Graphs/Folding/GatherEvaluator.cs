using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

internal static class GatherEvaluator
{
    public static Tensor[] Evaluate(Gather op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var (data, indices) = (inputs[0]!, inputs[1]!.ToLongs());
        var size = data.Shape[op.Axis];
        var block = data.Shape.Product(op.Axis + 1, data.Shape.Rank) * data.Element.SizeInBytes();
        var result = new byte[types[0].Bytes];
        var target = 0;
        for (var outer = 0; outer < data.Shape.Product(0, op.Axis); outer++)
        {
            foreach (var index in indices)
            {
                var position =
                    index >= -size && index < size
                        ? (int)(index < 0 ? index + size : index)
                        : throw new ShapeException($"index {index} is outside of [{-size}, {size - 1}]");
                data.Bytes.Slice(((outer * size) + position) * block, block).CopyTo(result.AsSpan(target));
                target += block;
            }
        }

        return [Tensor.FromBytes(types[0], result)];
    }
}
