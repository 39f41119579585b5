using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Emit.Kernels.Quantised;

/// <summary>
/// The text with which one variant widens bytes to vectors of floats and narrows them again. Four vectors make a block, which
/// is stored at once.
/// </summary>
internal sealed class ByteText
{
    private readonly bool _wide;

    public ByteText(KernelWriter writer)
    {
        _wide = ByteVariants.IsWide(writer.InstructionSet);
        writer.Use(_wide ? Wide : Narrow);
    }

    /// <summary>Vectors in a block.</summary>
    public const int Parts = 4;

    /// <summary>Floats in a vector.</summary>
    public int Lanes => _wide ? 8 : 4;

    /// <summary>Bytes in a block.</summary>
    public int Block => Parts * Lanes;

    /// <summary>Name of the vector type.</summary>
    public string Vector => _wide ? "Vector256" : "Vector128";

    private string Bits => _wide ? "256" : "128";

    /// <summary>
    /// Declares the shuffles <c>part0</c> to <c>part3</c> that widen a block to its four vectors. Each takes a quarter of every 128
    /// bits, so that nothing crosses them, and <see cref="Packed"/> puts the bytes back into their order.
    /// </summary>
    /// <param name="code">Where to write.</param>
    /// <param name="signed">
    /// Whether the bytes become the highest ones of their integers: signed bytes times <see cref="SignedUnit"/>. Otherwise the lowest.
    /// </param>
    public void DeclareParts(SourceWriter code, bool signed)
    {
        var order = Enumerable.Range(0, 16).Select(k => signed ? ((uint)k << 24) | 0x808080 : 0x80808000 | (uint)k).ToArray();
        for (var part = 0; part < Parts; part++)
        {
            var half = string.Join(", ", order.Skip(part * 4).Take(4).Select(o => "0x" + o.ToString("X8", CultureInfo.InvariantCulture)));
            code.Line($"var part{part} = {Vector}.Create({(_wide ? $"{half}, {half}" : half)}).AsByte();");
        }
    }

    /// <summary>What signed bytes are multiplied with when they are widened to the top of their integers.</summary>
    public const float SignedUnit = 1 << 24;

    /// <summary>A block of bytes, of either sign, as unsigned ones; their highest bits inverted where <paramref name="flipped"/>.</summary>
    public string Bytes(string element, bool flipped) =>
        $"{Vector}.LoadUnsafe(ref {element}).AsByte()" + (flipped ? $" ^ {Vector}.Create((byte)0x80)" : "");

    /// <summary>One of the four vectors of floats of a block that <see cref="Bytes"/> loaded.</summary>
    public string Floats(string block, int part) => $"Shared.Floats{Bits}({block}, part{part})";

    /// <summary>
    /// The bytes, as unsigned ones, of four vectors of integers that <see cref="DeclareParts"/> has ordered: bounded to
    /// <paramref name="element"/>.
    /// </summary>
    public string Packed(string parts, ElementType element) =>
        $"Shared.{(element == ElementType.UInt8 ? "PackUnsigned" : "PackSigned")}{Bits}({parts})";

    /// <summary>
    /// Floats, bounded as far as the conversion needs it, as integers; what is not a number becomes the lowest of them.
    /// <see cref="Quantised"/> bounds them for good.
    /// </summary>
    public string Saturated(string value, string low, string high) => $"Shared.Saturated{Bits}({value}, {low}, {high})";

    /// <summary>
    /// The bytes, as unsigned ones, of four vectors of integers from <see cref="Saturated"/>, to which 16-bit zero points are added: a
    /// quarter of the first vector, of the second, and so on, in each 128 bits.
    /// </summary>
    public string Quantised(string parts, ElementType element, string zeros) =>
        $"Shared.Quantised{(element == ElementType.UInt8 ? "Unsigned" : "Signed")}{Bits}({parts}, {zeros})";

    /// <summary>The quarters of <see cref="Quantised"/> with each vector's put together.</summary>
    public string InOrder(string bytes) =>
        _wide ? $"Avx2.PermuteVar8x32({bytes}.AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsByte()" : bytes;

    /// <summary>Declares the shuffle <c>order</c> that interleaves the first bytes of so many quarters.</summary>
    public void DeclareInterleaving(SourceWriter code, int quarters)
    {
        var order = Enumerable.Range(0, 16).Select(i => i < 4 * quarters ? (i % quarters * 4) + (i / quarters) : 0x80).ToArray();
        var bytes = string.Join(", ", _wide ? order.Concat(order) : order);
        code.Line($"var order = {Vector}.Create((byte){bytes});");
    }

    /// <summary>The quarters of each 128 bits interleaved.</summary>
    public string Interleaved(string bytes) => _wide ? $"Avx2.Shuffle({bytes}, order)" : $"Vector128.ShuffleNative({bytes}, order)";

    /// <summary>One of the 128 bits of a vector.</summary>
    public string Half(string vector, int half) =>
        !_wide ? vector
        : half == 0 ? $"{vector}.GetLower()"
        : $"{vector}.GetUpper()";

    /// <summary>The next bytes or signed bytes as floats.</summary>
    public string Floats(string element) => $"Shared.Floats{Bits}(ref {element})";

    /// <summary>The next bytes or signed bytes as 32-bit integers.</summary>
    public string Integers(string element) => $"Shared.Integers{Bits}(ref {element})";

    /// <summary>Rounded half to even, to 32-bit integers; the operand must be within ±2^22.</summary>
    public string Rounded(string value) => $"Shared.Rounded{Bits}({value})";

    /// <summary>The same floats in all lanes.</summary>
    public string All(float value) => $"{Vector}.Create({Literals.Float(value)})";

    /// <summary>The same integers in all lanes.</summary>
    public string All(int value) => $"{Vector}.Create({value})";

    /// <summary>Bounds of a value that is a number.</summary>
    public string Clamped(string value, string low, string high) => $"{Vector}.MinNative({Vector}.MaxNative({value}, {low}), {high})";

    /// <summary>Stores one vector of integers that fit into the bytes.</summary>
    public string StoreLanes(string part, string element) => $"Shared.StoreLanes{Bits}({part}, ref {element});";

    /// <summary>Bounds and rounding of one float, for what no vector covers.</summary>
    public static string ScalarRounded(string value, string low, string high) =>
        $"(int)MathF.Round(MathF.Min(MathF.Max({value}, {low}), {high}))";

    /// <summary>What lies between the integers in memory and those of the arithmetic.</summary>
    public static int Offset(ElementType storage, ElementType arithmetic) =>
        storage == arithmetic ? 0
        : storage == ElementType.UInt8 ? 128
        : -128;

    private static readonly SharedCode Wide = new(
        "Bytes256",
        """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<int> Integers256(ref byte source) =>
            Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref source)).AsByte());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<int> Integers256(ref sbyte source) =>
            Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<sbyte, byte>(ref source))).AsSByte());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<float> Floats256(ref byte source) => Avx.ConvertToVector256Single(Integers256(ref source));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<float> Floats256(ref sbyte source) => Avx.ConvertToVector256Single(Integers256(ref source));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<float> Floats256(Vector256<byte> block, Vector256<byte> part) =>
            Avx.ConvertToVector256Single(Avx2.Shuffle(block, part).AsInt32());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<byte> PackUnsigned256(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d) =>
            Avx2.PackUnsignedSaturate(Avx2.PackSignedSaturate(a, b), Avx2.PackSignedSaturate(c, d));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<byte> PackSigned256(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d) =>
            Avx2.PackSignedSaturate(Avx2.PackSignedSaturate(a, b), Avx2.PackSignedSaturate(c, d)).AsByte();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<int> Saturated256(Vector256<float> value, Vector256<float> low, Vector256<float> high) =>
            // What is not a number is the second operand and comes out, as does what is too low, as the lowest integer.
            Avx.ConvertToVector256Int32(Avx.Min(high, value));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<byte> QuantisedUnsigned256(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zeros) =>
            Avx2.PackUnsignedSaturate(
                Avx2.AddSaturate(Avx2.PackSignedSaturate(a, b), zeros), Avx2.AddSaturate(Avx2.PackSignedSaturate(c, d), zeros));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<byte> QuantisedSigned256(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zeros) =>
            Avx2.PackSignedSaturate(
                Avx2.AddSaturate(Avx2.PackSignedSaturate(a, b), zeros), Avx2.AddSaturate(Avx2.PackSignedSaturate(c, d), zeros)).AsByte();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector256<int> Rounded256(Vector256<float> value) => Avx.ConvertToVector256Int32(value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static void StoreLanes256(Vector256<int> value, ref byte target)
        {
            var words = Sse2.PackSignedSaturate(value.GetLower(), value.GetUpper());
            Unsafe.WriteUnaligned(ref target, Sse2.PackUnsignedSaturate(words, words).AsUInt64().ToScalar());
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static void StoreLanes256(Vector256<int> value, ref sbyte target)
        {
            var words = Sse2.PackSignedSaturate(value.GetLower(), value.GetUpper());
            Unsafe.WriteUnaligned(ref Unsafe.As<sbyte, byte>(ref target), Sse2.PackSignedSaturate(words, words).AsUInt64().ToScalar());
        }
        """
    );

    private static readonly SharedCode Narrow = new(
        "Bytes128",
        """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<int> Integers128(ref byte source) =>
            Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(ref source)).AsByte())).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<int> Integers128(ref sbyte source) =>
            Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(ref Unsafe.As<sbyte, byte>(ref source))).AsSByte()));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<float> Floats128(ref byte source) => Vector128.ConvertToSingle(Integers128(ref source));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<float> Floats128(ref sbyte source) => Vector128.ConvertToSingle(Integers128(ref source));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<float> Floats128(Vector128<byte> block, Vector128<byte> part) =>
            Vector128.ConvertToSingle(Vector128.ShuffleNative(block, part).AsInt32());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<byte> PackUnsigned128(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
        {
            var (low, high) = (Vector128.NarrowWithSaturation(a, b), Vector128.NarrowWithSaturation(c, d));
            return Sse2.IsSupported ? Sse2.PackUnsignedSaturate(low, high)
                : AdvSimd.IsSupported ? AdvSimd.ExtractNarrowingSaturateUnsignedUpper(AdvSimd.ExtractNarrowingSaturateUnsignedLower(low), high)
                : Vector128.NarrowWithSaturation(Vector128.Max(low, Vector128<short>.Zero).AsUInt16(), Vector128.Max(high, Vector128<short>.Zero).AsUInt16());
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<byte> PackSigned128(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d) =>
            Vector128.NarrowWithSaturation(Vector128.NarrowWithSaturation(a, b), Vector128.NarrowWithSaturation(c, d)).AsByte();

        // The comparison is false for what is not a number.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<int> Saturated128(Vector128<float> value, Vector128<float> low, Vector128<float> high) =>
            Rounded128(Vector128.MinNative(Vector128.ConditionalSelect(Vector128.GreaterThan(value, low), value, low), high));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<byte> QuantisedUnsigned128(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zeros) =>
            Vector128.Narrow((Vector128.NarrowWithSaturation(a, b) + zeros).AsUInt16(), (Vector128.NarrowWithSaturation(c, d) + zeros).AsUInt16());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<byte> QuantisedSigned128(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zeros) =>
            Vector128.NarrowWithSaturation(Vector128.NarrowWithSaturation(a, b) + zeros, Vector128.NarrowWithSaturation(c, d) + zeros).AsByte();

        // 1.5 · 2^23 leaves no bits behind the point: the addition rounds half to even, and the integer stands in the low bits.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static Vector128<int> Rounded128(Vector128<float> value) =>
            (value + Vector128.Create(12582912f)).AsInt32() - Vector128.Create(0x4B400000);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static void StoreLanes128(Vector128<int> value, ref byte target)
        {
            var words = Vector128.Narrow(value, value);
            Unsafe.WriteUnaligned(ref target, Vector128.Narrow(words, words).AsUInt32().ToScalar());
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static void StoreLanes128(Vector128<int> value, ref sbyte target) =>
            StoreLanes128(value, ref Unsafe.As<sbyte, byte>(ref target));
        """
    );
}
