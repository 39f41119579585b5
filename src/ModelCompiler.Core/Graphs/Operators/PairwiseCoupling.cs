namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Probabilities of classes from those of pairs of them, by the iteration of Wu, Lin and Weng as LIBSVM has it: it ends after 100
/// rounds, or when nothing is wrong by more than 0.005/classes. Input: [rows, pairs], for each pair (0,1), (0,2), …, (1,2), …
/// the probability of the first class. Output: [rows, classes].
/// </summary>
/// <param name="Classes">Number of classes, 2 or more.</param>
public sealed record PairwiseCoupling(int Classes) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32);
        var shape = context.Shape(0);
        return shape.Rank == 2 && shape[1] == (long)Classes * (Classes - 1) / 2
            ? [new(ElementType.Float32, new TensorShape(shape[0], Classes))]
            : throw new ShapeException($"rows of one probability for each pair of {Classes} classes were expected, found {shape}");
    }
}
