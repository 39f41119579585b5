using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>
/// Writes conversions between float and the floats of at most 16 bits, with the arithmetic of <see cref="NarrowFloat"/>: emitted code
/// and compiler give the same bits.
/// </summary>
internal static class NarrowFloatCode
{
    /// <summary>The float of an element.</summary>
    public static string Decode(KernelWriter writer, ElementType from, string x)
    {
        if (from == ElementType.Float16)
        {
            return $"(float){x}";
        }

        if (from == ElementType.BFloat16)
        {
            return $"BitConverter.Int32BitsToSingle({x} << 16)";
        }

        writer.Use(NarrowFloat.Of(from) is { } format ? Decoder(from, format) : PowerDecoder);
        return $"Shared.From{from}({x})";
    }

    /// <summary>The element that a number becomes.</summary>
    /// <param name="writer">Where shared code is declared.</param>
    /// <param name="cast">The conversion.</param>
    /// <param name="from">Element type of the number, which is no narrow float.</param>
    /// <param name="x">The number.</param>
    public static string Encode(KernelWriter writer, Cast cast, ElementType from, string x)
    {
        if (cast.To == ElementType.Float16 && from is ElementType.Float32 or ElementType.Float64)
        {
            return $"(Half){x}";
        }

        var real =
            from == ElementType.Float32 ? x
            : from == ElementType.Float64 ? RoundedToOdd(writer, x)
            : from == ElementType.Bool ? $"({x} ? 1f : 0f)"
            : $"(float){x}";
        if (cast.To == ElementType.Float16)
        {
            return $"(Half)({real})";
        }

        var saturate = cast.Saturate ? "true" : "false";
        if (NarrowFloat.Of(cast.To) is not { } format)
        {
            writer.Use(PowerEncoder);
            return $"(byte)Shared.To{cast.To}({real}, {saturate}, {Threshold(cast.Rounding)})";
        }

        writer.Use(Encoder(cast.To, format));
        return $"({cast.To.CSharpName()})Shared.To{cast.To}({real}, {(cast.To == ElementType.BFloat16 ? "false" : saturate)})";
    }

    private static string RoundedToOdd(KernelWriter writer, string x)
    {
        writer.Use(OddRounding);
        return $"Shared.RoundedToOdd({x})";
    }

    private static string Threshold(PowerRounding rounding) =>
        rounding switch
        {
            PowerRounding.Up => "1",
            PowerRounding.Nearest => "1 << 22",
            _ => "int.MaxValue",
        };

    private static SharedCode Decoder(ElementType element, NarrowFloat format)
    {
        var isNaN =
            format.IsFinite ? null
            : format.HasNegativeZero ? $"magnitude > {Hex(format.Infinity ?? format.Largest)}"
            : $"code == {Hex(format.NotANumber)}";
        return new(
            $"From{element}",
            $$"""
            internal static float From{{element}}(int code)
            {
                var magnitude = code & {{Hex((1 << format.MagnitudeBits) - 1)}};
                var value = BitConverter.Int32BitsToSingle(magnitude << {{format.DroppedBits}}) * {{Literals.Float(format.CodeScale)}};
            {{If(isNaN, "value = float.NaN;")}}{{If(
                format.Infinity is { } infinity ? $"magnitude == {Hex(infinity)}" : null,
                "value = float.PositiveInfinity;"
            )}}    return magnitude == code ? value : -value;
            }
            """
        );
    }

    private static SharedCode Encoder(ElementType element, NarrowFloat format)
    {
        var isSubnormal = $"magnitude < {Hex(format.SmallestNormalBits)}";
        var tooLarge = format.IsFinite
            ? Hex(format.Largest)
            : $"saturate ? {Hex(format.Largest)} : {Hex(format.Infinity ?? format.NotANumber)}";
        var notANumber = Hex(format.NotANumber) + (format.HasNegativeZero && !format.IsFinite ? " | sign" : "");
        return new(
            $"To{element}",
            $$"""
            // To the nearest, ties to even. Below the smallest normal number the codes are multiples of the smallest of all.
            internal static int To{{element}}(float value, bool saturate)
            {
                var bits = BitConverter.SingleToInt32Bits(value);
                var magnitude = bits & int.MaxValue;
                var sign = bits < 0 ? {{Hex(1 << format.MagnitudeBits)}} : 0;
            {{If("magnitude > 0x7F800000", $"return {notANumber};")}}
                var code = ((magnitude + (magnitude >> {{format.DroppedBits}} & 1) + {{Hex((1 << (format.DroppedBits - 1)) - 1)}}) >> {{format.DroppedBits}}) - {{(127 - format.Bias) << format.MantissaBits}};
            {{If(
                format.SmallestNormalBits > 0 ? isSubnormal : null,
                $"code = (int)MathF.Round(BitConverter.Int32BitsToSingle(magnitude) * {Literals.Float(format.SubnormalScale)});"
            )}}{{If($"code > {Hex(format.Largest)}", $"code = {tooLarge};")}}
                return {{(format.HasNegativeZero ? "" : "code == 0 ? 0 : ")}}code | sign;
            }
            """
        );
    }

    private static readonly SharedCode PowerDecoder = new(
        "FromFloat8E8M0",
        """
        internal static float FromFloat8E8M0(int code) =>
            code == 0xFF ? float.NaN : BitConverter.Int32BitsToSingle(code == 0 ? 1 << 22 : code << 23);
        """
    );

    private static readonly SharedCode PowerEncoder = new(
        "ToFloat8E8M0",
        """
        // The exponent, and one more where what is behind the leading bit reaches the threshold. The smallest, 2^-127, is subnormal.
        internal static int ToFloat8E8M0(float value, bool saturate, int threshold)
        {
            const int Smallest = 1 << 22;
            var magnitude = BitConverter.SingleToInt32Bits(value) & int.MaxValue;
            if (magnitude > 0x7F800000)
            {
                return 0xFF;
            }

            if (magnitude < Smallest)
            {
                return saturate ? 0 : 0xFF;
            }

            var isSubnormal = magnitude < 2 * Smallest;
            var rest = isSubnormal ? (magnitude - Smallest) << 1 : magnitude & ((2 * Smallest) - 1);
            var code = (isSubnormal ? 0 : magnitude >> 23) + (rest >= threshold ? 1 : 0);
            return code <= 0xFE ? code : saturate ? 0xFE : 0xFF;
        }
        """
    );

    private static readonly SharedCode OddRounding = new(
        "RoundedToOdd",
        """
        // Cut to 24 bits, the last one set where something was cut off: rounded again, it is as if rounded once.
        internal static float RoundedToOdd(double value)
        {
            var nearest = (float)value;
            if (nearest == value || double.IsNaN(value))
            {
                return nearest;
            }

            var bits = BitConverter.SingleToInt32Bits(nearest);
            bits -= Math.Abs((double)nearest) > Math.Abs(value) ? 1 : 0;
            return BitConverter.Int32BitsToSingle(bits | 1);
        }
        """
    );

    /// <summary>A statement under a condition; nothing where there is no condition.</summary>
    private static string If(string? condition, string statement) =>
        condition is null
            ? ""
            : $$"""
                    if ({{condition}})
                    {
                        {{statement}}
                    }


                """;

    private static string Hex(int number) => "0x" + number.ToString("X", CultureInfo.InvariantCulture);
}
