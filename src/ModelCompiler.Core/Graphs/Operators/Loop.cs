namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX Loop and Scan that are not unrolled. Inputs: the number of iterations (one Int64) and the first condition (one Bool), either
/// of which may be left out, the first values of what is carried from iteration to iteration, tensors that are read one slice along
/// dimension 0 an iteration, and what else the body reads. Outputs: the last carried values, and tensors written slice by slice.
/// </summary>
/// <param name="Body">
/// One iteration. Inputs: its number (one Int64), carried values, slices, and the rest; outputs: whether to go on (one Bool, where
/// there is <paramref name="HasCondition"/>), carried values, slices.
/// </param>
/// <param name="Carried">How many values are carried.</param>
/// <param name="Scanned">How many tensors are read in slices.</param>
/// <param name="Trips">How many iterations there are, where that is known; a condition may end the loop earlier.</param>
/// <param name="HasCondition">Whether the body says when to end.</param>
/// <param name="Counts">
/// Whether the last output is the number of iterations, one Int32, because it may be less than <paramref name="Trips"/>; the slices
/// behind them are zero.
/// </param>
public sealed record Loop(Graph Body, int Carried, int Scanned, long? Trips, bool HasCondition, bool Counts = false)
    : Operator,
        IHasBodies,
        IRunTimeSized
{
    /// <summary>Where the carried values stand among the node's inputs.</summary>
    public const int FirstCarried = 2;

    /// <inheritdoc/>
    public EquatableArray<Graph> Bodies => (Graph[])[Body];

    /// <summary>How many tensors are written in slices.</summary>
    public int Stacked => Body.Outputs.Length - Carried - (HasCondition ? 1 : 0);

    /// <inheritdoc/>
    public int FirstCaptured => FirstCarried + Carried + Scanned;

    /// <inheritdoc/>
    public Operator WithBodies(EquatableArray<Graph> bodies) => this with { Body = bodies[0] };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        RequireOne(context, 0, ElementType.Int64);
        RequireOne(context, 1, ElementType.Bool);
        CheckInputs(context);
        var outputs = BodyRules.OutputTypes(Body).Skip(HasCondition ? 1 : 0).ToArray();
        for (var i = 0; i < Carried; i++)
        {
            if (outputs[i] != Body.Inputs[i + 1].Type)
            {
                throw new ShapeException(
                    $"carried value '{Body.Inputs[i + 1].Name}' changes from {Body.Inputs[i + 1].Type} to {outputs[i]}"
                );
            }
        }

        return
        [
            .. outputs.Take(Carried),
            .. outputs.Skip(Carried).Select(o => o with { Shape = new TensorShape([SliceCount(), .. o.Shape]) }),
            .. Counts ? [new TensorType(ElementType.Int32, TensorShape.Scalar)] : Array.Empty<TensorType>(),
        ];
    }

    int? IRunTimeSized.RunTimeAxis(int output) => Counts && output >= Carried ? 0 : null;

    /// <summary>Those of as many iterations as there may be; of one where no limit is known.</summary>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs)
    {
        // Bounded, so that sums over nodes stay within 64 bits whatever a file claims.
        const long Most = 1L << 46;
        // Beside a condition the largest integers of 32 and 64 bits are what exporters write for no limit.
        var (body, trips) = (BodyRules.CountMacs(Body), HasCondition && Trips >= int.MaxValue ? 1 : Trips ?? 1);
        return body == 0 || trips <= Most / body ? body * trips : Most;
    }

    private int SliceCount() =>
        Trips is <= int.MaxValue and var trips && (!HasCondition || Counts)
            ? (int)trips
            : throw new ShapeException("how many slices the loop gives is known at run time only");

    private void CheckInputs(InferenceContext context)
    {
        if (context.Count - FirstCarried != Body.Inputs.Length - 1)
        {
            throw new ShapeException($"the body takes {Body.Inputs.Length - 1} values, {context.Count - FirstCarried} are given");
        }

        for (var i = 1; i < Body.Inputs.Length; i++)
        {
            var given = context.Type(FirstCarried + i - 1);
            var isScanned = i > Carried && i <= Carried + Scanned;
            var wanted = isScanned
                ? Body.Inputs[i].Type with
                {
                    Shape = new TensorShape([SliceCount(), .. Body.Inputs[i].Shape]),
                }
                : Body.Inputs[i].Type;
            if (given != wanted)
            {
                throw new ShapeException($"the body takes {wanted} as '{Body.Inputs[i].Name}', {given} is given");
            }
        }
    }

    private static void RequireOne(InferenceContext context, int input, ElementType element)
    {
        if (context.Has(input) && (context.Element(input) != element || context.Shape(input).Elements != 1))
        {
            throw new ShapeException($"input {input} must be one {element}, found {context.Type(input)}");
        }
    }
}
