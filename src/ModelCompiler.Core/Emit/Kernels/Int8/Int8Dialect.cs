namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>
/// How one instruction set multiplies a quad of input bytes, repeated over a vector, by quads of weights, one a channel, and sums
/// each quad into a 32-bit lane.
/// </summary>
/// <param name="Bits">Width of the vectors.</param>
internal abstract record Int8Dialect(int Bits)
{
    /// <summary>Vectors of 32-bit sums that make one vector of bytes.</summary>
    public const int VectorsOfBytes = 4;

    public int Lanes => Bits / 32;

    /// <summary>The static class of vectors of this width.</summary>
    public string Vector => $"Vector{Bits}";

    /// <summary>Quads of depth that <see cref="MultiplyRun"/> works off together; 1 where there is no such form.</summary>
    public virtual int QuadsOfRun => 1;

    /// <summary>The dialect of an instruction set for vectors of a width.</summary>
    public static Int8Dialect Of(InstructionSet set, int bits) =>
        set switch
        {
            InstructionSet.AvxVnni => new VnniDialect(),
            InstructionSet.Avx512 or InstructionSet.Avx2 or InstructionSet.Sse41 => new MultiplyAddDialect(bits),
            InstructionSet.ArmDotProduct => new ArmDotProductDialect(),
            InstructionSet.AdvSimd => new AdvSimdDialect(),
            _ => new PortableDialect(),
        };

    /// <summary>The same for tiles of one pixel.</summary>
    public static Int8Dialect OfOnePixel(InstructionSet set, int bits) =>
        set is InstructionSet.Avx512 or InstructionSet.Avx2 or InstructionSet.Sse41 ? new NibbleDialect(bits) : Of(set, bits);

    /// <summary>Code that the statements of <see cref="MultiplyAdd"/> call; null where instructions suffice.</summary>
    public virtual SharedCode? Dot => null;

    /// <summary>Whether the quads of <see cref="MultiplyRun"/> may lie anywhere, and not only one behind the other.</summary>
    public virtual bool TakesScatteredQuads => false;

    /// <summary>
    /// Statements that make ready vector <paramref name="v"/> of the weights, which <paramref name="load"/> loads: of the bytes of a
    /// vector, or of the first 16-bit numbers of two.
    /// </summary>
    public abstract IEnumerable<string> LoadWeights(int v, Func<int, string> load);

    /// <summary>The expression of the lower four bits of each byte.</summary>
    public string LowHalves(string bytes) => $"{bytes} & {Vector}.Create((byte)15)";

    /// <summary>The expression of the upper four bits of each byte.</summary>
    public virtual string HighHalves(string bytes) => LowHalves($"({bytes}.AsUInt16() >>> 4).AsByte()");

    /// <summary>The expression that looks up bytes of indices below 16 in <c>book</c>.</summary>
    public abstract string LookUp(string indices);

    /// <summary>
    /// Statements that repeat the quad at an address (a ref expression), for pixel <paramref name="p"/>; <paramref name="flip"/> turns
    /// the sign bits over, where the input is stored with the other signedness, and <paramref name="mask"/> has the bytes that count.
    /// </summary>
    public abstract IEnumerable<string> Spread(int p, string address, bool flip, uint mask = uint.MaxValue);

    /// <summary>Statements that add pixel p's products with weights v to an accumulator.</summary>
    public abstract IEnumerable<string> MultiplyAdd(string accumulator, int p, int v);

    /// <summary>Statements for <see cref="QuadsOfRun"/> quads at once.</summary>
    /// <param name="address">The address by quad and pixel.</param>
    /// <param name="accumulators">Names by quad, pixel and vector; quads of independent sums differ.</param>
    /// <param name="weights">Statements that load the weights by quad and vector, as <c>w{quad}_{vector}</c>.</param>
    /// <param name="flip">As in <see cref="Spread"/>.</param>
    public virtual IEnumerable<string> MultiplyRun(
        Func<int, int, string> address,
        string[,,] accumulators,
        Func<int, int, IEnumerable<string>> weights,
        bool flip
    ) => throw new InvalidOperationException($"{GetType().Name} has no form for runs of quads");

    /// <summary>The expression that an accumulator starts from.</summary>
    public virtual IEnumerable<string> Start(string accumulator, string value) => [$"var {accumulator} = {value};"];

    /// <summary>Statements that make <paramref name="accumulator"/> the sum of the whole depth.</summary>
    public virtual IEnumerable<string> Finish(string accumulator) => [];

    /// <summary>
    /// The code that requantises four vectors of accumulators, or one or two, which are repeated. It takes four channels of each
    /// vector in turn, from the lowest 128 bits, then from the next.
    /// </summary>
    public abstract SharedCode Requantise(RequantiseForm form);

    /// <summary>The expression that puts fours of bytes into the order of <paramref name="places"/>; vectors of 128 bits never need it.</summary>
    public virtual string Permute(string bytes, int[] places) => throw new InvalidOperationException($"{GetType().Name} packs in order");

    /// <summary>The quad at an address in every lane.</summary>
    protected string Repeat(string address, bool flip, uint mask = uint.MaxValue)
    {
        const string Signs = "unchecked((int)0x80808080)";
        var quad = $"Unsafe.ReadUnaligned<int>({address})";
        return mask != uint.MaxValue
            ? $"{Vector}.Create({(flip ? $"({quad} ^ {Signs})" : quad)} & 0x{mask:X})"
            : $"{Vector}.Create({quad})" + (flip ? $" ^ {Vector}.Create({Signs})" : "");
    }
}
