namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>
/// <c>pmaddubsw</c> of half bytes, for tiles of one pixel: there weights are read once, so that widening each of them would cost as
/// much as its product. A half is at most 15: two products with weights are at most 2 · 15 · 128, and eight quads of such sums stay
/// below 2¹⁵. Then <c>pmaddwd</c> widens them, those of the high halves times 16. Left-over quads are done as
/// <see cref="MultiplyAddDialect"/> does.
/// </summary>
internal sealed record NibbleDialect(int Bits) : MultiplyAddDialect(Bits)
{
    public override int QuadsOfRun => 8;

    public override IEnumerable<string> MultiplyRun(string[] addresses, string[,,] accumulators, int[,] weights, bool flip)
    {
        if (addresses.Length != 1)
        {
            throw new ArgumentException($"a tile of one pixel was expected, found {addresses.Length}", nameof(addresses));
        }

        yield return $"var half = {Vector}.Create((byte)15);";
        for (var quad = 0; quad < QuadsOfRun; quad++)
        {
            var address = quad == 0 ? addresses[0] : $"ref Unsafe.Add({addresses[0]}, {quad * 4})";
            yield return $"var x{quad} = ({Repeat(address, flip)}).AsByte();";
            yield return $"var l{quad} = x{quad} & half; var h{quad} = (x{quad}.AsInt16() >>> 4).AsByte() & half;";
            for (var v = 0; v < weights.GetLength(1); v++)
            {
                yield return $"var w{quad}_{v} = {Vector}.LoadUnsafe(ref w, {weights[quad, v]});";
                yield return Add($"low{v}", quad, $"l{quad}, w{quad}_{v}");
                yield return Add($"high{v}", quad, $"h{quad}, w{quad}_{v}");
            }
        }

        for (var v = 0; v < weights.GetLength(1); v++)
        {
            var a = accumulators[0, 0, v];
            yield return $"{a} = Shared.Dot{Bits}({a}, low{v}, high{v}, {Vector}<short>.One, {Vector}.Create((short)16));";
        }
    }

    private string Add(string sum, int quad, string operands)
    {
        var products = $"{(Bits == 128 ? "Ssse3" : Instructions)}.MultiplyAddAdjacent({operands})";
        return quad == 0 ? $"var {sum} = {products};" : $"{sum} += {products};";
    }
}
