using ModelCompiler.Graphs;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>
/// Writes how vectors of floats are read from and written to float16 and bfloat16, with the same numbers as the conversion of single
/// elements. In between, elements in 16 bits are floats that have few enough bits.
/// </summary>
internal static class NarrowVectorCode
{
    /// <summary>Element types that have these forms.</summary>
    public static bool Serves(ElementType element) => element is ElementType.Float16 or ElementType.BFloat16;

    public static string Load(KernelWriter writer, ElementType element, int bits, string reference)
    {
        UseDecoder(writer, element, bits);
        writer.Use(new SharedCode("LoadCodes" + bits, InWidth(LoadCodes(bits), bits)));
        return $"Shared.From{element}Codes(Shared.LoadCodes{bits}(ref {AsCodes(element, reference)}))";
    }

    public static string Store(KernelWriter writer, ElementType element, int bits, string value, string reference)
    {
        UseEncoder(writer, element, bits);
        writer.Use(new SharedCode("StoreCodes" + bits, InWidth(StoreCodes(bits), bits)));
        return $"Shared.StoreCodes(Shared.To{element}Codes({value}), ref {AsCodes(element, reference)});";
    }

    /// <summary>Floats rounded to the type.</summary>
    public static string Round(KernelWriter writer, ElementType element, int bits, string value)
    {
        UseDecoder(writer, element, bits);
        UseEncoder(writer, element, bits);
        return $"Shared.From{element}Codes(Shared.To{element}Codes({value}))";
    }

    private static void UseDecoder(KernelWriter writer, ElementType element, int bits) =>
        writer.Use(new SharedCode($"From{element}Codes{bits}", InWidth(element == ElementType.Float16 ? FromFloat16 : FromBFloat16, bits)));

    private static void UseEncoder(KernelWriter writer, ElementType element, int bits) =>
        writer.Use(new SharedCode($"To{element}Codes{bits}", InWidth(element == ElementType.Float16 ? ToFloat16 : ToBFloat16, bits)));

    private static string AsCodes(ElementType element, string reference) =>
        element == ElementType.Float16 ? $"Unsafe.As<Half, ushort>(ref {reference})" : reference;

    private static string InWidth(string code, int bits) =>
        code.Replace("VectorN", $"Vector{bits}").Replace("LoadCodesN", $"LoadCodes{bits}").Replace("VectorH", $"Vector{bits / 2}");

    private static string LoadCodes(int bits) =>
        bits == 128
            ? """
                [MethodImpl(MethodImplOptions.AggressiveInlining)]
                internal static VectorN<int> LoadCodesN(ref ushort source) =>
                    Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<ushort, byte>(ref source))).AsUInt16()).AsInt32();
                """
            : $"""
                [MethodImpl(MethodImplOptions.AggressiveInlining)]
                internal static VectorN<int> LoadCodesN(ref ushort source) => VectorN.WidenLower(VectorH.LoadUnsafe(ref source).ToVector{bits}Unsafe()).AsInt32();
                """;

    private static string StoreCodes(int bits) =>
        bits == 128
            ? """
                [MethodImpl(MethodImplOptions.AggressiveInlining)]
                internal static void StoreCodes(VectorN<int> codes, ref ushort target) =>
                    Unsafe.WriteUnaligned(ref Unsafe.As<ushort, byte>(ref target), Vector128.Narrow(codes, codes).AsUInt64().ToScalar());
                """
            : """
                [MethodImpl(MethodImplOptions.AggressiveInlining)]
                internal static void StoreCodes(VectorN<int> codes, ref ushort target) =>
                    VectorH.Narrow(codes.GetLower(), codes.GetUpper()).AsUInt16().StoreUnsafe(ref target);
                """;

    private const string FromFloat16 = """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static VectorN<float> FromFloat16Codes(VectorN<int> codes)
        {
            // The exponent's bias is 112 less; the largest one stands for infinity and NaN.
            var magnitude = (codes & VectorN.Create(0x7FFF)) << 13;
            var value = (magnitude.AsSingle() * VectorN.Create(BitConverter.Int32BitsToSingle(0x77800000))).AsInt32();
            value |= VectorN.GreaterThan(magnitude, VectorN.Create(0xF7FFFFF)) & VectorN.Create(0x7F800000);
            return (value | (codes & VectorN.Create(0x8000)) << 16).AsSingle();
        }
        """;

    private const string ToFloat16 = """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static VectorN<int> ToFloat16Codes(VectorN<float> value)
        {
            var magnitude = value.AsInt32() & VectorN.Create(int.MaxValue);
            var codes = ((magnitude + (magnitude >> 13 & VectorN<int>.One) + VectorN.Create(0xFFF)) >> 13) - VectorN.Create(0x1C000);

            // Where the sum with a half has its last bit, the smallest number of all has its only one.
            var small = (magnitude.AsSingle() + VectorN.Create(0.5f)).AsInt32() - VectorN.Create(0x3F000000);
            codes = VectorN.ConditionalSelect(VectorN.LessThan(magnitude, VectorN.Create(0x38800000)), small, codes);
            codes = VectorN.ConditionalSelect(VectorN.GreaterThan(magnitude, VectorN.Create(0x477FEFFF)), VectorN.Create(0x7C00), codes);
            codes = VectorN.ConditionalSelect(VectorN.GreaterThan(magnitude, VectorN.Create(0x7F800000)), VectorN.Create(0x7E00), codes);
            return codes | (value.AsInt32() >>> 16 & VectorN.Create(0x8000));
        }
        """;

    private const string FromBFloat16 = """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static VectorN<float> FromBFloat16Codes(VectorN<int> codes) => (codes << 16).AsSingle();
        """;

    private const string ToBFloat16 = """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static VectorN<int> ToBFloat16Codes(VectorN<float> value)
        {
            var bits = value.AsInt32();
            var codes = (bits + (bits >> 16 & VectorN<int>.One) + VectorN.Create(0x7FFF)) >>> 16;
            return VectorN.ConditionalSelect(VectorN.Equals(value, value).AsInt32(), codes, VectorN.Create(0x7FC0) | bits >>> 16);
        }
        """;
}
