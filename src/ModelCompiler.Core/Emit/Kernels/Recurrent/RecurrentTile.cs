using ModelCompiler.Lowering.Kernels.Recurrent;

namespace ModelCompiler.Emit.Kernels.Recurrent;

/// <summary>Units whose gates are computed in registers at a time.</summary>
/// <param name="Bits">Width of the vectors.</param>
/// <param name="Vectors">Vectors of units.</param>
/// <param name="Unit">The first unit: a loop variable or a literal.</param>
/// <param name="Weights">Elements from the start of a group's weights to the tile's, for each product of a gate with a summand.</param>
/// <param name="InBlock">Elements from the start of a run of the block's weights to the tile's.</param>
/// <param name="BlockUnits">Units of the block.</param>
/// <param name="Existing">Units of the tile that exist: the others fill up its last vector.</param>
internal sealed record RecurrentTile(int Bits, int Vectors, string Unit, string Weights, string InBlock, int BlockUnits, int Existing)
{
    public int Lanes => Bits / 32;

    public string Vector => $"Vector{Bits}";

    /// <summary>The first unit of a vector.</summary>
    public string UnitOf(int vector) => vector == 0 ? Unit : $"{Unit} + {vector * Lanes}";

    /// <summary>Units of a vector that exist.</summary>
    public int ExistingOf(int vector) => Math.Min(Lanes, Existing - (vector * Lanes));

    /// <summary>Writes loops over all units of a layer, in tiles of vectors of up to the given width.</summary>
    public static void ForAll(RecurrentKernel kernel, int bits, SourceWriter code, Action<RecurrentTile> body)
    {
        var layout = kernel.Layout;

        // Two vectors a tile: with up to four gates, eight sums hide the time that one multiplication takes.
        var (block, lanes) = (RecurrentLayout.BlockUnits, bits / 32);
        var width = Math.Min(block, 2 * lanes);
        if (layout.FullUnits > 0)
        {
            using var loop = code.For(kernel.Alternates ? "tile" : "unit", 0, layout.FullUnits, width);
            if (kernel.Alternates)
            {
                code.Line($"var unit = backwards ? {layout.FullUnits - width} - tile : tile;");
            }

            var (weights, inBlock) = width == block ? ("unit", "0") : ($"(unit & {-block})", $"(unit & {block - 1})");
            body(new(bits, width / lanes, "unit", weights, inBlock, block, width));
        }

        var (tail, tailBits) = (layout.TailUnits, Math.Min(bits, layout.TailUnits * 32));
        for (var first = 0; first < layout.Hidden - layout.FullUnits; first += 2 * tailBits / 32)
        {
            using var once = code.Open();
            var existing = Math.Min(layout.Hidden - layout.FullUnits - first, 2 * tailBits / 32);
            var vectors = (existing + (tailBits / 32) - 1) / (tailBits / 32);
            body(new(tailBits, vectors, $"{layout.FullUnits + first}", $"{layout.FullUnits}", $"{first}", tail, existing));
        }
    }

    /// <summary>
    /// Writes sums of products of h with the weights of a group of gates: a local for each gate and vector, gate's name before
    /// vector's number.
    /// </summary>
    /// <param name="kernel">The layer.</param>
    /// <param name="group">The gates.</param>
    /// <param name="names">Names of all gates.</param>
    /// <param name="weights">Name of a ref to the weights of the direction.</param>
    /// <param name="source">Name of a ref to what they are multiplied with.</param>
    /// <param name="start">What the sum of a gate begins with, for a vector.</param>
    /// <param name="code">Where to write.</param>
    public void WriteSums(
        RecurrentKernel kernel,
        GateGroup group,
        string[] names,
        string weights,
        string source,
        Func<int, int, string> start,
        SourceWriter code
    )
    {
        var layout = kernel.Layout;
        var split = Split(group.Count * Vectors, layout.Hidden);
        var gates = Enumerable.Range(group.First, group.Count).ToArray();
        foreach (var (gate, vector) in gates.SelectMany(g => Enumerable.Range(0, Vectors).Select(v => (g, v))))
        {
            for (var s = 0; s < split; s++)
            {
                code.Line($"var {names[gate]}{vector}_{s} = {(s == 0 ? start(gate, vector) : $"{Vector}<float>.Zero")};");
            }
        }

        var origin = $"{layout.OffsetOf(group)} + ({Weights} * {group.Count * layout.Hidden}) + {InBlock}";
        code.Line($"ref var w = ref Unsafe.Add(ref {weights}, {origin});");
        code.Line($"ref var s = ref {source};");
        var unroll = Math.Min(Math.Max(split, 2), layout.Hidden);
        var (runs, rest, run) = (layout.Hidden / unroll, layout.Hidden % unroll, group.Count * BlockUnits);
        if (rest > 0)
        {
            // First of all, while the refs are where they begin.
            using var once = code.Open();
            Products(rest);
            code.Line($"s = ref Unsafe.Add(ref s, {rest});");
            code.Line($"w = ref Unsafe.Add(ref w, {rest * run});");
        }

        if (kernel.Alternates)
        {
            code.Line($"nint stride = backwards ? -{unroll} : {unroll};");
            code.Line($"s = ref Unsafe.Add(ref s, backwards ? {(runs - 1) * unroll} : 0);");
            code.Line($"w = ref Unsafe.Add(ref w, backwards ? {(runs - 1) * unroll * run} : 0);");
        }

        var stride = kernel.Alternates ? "stride" : $"{unroll}";
        using (runs == 1 ? code.Open() : code.For("k", 0, runs))
        {
            Products(unroll);
            code.Line($"s = ref Unsafe.Add(ref s, {stride});");
            code.Line($"w = ref Unsafe.Add(ref w, {stride} * {run});");
        }

        foreach (var (gate, vector) in gates.SelectMany(g => Enumerable.Range(0, Vectors).Select(v => (g, v))))
        {
            var sums = Enumerable.Range(0, split).Select(s => $"{names[gate]}{vector}_{s}");
            code.Line($"var {names[gate]}{vector} = {sums.Aggregate((a, b) => $"{a} + {b}")};");
        }

        void Products(int summands)
        {
            for (var summand = 0; summand < summands; summand++)
            {
                code.Line($"var s{summand} = {Vector}.Create(Unsafe.Add(ref s, {summand}));");
                foreach (var (gate, vector) in gates.SelectMany(g => Enumerable.Range(0, Vectors).Select(v => (g, v))))
                {
                    var sum = $"{names[gate]}{vector}_{summand % split}";
                    var offset = (((summand * group.Count) + gate - group.First) * BlockUnits) + (vector * Lanes);
                    code.Line($"{sum} = {Vector}.MultiplyAddEstimate(s{summand}, {Vector}.LoadUnsafe(ref w, {offset}), {sum});");
                }
            }
        }
    }

    /// <summary>Into how many parts each sum is split, so that eight are under way.</summary>
    private static int Split(int sums, int summands)
    {
        var split = 1;
        while (sums * split < 8 && split * 2 <= summands)
        {
            split *= 2;
        }

        return split;
    }
}
