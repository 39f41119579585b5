namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX If (opset 1, 11, 13, 16 and later) with a condition that is known at run time only. Inputs: the condition, one Bool, and
/// what the branches read, which is the same list for both.
/// </summary>
/// <param name="Then">What runs where the condition is true.</param>
/// <param name="Else">What runs where it is false; it gives values of the same types.</param>
public sealed record If(Graph Then, Graph Else) : Operator, IHasBodies
{
    /// <inheritdoc/>
    public EquatableArray<Graph> Bodies => (Graph[])[Then, Else];

    /// <inheritdoc/>
    public int FirstCaptured => 1;

    /// <inheritdoc/>
    public Operator WithBodies(EquatableArray<Graph> bodies) => new If(bodies[0], bodies[1]);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Bool);
        if (context.Shape(0).Elements != 1)
        {
            throw new ShapeException($"the condition must be one truth value, found {context.Type(0)}");
        }

        BodyRules.CheckInputs(Then, context, 1);
        BodyRules.CheckInputs(Else, context, 1);
        var (types, others) = (BodyRules.OutputTypes(Then), BodyRules.OutputTypes(Else));
        return types.SequenceEqual(others)
            ? types
            : throw new ShapeException(
                $"the branches give {string.Join(", ", types.AsEnumerable())} and {string.Join(", ", others.AsEnumerable())}"
            );
    }

    /// <summary>Those of the more expensive branch.</summary>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) =>
        Math.Max(BodyRules.CountMacs(Then), BodyRules.CountMacs(Else));
}

/// <summary>What holds for the bodies of all operators.</summary>
internal static class BodyRules
{
    /// <summary>Checks that the inputs of a node from <paramref name="first"/> on are those of a body from <paramref name="skipped"/> on.</summary>
    /// <exception cref="ShapeException">Their number or a type differs.</exception>
    public static void CheckInputs(Graph body, InferenceContext context, int first, int skipped = 0)
    {
        if (context.Count - first != body.Inputs.Length - skipped)
        {
            throw new ShapeException($"body '{body.Name}' takes {body.Inputs.Length - skipped} values, {context.Count - first} are given");
        }

        for (var i = skipped; i < body.Inputs.Length; i++)
        {
            if (context.Type(first + i - skipped) != body.Inputs[i].Type)
            {
                throw new ShapeException(
                    $"body '{body.Name}' takes {body.Inputs[i].Type} as '{body.Inputs[i].Name}', {context.Type(first + i - skipped)} is given"
                );
            }
        }
    }

    public static TensorType[] OutputTypes(Graph body) => [.. body.Outputs.Select(o => o.Value.Type)];

    public static long CountMacs(Graph body) => body.Nodes.Sum(n => n.Operator.CountMacs(n.Inputs, n.Outputs));
}
