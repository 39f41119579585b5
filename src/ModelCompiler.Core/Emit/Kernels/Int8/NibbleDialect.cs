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

    public override bool TakesScatteredQuads => true;

    public override IEnumerable<string> MultiplyRun(
        Func<int, int, string> address,
        string[,,] accumulators,
        Func<int, int, IEnumerable<string>> weights,
        bool flip
    )
    {
        var (pixels, vectors) = (accumulators.GetLength(1), accumulators.GetLength(2));
        if (pixels != 1)
        {
            throw new ArgumentException($"a tile of one pixel was expected, found {pixels}", nameof(accumulators));
        }

        yield return $"var half = {Vector}.Create((byte)15);";
        for (var quad = 0; quad < QuadsOfRun; quad++)
        {
            yield return $"var x{quad} = ({Repeat(address(quad, 0), flip)}).AsByte();";
            yield return $"var l{quad} = x{quad} & half; var h{quad} = (x{quad}.AsInt16() >>> 4).AsByte() & half;";
            for (var v = 0; v < vectors; v++)
            {
                foreach (var statement in weights(quad, v))
                {
                    yield return statement;
                }

                yield return Add($"low{v}", quad, $"l{quad}, w{quad}_{v}");
                yield return Add($"high{v}", quad, $"h{quad}, w{quad}_{v}");
            }
        }

        for (var v = 0; v < vectors; v++)
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
