using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Operators that walk along one dimension, on constants.</summary>
internal static class ScanEvaluator
{
    public static Tensor[] Cumulative(Cumulative op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var x = inputs[0]!;
        var isProduct = op.Function == ReduceFunction.Prod;
        if (Elements.AreFloat(x.Element))
        {
            var floats = Elements.Doubles(x);
            Run(op, x.Shape, floats, isProduct ? 1 : 0, isProduct ? (a, b) => a * b : (a, b) => a + b);
            return [Elements.FromDoubles(types[0], floats)];
        }

        var integers = x.ToLongs();
        Run(op, x.Shape, integers, isProduct ? 1 : 0, isProduct ? (a, b) => unchecked(a * b) : (a, b) => unchecked(a + b));
        return [Elements.FromLongs(types[0], integers)];
    }

    public static Tensor[]? TopK(TopK op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var x = inputs[0]!;
        if (Elements.AreFloat(x.Element))
        {
            var (floats, places) = Best(op, x.Shape, Elements.Doubles(x));
            return [Elements.FromDoubles(types[0], floats), Elements.FromLongs(types[1], places)];
        }

        // The upper half of unsigned 64 bits is negative here.
        if (x.Element == ElementType.UInt64)
        {
            return null;
        }

        var (integers, indices) = Best(op, x.Shape, x.ToLongs());
        return [Elements.FromLongs(types[0], integers), Elements.FromLongs(types[1], indices)];
    }

    private static void Run<T>(Cumulative op, TensorShape shape, T[] elements, T start, Func<T, T, T> function)
    {
        foreach (var line in Lines(shape, op.Axis))
        {
            var total = start;
            foreach (var place in op.Reverse ? line.AsEnumerable().Reverse() : line)
            {
                var before = total;
                total = function(total, elements[place]);
                elements[place] = op.Exclusive ? before : total;
            }
        }
    }

    private static (T[] Values, long[] Indices) Best<T>(TopK op, TensorShape shape, T[] elements)
    {
        var output = shape.With(op.Axis, op.Count);
        var (values, indices) = (new T[output.Elements], new long[output.Elements]);
        foreach (var (from, to) in Lines(shape, op.Axis).Zip(Lines(output, op.Axis), (from, to) => (from, to)))
        {
            // Sorting keeps the order of equal elements.
            var all = Enumerable.Range(0, from.Length);
            var best = op.Smallest ? all.OrderBy(i => elements[from[i]]) : all.OrderByDescending(i => elements[from[i]]);
            foreach (var (index, place) in best.Take(op.Count).Zip(to, (index, place) => (index, place)))
            {
                (values[place], indices[place]) = (elements[from[index]], index);
            }
        }

        return (values, indices);
    }

    /// <summary>The places of the elements along one dimension, for each place in the others.</summary>
    private static IEnumerable<int[]> Lines(TensorShape shape, int axis)
    {
        var (length, inner) = (shape[axis], shape.Product(axis + 1, shape.Rank));
        return from o in Enumerable.Range(0, shape.Product(0, axis))
            from i in Enumerable.Range(0, inner)
            select Enumerable.Range(0, length).Select(k => (((o * length) + k) * inner) + i).ToArray();
    }
}
