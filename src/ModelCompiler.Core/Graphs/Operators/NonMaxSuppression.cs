namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX NonMaxSuppression (opset 10, 11): of boxes that overlap much the ones with the best scores, batch by batch, class by class.
/// Inputs: boxes [batches, boxes, 4], scores [batches, classes, boxes], and, each left out where it does not apply: the most boxes a
/// class (Int64, none where it is left out), the overlap that is still allowed, the score that has to be exceeded (Float32).
/// Outputs: triples of batch, class and box (Int64), and how many there are.
/// </summary>
/// <param name="IsCentred">Whether a box is centre and size, not two corners.</param>
/// <param name="Most">The most boxes of a class, where that is known; otherwise as many as there are.</param>
public sealed record NonMaxSuppression(bool IsCentred, int Most) : Operator, IRunTimeSized
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32);
        context.Require(1, ElementType.Float32);
        var (boxes, scores) = (context.Shape(0), context.Shape(1));
        if (boxes.Rank != 3 || boxes[2] != 4 || scores.Rank != 3 || scores[0] != boxes[0] || scores[2] != boxes[1])
        {
            throw new ShapeException(
                $"boxes {boxes} and scores {scores} do not fit; [batches, boxes, 4] and [batches, classes, boxes] were expected"
            );
        }

        CheckScalars(context);
        var most = checked((long)scores[0] * scores[1] * Math.Min(scores[2], Most));
        return most <= TensorShape.MaxElements
            ? [new(ElementType.Int64, new((int)most, 3)), new(ElementType.Int32, TensorShape.Scalar)]
            : throw new ShapeException($"up to {most} boxes of scores {scores} would be selected");
    }

    private static void CheckScalars(InferenceContext context)
    {
        for (var i = 2; i < 5; i++)
        {
            if (context.Has(i))
            {
                context.Require(i, i == 2 ? ElementType.Int64 : ElementType.Float32);
                if (context.Shape(i).Elements != 1)
                {
                    throw new ShapeException($"input {i} is {context.Type(i)}; one number was expected");
                }
            }
        }
    }

    int? IRunTimeSized.RunTimeAxis(int output) => 0;
}
