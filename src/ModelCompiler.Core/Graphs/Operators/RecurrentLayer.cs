namespace ModelCompiler.Graphs.Operators;

/// <summary>What is computed at each time step.</summary>
public enum RecurrentCell
{
    /// <summary>h' = f(x·W + h·R + b).</summary>
    Rnn,

    /// <summary>Gates z and r, candidate n: h' = (1 − z) ⊙ n + z ⊙ h.</summary>
    Gru,

    /// <summary>Gates i, o and f, candidate g, cell state c: c' = f ⊙ c + i ⊙ g, h' = o ⊙ h(c').</summary>
    Lstm,
}

/// <summary>One pass over the sequence.</summary>
/// <param name="IsReverse">Whether it begins with the last time step.</param>
/// <param name="Activations">RNN: f; GRU: f of the gates, g; LSTM: f of the gates, g, h.</param>
public sealed record RecurrentDirection(bool IsReverse, EquatableArray<Unary> Activations);

/// <summary>
/// A recurrent layer (ONNX RNN, GRU, LSTM) whose products x·W of all time steps are computed already. Inputs, G gates in ONNX's
/// order: projected gates [T, B, D·G·H] with all biases but the one named below, recurrent weights [D, G·H, H], then optional:
/// bias of the recurrent candidate [D, H], lengths of the sequences [B], initial h [D, B, H], initial c [D, B, H], peepholes
/// [D, 3·H]. Outputs: h of all time steps [T, D, B, H] where it is wanted, the last h [D, B, H], for LSTM the last c.
/// </summary>
/// <param name="Cell">Which cell.</param>
/// <param name="Hidden">H: number of units.</param>
/// <param name="Directions">Forward, reverse or both.</param>
/// <param name="Clip">
/// Inputs of the functions of gates are bounded to ±Clip, as ONNX Runtime does it: not that of an LSTM's h(c). Infinity where they
/// are not.
/// </param>
/// <param name="CouplesForgetGate">LSTM: whether f = 1 − i.</param>
/// <param name="ResetsProduct">GRU: whether r multiplies h·R + its bias (linear_before_reset), rather than h.</param>
/// <param name="GivesSequence">Whether h of all time steps is an output.</param>
public sealed record RecurrentLayer(
    RecurrentCell Cell,
    int Hidden,
    EquatableArray<RecurrentDirection> Directions,
    float Clip,
    bool CouplesForgetGate,
    bool ResetsProduct,
    bool GivesSequence
) : Operator
{
    /// <summary>Input: what the recurrent part of a GRU's candidate is biased with, where <see cref="ResetsProduct"/> keeps it apart.</summary>
    public const int CandidateBias = 2;

    /// <summary>Input: Int32 number of time steps of each sequence of the batch.</summary>
    public const int Lengths = 3;

    /// <summary>Input: h before the first step.</summary>
    public const int InitialHidden = 4;

    /// <summary>Input: c before the first step.</summary>
    public const int InitialCell = 5;

    /// <summary>Input: weights from c to the gates i, o, f.</summary>
    public const int Peepholes = 6;

    /// <inheritdoc/>
    public override string Name => Cell.ToString().ToUpperInvariant();

    /// <summary>Number of gates, with the candidate.</summary>
    public int Gates => GatesOf(Cell);

    /// <summary>Number of gates of a cell, with the candidate.</summary>
    public static int GatesOf(RecurrentCell cell) =>
        cell switch
        {
            RecurrentCell.Rnn => 1,
            RecurrentCell.Gru => 3,
            _ => 4,
        };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32);
        var projected = context.Shape(0);
        var directions = Directions.Count;
        if (projected.Rank != 3 || projected[2] != directions * Gates * Hidden)
        {
            throw new ShapeException($"projected gates [T,B,{directions * Gates * Hidden}] were expected, found {projected}");
        }

        var (steps, batch) = (projected[0], projected[1]);
        var state = new TensorShape(directions, batch, Hidden);
        RequireShape(context, 1, new TensorShape(directions, Gates * Hidden, Hidden), "recurrent weights");
        RequireShape(context, CandidateBias, new TensorShape(directions, Hidden), "a bias of the recurrent candidate");
        RequireShape(context, Lengths, new TensorShape(batch), "sequence lengths", ElementType.Int32);
        RequireShape(context, InitialHidden, state, "an initial h");
        RequireShape(context, InitialCell, state, "an initial c");
        RequireShape(context, Peepholes, new TensorShape(directions, 3 * Hidden), "peepholes");
        TensorType[] sequence = GivesSequence ? [new(ElementType.Float32, new TensorShape(steps, directions, batch, Hidden))] : [];
        TensorType[] last =
            Cell == RecurrentCell.Lstm
                ? [new(ElementType.Float32, state), new(ElementType.Float32, state)]
                : [new(ElementType.Float32, state)];
        return [.. sequence, .. last];
    }

    /// <inheritdoc/>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) => (long)inputs[0]!.Shape.Elements * Hidden;

    private static void RequireShape(
        InferenceContext context,
        int input,
        TensorShape shape,
        string what,
        ElementType element = ElementType.Float32
    )
    {
        if (context.Has(input) && context.Type(input) != new TensorType(element, shape))
        {
            throw new ShapeException($"{what} {new TensorType(element, shape)} expected, found {context.Type(input)}");
        }
    }
}
