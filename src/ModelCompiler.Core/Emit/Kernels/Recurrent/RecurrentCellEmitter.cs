using ModelCompiler.Emit.Kernels.Elementwise;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.Recurrent;

namespace ModelCompiler.Emit.Kernels.Recurrent;

/// <summary>Writes one time step of a layer: from x, hidden and cell to next, cell and y.</summary>
internal sealed class RecurrentCellEmitter(RecurrentKernel kernel, KernelWriter writer, int direction)
{
    private static readonly string[] RnnGates = ["n"];
    private static readonly string[] GruGates = ["z", "r", "n"];
    private static readonly string[] LstmGates = ["i", "o", "f", "g"];

    private readonly EquatableArray<Unary> _activations = kernel.Op.Directions[direction].Activations;

    private SourceWriter Code => writer.Code;

    public void Emit()
    {
        Code.Line($"ref var weights = ref Unsafe.Add(ref recurrence, {direction * kernel.Layout.DirectionElements});");
        switch (kernel.Op.Cell)
        {
            case RecurrentCell.Rnn:
                Pass(kernel.Layout.Groups[0], RnnGates, "hidden", Rnn);
                break;
            case RecurrentCell.Lstm:
                Pass(kernel.Layout.Groups[0], LstmGates, "hidden", Lstm);
                break;
            case RecurrentCell.Gru when kernel.Op.ResetsProduct:
                Pass(kernel.Layout.Groups[0], GruGates, "hidden", GruWithResetProduct);
                break;
            default:
                Code.Line($"ref var update = ref Unsafe.Add(ref state, {2 * kernel.Layout.PaddedUnits});");
                Code.Line($"ref var reset = ref Unsafe.Add(ref state, {3 * kernel.Layout.PaddedUnits});");
                Pass(kernel.Layout.Groups[0], GruGates, "hidden", GruGatesOfHidden);
                Pass(kernel.Layout.Groups[1], GruGates, "reset", GruCandidate);
                break;
        }
    }

    /// <summary>A pass over all units: the sums of some gates, then what is done with each vector of them.</summary>
    private void Pass(GateGroup group, string[] names, string source, Action<Lane> finish) =>
        RecurrentTile.ForAll(
            kernel,
            VectorVariants.BitsFor(writer.InstructionSet, kernel.Layout.PaddedUnits, ElementType.Float32),
            Code,
            tile =>
            {
                var lanes = new VectorLanes(writer, ElementType.Float32, tile.Bits);
                tile.WriteSums(kernel, group, names, "weights", source, (gate, v) => Start(new(lanes, tile, v), gate), Code);
                for (var vector = 0; vector < tile.Vectors; vector++)
                {
                    finish(new Lane(lanes, tile, vector));
                }
            }
        );

    /// <summary>A vector of units.</summary>
    private sealed record Lane(VectorLanes Code, RecurrentTile Tile, int Vector)
    {
        /// <summary>Loads the vector's elements of a row.</summary>
        public string Load(string row, int offset = 0) =>
            Code.Let(Code.Load(row, offset == 0 ? Tile.UnitOf(Vector) : $"{offset} + {Tile.UnitOf(Vector)}"));

        public string Sum(string gate) => $"{gate}{Vector}";

        public string Store(string value, string row) => Code.Store(value, row, Tile.UnitOf(Vector));
    }

    /// <summary>Sums begin with the projected input; that of a candidate whose product is reset with its own bias.</summary>
    private string Start(Lane lane, int gate) =>
        !kernel.Op.ResetsProduct || gate < 2 ? Projected(lane, gate)
        : kernel.Inputs.CandidateBias >= 0 ? lane.Load(writer.Input(kernel.Inputs.CandidateBias), direction * kernel.Hidden)
        : lane.Code.Number("0");

    private string Projected(Lane lane, int gate) => lane.Load("x", gate * kernel.Hidden);

    private void Rnn(Lane lane) => Give(lane, Activated(lane, 0, lane.Sum("n")));

    private void GruGatesOfHidden(Lane lane)
    {
        Code.Line(lane.Store(Activated(lane, 0, lane.Sum("z")), "update"));
        var reset = Activated(lane, 0, lane.Sum("r"));
        Code.Line(lane.Store(lane.Code.Arithmetic(reset, "*", lane.Load("hidden")), "reset"));
    }

    private void GruCandidate(Lane lane) => Give(lane, Blend(lane, lane.Load("update"), Activated(lane, 1, lane.Sum("n"))));

    private void GruWithResetProduct(Lane lane)
    {
        var c = lane.Code;
        var update = Activated(lane, 0, lane.Sum("z"));
        var reset = Activated(lane, 0, lane.Sum("r"));
        var candidate = c.Add(Projected(lane, 2), c.Mul(reset, lane.Sum("n")));
        Give(lane, Blend(lane, update, Activated(lane, 1, candidate)));
    }

    /// <summary>(1 − z) ⊙ n + z ⊙ h.</summary>
    private static string Blend(Lane lane, string update, string candidate)
    {
        var c = lane.Code;
        return c.Add(c.Mul(c.Sub(c.Number("1"), update), candidate), c.Mul(update, lane.Load("hidden")));
    }

    private void Lstm(Lane lane)
    {
        var c = lane.Code;
        var previous = lane.Load("cell");
        var input = Activated(lane, 0, WithPeephole(lane, lane.Sum("i"), 0, previous));
        var forget = kernel.Op.CouplesForgetGate
            ? c.Sub(c.Number("1"), input)
            : Activated(lane, 0, WithPeephole(lane, lane.Sum("f"), 2, previous));
        var candidate = Activated(lane, 1, lane.Sum("g"));
        var cell = c.Add(c.Mul(forget, previous), c.Mul(input, candidate));
        Code.Line(lane.Store(cell, "cell"));
        var output = Activated(lane, 0, WithPeephole(lane, lane.Sum("o"), 1, cell));
        Give(lane, c.Mul(output, Unbounded(lane, 2, cell)));
    }

    private string WithPeephole(Lane lane, string sum, int gate, string cell) =>
        kernel.Inputs.Peepholes < 0
            ? sum
            : lane.Code.Add(
                sum,
                lane.Code.Mul(lane.Load(writer.Input(kernel.Inputs.Peepholes), ((3 * direction) + gate) * kernel.Hidden), cell)
            );

    /// <summary>A function of a gate: its argument is bounded where the layer says so.</summary>
    private string Activated(Lane lane, int function, string x)
    {
        var (c, clip) = (lane.Code, kernel.Op.Clip);
        var bounded = float.IsPositiveInfinity(clip) ? x : c.Bounded(c.Bounded(x, ">", c.Number(clip)), "<", c.Number(-clip));
        return Unbounded(lane, function, bounded);
    }

    /// <summary>A function of the cell state, which is not bounded.</summary>
    private string Unbounded(Lane lane, int function, string x) => lane.Code.Let(UnaryCode.Write(lane.Code, x, _activations[function]));

    /// <summary>Stores h of this step.</summary>
    private void Give(Lane lane, string value)
    {
        Code.Line(lane.Store(value, "next"));
        if (kernel.Op.GivesSequence)
        {
            using var block = Code.Open();
            Code.Line($"ref var row = ref Unsafe.Add(ref y, {lane.Tile.UnitOf(lane.Vector)});");
            VectorStore.Write(Code, value, lane.Tile.Bits, lane.Tile.ExistingOf(lane.Vector), "row", 0);
        }
    }
}
