namespace ModelCompiler.Graphs.Operators;

/// <summary>What becomes of the weights that the trees of an ensemble give to one target.</summary>
public enum TreeAggregation
{
    /// <summary>Their sum; 0 where there are none.</summary>
    Sum,

    /// <summary>The smallest; +∞ where there are none.</summary>
    Min,

    /// <summary>The greatest; −∞ where there are none.</summary>
    Max,
}

/// <summary>
/// Decision trees over rows of features (ai.onnx.ml TreeEnsemble and its predecessors, without base values and transforms).
/// Input: x [rows, features]. Output: [rows, targets] of the same element type.
/// </summary>
/// <param name="Aggregation">How the trees' weights become one number a target.</param>
/// <param name="Targets">Number of targets.</param>
/// <param name="Forest">The trees.</param>
public sealed record TreeEnsemble(TreeAggregation Aggregation, int Targets, Forest Forest) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        var shape = context.Shape(0);
        if (shape.Rank != 2 || shape[1] <= Forest.LastFeature)
        {
            throw new ShapeException($"rows of at least {Forest.LastFeature + 1} features were expected, found {shape}");
        }

        return [context.Type(0) with { Shape = new TensorShape(shape[0], Targets) }];
    }
}
