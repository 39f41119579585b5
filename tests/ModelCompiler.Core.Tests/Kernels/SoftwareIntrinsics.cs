using System.Text.RegularExpressions;

namespace ModelCompiler.Core.Tests.Kernels;

/// <summary>
/// Instruction sets that the machine may lack, as plain C#: emitted code for them is compiled with these classes in the place of the
/// real ones. Only what integer kernels use is there.
/// </summary>
internal static class SoftwareIntrinsics
{
    // What the classes below define; other code may use more of an instruction set behind a test for it.
    private static readonly Regex Calls = new(
        @"\b(?:(?<set>AvxVnni)|(?<set>Dp)|(?<set>AdvSimd)(?:\.Arm64)?)\.(?<method>MultiplyWidening(AndAdd|Lower|Upper)"
            + "|DotProduct(BySelectedQuadruplet)?|AddPairwise(WideningAndAdd)?|Zip(Low|High)|VectorTableLookup|ConvertToSingle|Multiply"
            + "|ConvertToInt32RoundToEven|ExtractNarrowingSaturate(Unsigned)?(Lower|Upper)|AddSaturate)\\("
    );

    /// <summary>Lets emitted code run anywhere.</summary>
    public static string Substitute(string implementation) => Calls.Replace(implementation, "Soft${set}.${method}(") + Source;

    private const string Source = """

        internal static class SoftAvxVnni
        {
            public static Vector256<int> MultiplyWideningAndAdd(Vector256<int> sum, Vector256<byte> x, Vector256<sbyte> w) =>
                Soft.Make256(i => sum.GetElement(i) + Soft.Quad(j => x.GetElement(i * 4 + j) * w.GetElement(i * 4 + j)));
        }

        internal static class SoftDp
        {
            public static Vector128<int> DotProduct(Vector128<int> sum, Vector128<sbyte> a, Vector128<sbyte> b) =>
                Soft.Make(i => sum.GetElement(i) + Soft.Quad(j => a.GetElement(i * 4 + j) * b.GetElement(i * 4 + j)));

            public static Vector128<int> DotProductBySelectedQuadruplet(Vector128<int> sum, Vector128<sbyte> a, Vector128<sbyte> b, byte index) =>
                Soft.Make(i => sum.GetElement(i) + Soft.Quad(j => a.GetElement(i * 4 + j) * b.GetElement(index * 4 + j)));
        }

        internal static class SoftAdvSimd
        {
            public static Vector128<short> MultiplyWideningLower(Vector64<sbyte> a, Vector64<sbyte> b) =>
                Soft.Shorts(i => (short)(a.GetElement(i) * b.GetElement(i)));

            public static Vector128<short> MultiplyWideningUpper(Vector128<sbyte> a, Vector128<sbyte> b) =>
                Soft.Shorts(i => (short)(a.GetElement(i + 8) * b.GetElement(i + 8)));

            public static Vector128<int> AddPairwiseWideningAndAdd(Vector128<int> sum, Vector128<short> x) =>
                Soft.Make(i => sum.GetElement(i) + x.GetElement(2 * i) + x.GetElement(2 * i + 1));

            public static Vector128<int> AddPairwise(Vector128<int> a, Vector128<int> b) =>
                Soft.Make(i => i < 2 ? a.GetElement(2 * i) + a.GetElement(2 * i + 1) : b.GetElement(2 * i - 4) + b.GetElement(2 * i - 3));

            public static Vector128<T> ZipLow<T>(Vector128<T> a, Vector128<T> b) => Soft.Zip(a, b, 0);

            public static Vector128<T> ZipHigh<T>(Vector128<T> a, Vector128<T> b) => Soft.Zip(a, b, Vector128<T>.Count / 2);

            public static Vector128<sbyte> VectorTableLookup(Vector128<sbyte> table, Vector128<sbyte> indices) =>
                Vector128.Shuffle(table, indices);

            public static Vector128<float> ConvertToSingle(Vector128<int> a) => Vector128.ConvertToSingle(a);

            public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

            public static Vector128<int> ConvertToInt32RoundToEven(Vector128<float> a) =>
                Soft.Make(i => (int)Math.Clamp(Math.Round((double)a.GetElement(i)), int.MinValue, int.MaxValue));

            public static Vector64<short> ExtractNarrowingSaturateLower(Vector128<int> a) =>
                Soft.Shorts(i => (short)Math.Clamp(a.GetElement(i % 4), short.MinValue, short.MaxValue)).GetLower();

            public static Vector128<short> ExtractNarrowingSaturateUpper(Vector64<short> low, Vector128<int> a) =>
                Vector128.Create(low, ExtractNarrowingSaturateLower(a));

            public static Vector64<sbyte> ExtractNarrowingSaturateLower(Vector128<short> a) =>
                Soft.Bytes(i => Math.Clamp(a.GetElement(i), sbyte.MinValue, sbyte.MaxValue)).AsSByte();

            public static Vector128<sbyte> ExtractNarrowingSaturateUpper(Vector64<sbyte> low, Vector128<short> a) =>
                Vector128.Create(low, ExtractNarrowingSaturateLower(a));

            public static Vector64<byte> ExtractNarrowingSaturateUnsignedLower(Vector128<short> a) =>
                Soft.Bytes(i => Math.Clamp(a.GetElement(i), byte.MinValue, byte.MaxValue));

            public static Vector128<byte> ExtractNarrowingSaturateUnsignedUpper(Vector64<byte> low, Vector128<short> a) =>
                Vector128.Create(low, ExtractNarrowingSaturateUnsignedLower(a));

            public static Vector128<short> AddSaturate(Vector128<short> a, Vector128<short> b) =>
                Soft.Shorts(i => (short)Math.Clamp(a.GetElement(i) + b.GetElement(i), short.MinValue, short.MaxValue));
        }

        internal static class Soft
        {
            public static int Quad(Func<int, int> term) => term(0) + term(1) + term(2) + term(3);

            public static Vector128<int> Make(Func<int, int> element) => Vector128.Create(element(0), element(1), element(2), element(3));

            public static Vector256<int> Make256(Func<int, int> element) =>
                Vector256.Create(Make(element), Make(i => element(i + 4)));

            public static Vector128<short> Shorts(Func<int, short> element) =>
                Vector128.Create(element(0), element(1), element(2), element(3), element(4), element(5), element(6), element(7));

            public static Vector64<byte> Bytes(Func<int, int> element)
            {
                var result = Vector64<byte>.Zero;
                for (var i = 0; i < 8; i++)
                {
                    result = result.WithElement(i, (byte)element(i));
                }

                return result;
            }

            public static Vector128<T> Zip<T>(Vector128<T> a, Vector128<T> b, int from)
            {
                var result = a;
                for (var i = 0; i < Vector128<T>.Count; i++)
                {
                    result = result.WithElement(i, (i % 2 == 0 ? a : b).GetElement(from + i / 2));
                }

                return result;
            }
        }
        """;
}
