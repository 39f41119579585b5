using System.Globalization;
using System.Runtime.InteropServices;
using ModelCompiler.Graphs;

namespace ModelCompiler.Emit;

/// <summary>Numbers as C# text, the same on every machine.</summary>
internal static class Literals
{
    /// <summary>
    /// A float literal that gives back the same bits. Multiples of 1/1024 of moderate size are written plainly; everything else as its bit
    /// pattern, because the formatting of floats differs between runtimes.
    /// </summary>
    public static string Float(float value)
    {
        var bits = MemoryMarshal.Cast<float, int>([value])[0];
        if (Plain(value) is { } plain && bits != int.MinValue)
        {
            return plain + "f";
        }

        return bits < 0 ? $"BitConverter.Int32BitsToSingle(unchecked((int)0x{bits:X8}))" : $"BitConverter.Int32BitsToSingle(0x{bits:X8})";
    }

    /// <summary>The float of the given bits.</summary>
    public static string FloatOfBits(int bits) => Float(MemoryMarshal.Cast<int, float>([bits])[0]);

    /// <summary>An integer of an element type from its bits, zero-extended; without suffix, small enough for any C# context.</summary>
    public static string Integer(ElementType element, long bits)
    {
        var value = element switch
        {
            ElementType.Int8 or ElementType.Int4 or ElementType.Int2 => unchecked((sbyte)bits),
            ElementType.Int16 => unchecked((short)bits),
            ElementType.Int32 => unchecked((int)bits),
            _ => bits,
        };
        return element == ElementType.UInt64 ? unchecked((ulong)value).ToString(CultureInfo.InvariantCulture) + "UL"
            : value == long.MinValue ? "long.MinValue"
            : value < 0 ? $"({value.ToString(CultureInfo.InvariantCulture)})"
            : value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>A double literal by the same rule.</summary>
    public static string Double(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        if (Plain(value) is { } plain && bits != long.MinValue)
        {
            return plain + "d";
        }

        return bits < 0
            ? $"BitConverter.Int64BitsToDouble(unchecked((long)0x{bits:X16}))"
            : $"BitConverter.Int64BitsToDouble(0x{bits:X16})";
    }

    /// <summary>Multiples of 1/1024 have few digits, and decimal arithmetic has them exactly everywhere.</summary>
    private static string? Plain(double value)
    {
        const int Parts = 1024;
        return Math.Abs(value) < 1e6 && value * Parts == (int)(value * Parts)
            ? ((int)(value * Parts) / (decimal)Parts).ToString(CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>Text as it may stand in an interpolated string.</summary>
    public static string InInterpolation(string value)
    {
        var literal = Text(value);
        return literal.Substring(1, literal.Length - 2).Replace("{", "{{").Replace("}", "}}");
    }

    /// <summary>A string literal with everything escaped that needs it.</summary>
    public static string Text(string value)
    {
        var result = new System.Text.StringBuilder("\"");
        foreach (var c in value)
        {
            result.Append(
                c is '"' or '\\' ? "\\" + c
                : c is >= ' ' and < (char)127 ? c.ToString()
                : $"\\u{(int)c:x4}"
            );
        }

        return result.Append('"').ToString();
    }
}
