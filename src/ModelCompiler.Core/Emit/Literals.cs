using System.Globalization;
using System.Runtime.InteropServices;

namespace ModelCompiler.Emit;

/// <summary>Numbers as C# text, the same on every machine.</summary>
internal static class Literals
{
    /// <summary>
    /// A float literal that gives back the same bits. Integers of moderate size are written plainly; everything else as its bit
    /// pattern, because the formatting of floats differs between runtimes.
    /// </summary>
    public static string Float(float value)
    {
        var bits = MemoryMarshal.Cast<float, int>([value])[0];
        if (value == (int)value && Math.Abs(value) < 1e6f && bits != int.MinValue)
        {
            return ((int)value).ToString(CultureInfo.InvariantCulture) + "f";
        }

        return bits < 0 ? $"BitConverter.Int32BitsToSingle(unchecked((int)0x{bits:X8}))" : $"BitConverter.Int32BitsToSingle(0x{bits:X8})";
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
