using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Recurrent;

/// <summary>Which of the kernel's inputs is what; −1 where there is none. Input 0 is the projected gates.</summary>
/// <param name="Weights">R as it is in the model, where it is not constant.</param>
/// <param name="CandidateBias">Bias of the recurrent candidate.</param>
/// <param name="Lengths">Lengths of the sequences.</param>
/// <param name="InitialHidden">h before the first step.</param>
/// <param name="InitialCell">c before the first step.</param>
/// <param name="Peepholes">Weights from c to the gates.</param>
internal sealed record RecurrentInputs(int Weights, int CandidateBias, int Lengths, int InitialHidden, int InitialCell, int Peepholes);

/// <summary>
/// A recurrent layer: each sequence of the batch in each direction from its first step to its last, so that its state stays in a
/// few cache lines and the weights in the cache. A step is one product of the packed weights with h, in vectors of units, whose
/// sums go on into the activations while they are in registers.
/// </summary>
/// <param name="Op">The layer.</param>
/// <param name="Steps">Time steps.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Layout">How the recurrent weights lie.</param>
/// <param name="Weights">The packed recurrent weights; null where they come at run time and are packed in scratch memory.</param>
/// <param name="Inputs">Which input is what.</param>
/// <param name="Widths">The instruction sets whose vector widths are written out.</param>
internal sealed record RecurrentKernel(
    RecurrentLayer Op,
    int Steps,
    int Batch,
    RecurrentLayout Layout,
    PackedWeights? Weights,
    RecurrentInputs Inputs,
    EquatableArray<InstructionSet> Widths
) : Kernel
{
    // h, the next h, c, and for GRU z and r ⊙ h in the place of c and behind it.
    private const int StateVectors = 4;

    // Somewhat below the 32 KiB of the first-level cache of most processors.
    private const int CachedWeightBytes = 24 * 1024;

    public override EquatableArray<InstructionSet> Variants => Widths;

    public int Directions => Op.Directions.Count;

    public int Hidden => Op.Hidden;

    /// <summary>Elements of scratch memory that hold the state of a sequence.</summary>
    public int StateElements => StateVectors * Layout.PaddedUnits;

    /// <summary>
    /// Whether every other step runs through the weights backwards. A cache that is too small for them then still has the end of
    /// the last run, where a run in the same order would find nothing.
    /// </summary>
    public bool Alternates => Steps > 1 && Layout.DirectionElements * sizeof(float) > CachedWeightBytes;

    public override string Describe()
    {
        var directions = string.Join(" + ", Op.Directions.Select(d => d.IsReverse ? "reverse" : "forward"));
        var packing = Weights is null ? ", weights packed at run time" : "";
        return $"{Op.Name} of {Hidden} units over {Steps}×{Batch}, {directions}{packing}";
    }

    public static LoweredNode Lower(RecurrentLayer op, Node node, LoweringContext context)
    {
        var (projected, weights) = (node.Input(0), node.Input(1));
        var layout = new RecurrentLayout(op.Hidden, Groups(op));
        var elements = checked(op.Directions.Count * layout.DirectionElements);
        var packed = weights.Constant is { } constant
            ? context.AddWeights<float>(
                node,
                "recurrence",
                ElementType.Float32,
                elements,
                target => layout.Pack(constant.As<float>(), target)
            )
            : null;
        var inputs = new List<Value> { projected };
        var kernel = new RecurrentKernel(
            op,
            projected.Shape[0],
            projected.Shape[1],
            layout,
            packed,
            new RecurrentInputs(
                packed is null ? Take(1) : -1,
                Take(RecurrentLayer.CandidateBias),
                Take(RecurrentLayer.Lengths),
                Take(RecurrentLayer.InitialHidden),
                Take(RecurrentLayer.InitialCell),
                Take(RecurrentLayer.Peepholes)
            ),
            VectorVariants.Of(context.Target, layout.PaddedUnits, ElementType.Float32)
        );
        var scratch = checked((kernel.StateElements + (packed is null ? elements : 0)) * sizeof(float));

        // The vectors of the last units reach behind them, in every input.
        return new(kernel, inputs.ToArray(), scratch, ReadsPastEnd: layout.PaddedUnits > layout.Hidden);

        int Take(int input)
        {
            if (!node.HasInput(input))
            {
                return -1;
            }

            inputs.Add(node.Input(input));
            return inputs.Count - 1;
        }
    }

    /// <summary>All gates at once, but for a GRU whose candidate is a product with r ⊙ h.</summary>
    private static GateGroup[] Groups(RecurrentLayer op) =>
        op.Cell == RecurrentCell.Gru && !op.ResetsProduct ? [new(0, 2), new(2, 1)] : [new(0, op.Gates)];
}
