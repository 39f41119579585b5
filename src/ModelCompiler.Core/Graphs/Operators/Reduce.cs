namespace ModelCompiler.Graphs.Operators;

/// <summary>How <see cref="Reduce"/> makes one element of many.</summary>
public enum ReduceFunction
{
    /// <summary>The greatest.</summary>
    Max,

    /// <summary>The arithmetic mean; of integers truncated.</summary>
    Mean,

    /// <summary>The smallest.</summary>
    Min,

    /// <summary>The product.</summary>
    Prod,

    /// <summary>The sum.</summary>
    Sum,
}

/// <summary>Reduces some dimensions to one element each (ONNX ReduceSum and its kin).</summary>
/// <param name="Function">What is made of the elements.</param>
/// <param name="Axes">The reduced dimensions, ascending.</param>
/// <param name="KeepDims">Whether they stay as dimensions of size 1.</param>
public sealed record Reduce(ReduceFunction Function, EquatableArray<int> Axes, bool KeepDims) : Operator, ILayoutAgnostic
{
    /// <inheritdoc/>
    public override string Name => "Reduce" + Function;

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation)
    {
        var axes = Axes.Select(axis => permutation[axis]).OrderBy(axis => axis).ToArray();
        return new(this with { Axes = axes }, ReduceRules.OutputPermutation(permutation, axes, KeepDims));
    }

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var (type, axes) = (context.Type(0), Axes);
        context.Require(0, ElementwiseRules.Numbers);
        return [type with { Shape = ReduceRules.OutputShape(type.Shape, axes, KeepDims) }];
    }
}

/// <summary>The index of the greatest or smallest element along one dimension, as int64 (ONNX ArgMax, ArgMin).</summary>
/// <param name="Axis">The dimension that is searched.</param>
/// <param name="KeepDims">Whether it stays with size 1.</param>
/// <param name="Smallest">Whether the smallest is looked for.</param>
/// <param name="SelectLast">Whether the last of equal elements is taken, not the first.</param>
public sealed record ArgMax(int Axis, bool KeepDims, bool Smallest = false, bool SelectLast = false) : Operator, ILayoutAgnostic
{
    /// <inheritdoc/>
    public override string Name => Smallest ? "ArgMin" : "ArgMax";

    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) =>
        new(this with { Axis = permutation[Axis] }, ReduceRules.OutputPermutation(permutation, [permutation[Axis]], KeepDims));

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.Numbers);
        var shape = context.Shape(0);
        return shape[shape.NormaliseAxis(Axis)] > 0
            ? [new(ElementType.Int64, ReduceRules.OutputShape(shape, (int[])[Axis], KeepDims))]
            : throw new ShapeException($"dimension {Axis} of {shape} is empty, so it has no greatest element");
    }
}

/// <summary>Rules that reductions share.</summary>
internal static class ReduceRules
{
    public static TensorShape OutputShape(TensorShape shape, EquatableArray<int> axes, bool keepDims)
    {
        foreach (var axis in axes)
        {
            shape.NormaliseAxis(axis);
        }

        return keepDims
            ? new(shape.Select((size, axis) => axes.Contains(axis) ? 1 : size))
            : new(shape.Where((_, axis) => !axes.Contains(axis)));
    }

    /// <summary>Where the dimensions that remain of a transposed input stand in the output of the reduction before the transposition.</summary>
    public static EquatableArray<int> OutputPermutation(EquatableArray<int> permutation, int[] reducedBefore, bool keepDims)
    {
        if (keepDims)
        {
            return permutation;
        }

        var kept = permutation.Where(axis => !reducedBefore.Contains(axis)).ToArray();
        return kept.Select(axis => kept.Count(other => other < axis)).ToArray();
    }
}
