using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Scatters and gathers by single indices or tuples of them, on constants.</summary>
internal static class ScatterEvaluator
{
    public static Tensor[]? Elements(ScatterElements op, IReadOnlyList<Tensor?> inputs, TensorType[] types) =>
        Scatter(inputs, types[0], op.Reduction, AlongAxis(inputs[0]!.Shape, inputs[1]!, op.Axis));

    public static Tensor[]? Tuples(ScatterND op, IReadOnlyList<Tensor?> inputs, TensorType[] types) =>
        Scatter(inputs, types[0], op.Reduction, ByTuples(inputs[0]!.Shape, inputs[1]!, batch: 0));

    public static Tensor[] GatherElements(GatherElements op, IReadOnlyList<Tensor?> inputs, TensorType[] types) =>
        Gather(inputs[0]!, types[0], AlongAxis(inputs[0]!.Shape, inputs[1]!, op.Axis));

    public static Tensor[] GatherTuples(GatherND op, IReadOnlyList<Tensor?> inputs, TensorType[] types) =>
        Gather(inputs[0]!, types[0], ByTuples(inputs[0]!.Shape, inputs[1]!, op.BatchDimensions));

    private static Tensor[] Gather(Tensor data, TensorType type, IEnumerable<int> places)
    {
        var size = data.Element.SizeInBytes();
        var (result, target) = (new byte[type.Bytes], 0);
        foreach (var place in places)
        {
            data.Bytes.Slice(place * size, size).CopyTo(result.AsSpan(target));
            target += size;
        }

        return [Tensor.FromBytes(type, result)];
    }

    private static Tensor[]? Scatter(IReadOnlyList<Tensor?> inputs, TensorType type, ScatterReduction reduction, IEnumerable<int> places)
    {
        var (data, updates) = (inputs[0]!, inputs[2]!);
        if (reduction == ScatterReduction.None)
        {
            return [Overwritten(data, updates, places)];
        }

        if (Folding.Elements.AreFloat(type.Element))
        {
            var (floats, changes) = (Folding.Elements.Doubles(data), Folding.Elements.Doubles(updates));
            Reduce(floats, changes, places, Function<double>(reduction, (a, b) => a + b, (a, b) => a * b, Math.Min, Math.Max));
            return [Folding.Elements.FromDoubles(type, floats)];
        }

        // The upper half of unsigned 64 bits is negative here.
        if (!type.Element.IsInteger() || type.Element == ElementType.UInt64)
        {
            return null;
        }

        var integers = data.ToLongs();
        var function = Function<long>(reduction, (a, b) => unchecked(a + b), (a, b) => unchecked(a * b), Math.Min, Math.Max);
        Reduce(integers, updates.ToLongs(), places, function);
        return [Folding.Elements.FromLongs(type, integers)];
    }

    private static Tensor Overwritten(Tensor data, Tensor updates, IEnumerable<int> places)
    {
        var size = data.Element.SizeInBytes();
        var (result, source) = (data.Bytes.ToArray(), 0);
        foreach (var place in places)
        {
            updates.Bytes.Slice(source, size).CopyTo(result.AsSpan(place * size));
            source += size;
        }

        return Tensor.FromBytes(data.Type, result);
    }

    private static void Reduce<T>(T[] elements, T[] updates, IEnumerable<int> places, Func<T, T, T> function)
    {
        foreach (var (place, i) in places.Select((place, i) => (place, i)))
        {
            elements[place] = function(elements[place], updates[i]);
        }
    }

    private static Func<T, T, T> Function<T>(
        ScatterReduction reduction,
        Func<T, T, T> add,
        Func<T, T, T> multiply,
        Func<T, T, T> least,
        Func<T, T, T> greatest
    ) =>
        reduction switch
        {
            ScatterReduction.Add => add,
            ScatterReduction.Mul => multiply,
            ScatterReduction.Min => least,
            _ => greatest,
        };

    /// <summary>For each index the element of the data at its own place, but for one dimension, where the index says which.</summary>
    private static IEnumerable<int> AlongAxis(TensorShape data, Tensor indices, int axis)
    {
        var (shape, strides, from, positions) = (indices.Shape, data.Strides(), indices.Shape.Strides(), indices.ToLongs());
        for (var i = 0; i < positions.Length; i++)
        {
            var place = Position(positions[i], data[axis]) * strides[axis];
            for (var other = 0; other < shape.Rank; other++)
            {
                place += other == axis ? 0 : i / from[other] % shape[other] * strides[other];
            }

            yield return place;
        }
    }

    /// <summary>For each tuple all elements of the block that it names.</summary>
    private static IEnumerable<int> ByTuples(TensorShape data, Tensor indices, int batch)
    {
        var (positions, strides) = (indices.ToLongs(), data.Strides());
        var tuple = indices.Shape[indices.Shape.Rank - 1];
        var perBatch = indices.Shape.Product(batch, indices.Shape.Rank - 1);
        var (batchSize, block) = (data.Product(batch, data.Rank), data.Product(batch + tuple, data.Rank));
        for (var i = 0; i < positions.Length / tuple; i++)
        {
            var place = i / perBatch * batchSize;
            for (var k = 0; k < tuple; k++)
            {
                place += Position(positions[(i * tuple) + k], data[batch + k]) * strides[batch + k];
            }

            for (var element = 0; element < block; element++)
            {
                yield return place + element;
            }
        }
    }

    private static int Position(long index, int size) =>
        index >= -size && index < size
            ? (int)(index < 0 ? index + size : index)
            : throw new ShapeException($"index {index} is outside of [{-size}, {size - 1}]");
}
