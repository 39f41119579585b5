using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>
/// Writes how vectors of weights are read from behind <c>w</c>: as they are, or as indices of 4 bits that are looked up in the code book
/// <c>book</c>, one vector of them for two of weights.
/// </summary>
internal sealed class Int8WeightReader(PackedInt8 packed, Int8Dialect dialect)
{
    private int VectorBytes => dialect.Bits / 8;

    /// <summary>Bytes of a quad's indices: their low halves are the first half of its weights.</summary>
    private int IndexBytes => packed.Block * 2;

    /// <summary>Statements that make weights ready for the products of one quad.</summary>
    /// <param name="v">The vector.</param>
    /// <param name="quad">Where the quad begins.</param>
    /// <param name="read">Indices that are read already; those that are read here are added.</param>
    public IEnumerable<string> Load(int v, int quad, ISet<int> read) =>
        packed.Book is null
            ? dialect.LoadWeights(v, offset => $"{dialect.Vector}.LoadUnsafe(ref w, {BytesOf(v, quad) + offset})")
            : [.. ReadIndices(v, quad, "c", read), .. dialect.LoadWeights(v, _ => Decode(v, "c"))];

    /// <summary>Statements that read weights of one of several quads as <c>w{number}_{v}</c>.</summary>
    /// <param name="number">Which of the quads.</param>
    /// <param name="v">The vector.</param>
    /// <param name="quad">Where the quad begins.</param>
    /// <param name="read">Indices of the quad that are read already; those that are read here are added.</param>
    public IEnumerable<string> LoadNumbered(int number, int v, int quad, ISet<int> read)
    {
        var (name, indices) = ($"w{number}_{v}", $"c{number}_");
        return packed.Book is null
            ? [$"var {name} = {dialect.Vector}.LoadUnsafe(ref w, {BytesOf(v, quad)});"]
            : [.. ReadIndices(v, quad, indices, read), $"var {name} = {Decode(v, indices)};"];
    }

    /// <summary>The statement that loads the code book as <c>book</c>.</summary>
    public string Book(string table)
    {
        var book = $"Vector128.LoadUnsafe({table})";
        for (var bits = 256; bits <= dialect.Bits; bits *= 2)
        {
            book = $"Vector{bits}.Create({book}, {book})";
        }

        return $"var book = {book};";
    }

    private int Place(int v) => packed.PlaceOf(dialect.Bits, v);

    private int BytesOf(int v, int quad) => quad + (Place(v) * dialect.Lanes * packed.QuadBytes / packed.Block);

    private int VectorsOfIndices => Math.Max(1, IndexBytes / VectorBytes);

    private IEnumerable<string> ReadIndices(int v, int quad, string name, ISet<int> read)
    {
        var i = Place(v) % VectorsOfIndices;
        var bits = Math.Min(dialect.Bits, IndexBytes * 8);
        return read.Add(i) ? [$"var {name}{i} = Vector{bits}.LoadUnsafe(ref w, {quad + (i * VectorBytes)}).AsByte();"] : [];
    }

    private string Decode(int v, string name)
    {
        var (indices, isHigh) = ($"{name}{Place(v) % VectorsOfIndices}", Place(v) / VectorsOfIndices > 0);
        // A vector that is as wide as the weights of a quad has both halves.
        return dialect.LookUp(
            VectorBytes > IndexBytes ? dialect.LowHalves($"{dialect.Vector}.Create({indices}, ({indices}.AsUInt16() >>> 4).AsByte())")
            : isHigh ? dialect.HighHalves(indices)
            : dialect.LowHalves(indices)
        );
    }
}
