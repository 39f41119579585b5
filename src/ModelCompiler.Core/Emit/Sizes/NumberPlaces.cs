using System.Globalization;

namespace ModelCompiler.Emit;

/// <summary>A number in a line of code that a variable may stand for.</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">How many digits it has.</param>
/// <param name="Cast">What an <c>int</c> has to be converted to there, in parentheses; empty for nothing.</param>
internal readonly record struct NumberPlace(int Start, int Length, string Cast);

/// <summary>
/// Finds the numbers of a line of emitted code whose place takes an <c>int</c>, or one that is converted. A list of places that are
/// known to do so, because a number that is needlessly part of the text costs a method more, and one that is wrongly not breaks a build.
/// </summary>
internal static class NumberPlaces
{
    private static readonly Dictionary<string, string> Calls = new(StringComparer.Ordinal)
    {
        ["Add"] = "",
        ["AddByteOffset"] = "",
        ["CreateSpan"] = "",
        ["CreateReadOnlySpan"] = "",
        ["Slice"] = "",
        ["Min"] = "",
        ["Max"] = "",
        ["Invoke"] = "",
        ["Run"] = "",
        ["LoadUnsafe"] = "(nuint)",
        ["StoreUnsafe"] = "(nuint)",
        ["CopyBlockUnaligned"] = "(uint)",
        ["InitBlockUnaligned"] = "(uint)",
    };

    // What a parenthesis is called that holds what is converted to another type.
    private const string Conversion = "()";

    public static IEnumerable<NumberPlace> Of(string line)
    {
        var start = line.Length - line.TrimStart(' ').Length;
        if (string.CompareOrdinal(line, start, "//", 0, 2) == 0)
        {
            return Digits(line).Select(d => new NumberPlace(d.Start, d.Length, ""));
        }

        return
            line.IndexOf("const ", StringComparison.Ordinal) >= 0
            || line.IndexOf("stackalloc ", StringComparison.Ordinal) >= 0
            || line.IndexOf("new ", StringComparison.Ordinal) >= 0
            ? []
            : Digits(line).Select(d => Place(line, d.Start, d.Length)).OfType<NumberPlace>();
    }

    /// <summary>Decimal integers that fit an <c>int</c> and are no part of a name or of another kind of number.</summary>
    private static IEnumerable<(int Start, int Length)> Digits(string line)
    {
        for (var i = 0; i < line.Length; i++)
        {
            if (!IsDigit(line[i]))
            {
                continue;
            }

            var start = i;
            while (i < line.Length && (char.IsLetterOrDigit(line[i]) || line[i] is '_' or '.'))
            {
                i++;
            }

            var isWhole = start == 0 || !(char.IsLetterOrDigit(line[start - 1]) || line[start - 1] is '_' or '.' or '@');
            if (isWhole && int.TryParse(line.Substring(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                yield return (start, i - start);
            }
        }
    }

    private static NumberPlace? Place(string line, int start, int length)
    {
        var open = OpeningOf(line, start);
        return CallBefore(line, open) switch
        {
            "for" or Conversion => new(start, length, ""),
            "if" or "while" => new(start, length, ComparedType(line)),
            "" => InDeclaration(line) ? new(start, length, "") : null,
            var call when Calls.TryGetValue(call, out var cast) && (cast.Length == 0 || IsLastArgument(line, start, length)) => new(
                start,
                length,
                cast
            ),
            _ => null,
        };
    }

    /// <summary>The parenthesis of the innermost call, or of a statement's head, that a place is in; −1 where it is in none.</summary>
    private static int OpeningOf(string line, int place)
    {
        var depth = 0;
        for (var i = place - 1; i >= 0; i--)
        {
            if (line[i] is ')' or ']')
            {
                depth++;
            }
            else if (line[i] is '(' or '[')
            {
                if (depth == 0 && (line[i] == '[' || CallBefore(line, i).Length > 0))
                {
                    return i;
                }

                depth = Math.Max(0, depth - 1);
            }
        }

        return -1;
    }

    /// <summary>The last part of the name before a parenthesis; empty where there is none, as around a part of an expression.</summary>
    private static string CallBefore(string line, int open)
    {
        if (open < 0)
        {
            return "";
        }

        if (line[open] == '[' || (open > 0 && line[open - 1] == ')'))
        {
            return line[open] == '[' ? "[" : Conversion;
        }

        var end = open;
        if (end > 0 && line[end - 1] == ' ')
        {
            end--;
        }

        var start = end;
        while (start > 0 && (char.IsLetterOrDigit(line[start - 1]) || line[start - 1] == '_'))
        {
            start--;
        }

        var name = line.Substring(start, end - start);
        return end == open || name is "for" or "if" or "while" ? name : "";
    }

    private static string ComparedType(string line) =>
        line.IndexOf("(nuint)", StringComparison.Ordinal) >= 0 ? "(nuint)"
        : line.IndexOf("(ulong)", StringComparison.Ordinal) >= 0 ? "(ulong)"
        : line.IndexOf("(uint)", StringComparison.Ordinal) >= 0 ? "(uint)"
        : "";

    private static bool InDeclaration(string line)
    {
        var text = line.TrimStart(' ');
        return text.StartsWith("nint ", StringComparison.Ordinal) || text.StartsWith("int ", StringComparison.Ordinal);
    }

    /// <summary>Whether a number is all of the last argument of a call.</summary>
    private static bool IsLastArgument(string line, int start, int length) =>
        start >= 2
        && string.CompareOrdinal(line, start - 2, ", ", 0, 2) == 0
        && start + length < line.Length
        && line[start + length] == ')';

    private static bool IsDigit(char c) => c is >= '0' and <= '9';
}
