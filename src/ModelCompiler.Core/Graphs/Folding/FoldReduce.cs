using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Evaluates reductions.</summary>
internal static class FoldReduce
{
    public static Tensor[]? Evaluate(Reduce op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var x = inputs[0]!;
        if (x.Shape.Elements == 0 || x.Element == ElementType.UInt64)
        {
            return null;
        }

        // Every element of x, by the place of the output that it goes to.
        var places = Elements.BroadcastIndices(ReduceRules.OutputShape(x.Shape, op.Axes, keepDims: true), x.Shape);
        var count = x.Shape.Elements / types[0].Shape.Elements;
        if (Elements.AreFloat(x.Element))
        {
            var sums = Accumulated(Elements.Doubles(x), places, types[0].Shape.Elements, OfFloats(op.Function));
            return [Elements.FromDoubles(types[0], op.Function == ReduceFunction.Mean ? [.. sums.Select(s => s / count)] : sums)];
        }

        var results = Accumulated(x.ToLongs(), places, types[0].Shape.Elements, OfIntegers(op.Function));
        return [Elements.FromLongs(types[0], op.Function == ReduceFunction.Mean ? [.. results.Select(s => s / count)] : results)];
    }

    private static Func<double, double, double> OfFloats(ReduceFunction function) =>
        function switch
        {
            ReduceFunction.Max => (a, b) => double.IsNaN(a) || a > b ? a : b,
            ReduceFunction.Min => (a, b) => double.IsNaN(a) || a < b ? a : b,
            ReduceFunction.Prod => (a, b) => a * b,
            _ => (a, b) => a + b,
        };

    private static Func<long, long, long> OfIntegers(ReduceFunction function) =>
        function switch
        {
            ReduceFunction.Max => Math.Max,
            ReduceFunction.Min => Math.Min,
            ReduceFunction.Prod => (a, b) => unchecked(a * b),
            _ => (a, b) => unchecked(a + b),
        };

    private static T[] Accumulated<T>(T[] elements, int[] places, int count, Func<T, T, T> combine)
    {
        var (result, begun) = (new T[count], new bool[count]);
        for (var i = 0; i < elements.Length; i++)
        {
            var place = places[i];
            result[place] = begun[place] ? combine(result[place], elements[i]) : elements[i];
            begun[place] = true;
        }

        return result;
    }
}
