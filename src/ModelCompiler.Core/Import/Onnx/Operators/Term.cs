using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>A value with the arithmetic of formulas, for operators that are composed of others at import.</summary>
/// <param name="Graph">Where the nodes go.</param>
/// <param name="Value">The value so far.</param>
internal readonly record struct Term(GraphBuilder Graph, Value Value)
{
    public TensorShape Shape => Value.Shape;

    public static Term operator +(Term a, Term b) => a.With(BinaryFunction.Add, b);

    public static Term operator -(Term a, Term b) => a.With(BinaryFunction.Sub, b);

    public static Term operator *(Term a, Term b) => a.With(BinaryFunction.Mul, b);

    public static Term operator /(Term a, Term b) => a.With(BinaryFunction.Div, b);

    public static Term operator +(Term a, double b) => a + a.Number(b);

    public static Term operator -(Term a, double b) => a - a.Number(b);

    public static Term operator *(Term a, double b) => a * a.Number(b);

    public static Term operator /(Term a, double b) => a / a.Number(b);

    public static Term operator -(Term a) => a.Of(UnaryFunction.Neg);

    /// <summary>What an operator makes of it and of further inputs.</summary>
    public Term Apply(Operator op, params Value[] further) => new(Graph, Graph.Add(op, [Value, .. further]));

    public Term Of(UnaryFunction function) => Apply(new Unary(function));

    public Term With(BinaryFunction function, Term other) => Apply(new Binary(function), other.Value);

    public Term Reshape(params IEnumerable<int> sizes) =>
        new TensorShape(sizes) is var shape && shape == Shape ? this : Apply(new Reshape(shape));

    public Term Transpose(params int[] permutation) => Apply(new Transpose(permutation));

    /// <summary>Reduced over some dimensions, which stay with size 1.</summary>
    public Term Reduce(ReduceFunction function, params int[] axes) => Apply(new Reduce(function, axes, KeepDims: true));

    /// <summary>Reduced to a scalar.</summary>
    public Term ReduceAll(ReduceFunction function) =>
        Shape.Rank == 0 ? this : Apply(new Reduce(function, Enumerable.Range(0, Shape.Rank).ToArray(), KeepDims: false));

    /// <summary>Part of one dimension.</summary>
    public Term Slice(int axis, int start, int size) => Apply(Graphs.Operators.Slice.Range(Shape, axis, start, size));

    public Term To(ElementType element) => Value.Element == element ? this : Apply(new Cast(element));

    /// <summary>Of two values the one that this truth value says.</summary>
    public Term Choose(Term whenTrue, Term whenFalse) => Apply(new Where(), whenTrue.Value, whenFalse.Value);

    /// <summary>A scalar of the same element type.</summary>
    public Term Number(double value)
    {
        var scalar = Tensor.From<double>(ElementType.Float64, TensorShape.Scalar, [value]);
        return new Term(Graph, Graph.Constant(scalar)).To(Value.Element);
    }
}
