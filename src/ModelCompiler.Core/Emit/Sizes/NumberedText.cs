using System.Globalization;
using System.Text;

namespace ModelCompiler.Emit;

/// <summary>
/// Emitted code as text with numbers in it, so that code for several sizes can be compared, and written once where it differs in
/// numbers alone. Only numbers count whose place takes an <c>int</c> variable as well; all others belong to the text.
/// </summary>
internal sealed class NumberedText
{
    private readonly string[] _text;
    private readonly string[] _casts;

    private NumberedText(string[] text, string[] casts, int[] numbers)
    {
        (_text, _casts, Numbers) = (text, casts, numbers);
        Skeleton = string.Join("\0", text.Select((t, i) => i < casts.Length ? t + casts[i] : t));
    }

    /// <summary>Equal for texts that differ in nothing but numbers.</summary>
    public string Skeleton { get; }

    /// <summary>The numbers, in order.</summary>
    public IReadOnlyList<int> Numbers { get; }

    /// <summary>Takes code apart.</summary>
    public static NumberedText Of(string code)
    {
        var text = new List<string>();
        var (casts, numbers) = (new List<string>(), new List<int>());
        var rest = new StringBuilder();
        string? closing = null;
        foreach (var line in code.Split('\n'))
        {
            // A static local function sees no variables of the method around it.
            closing ??= ClosingOfStaticFunction(line);
            var from = 0;
            foreach (var number in closing is null ? NumberPlaces.Of(line) : [])
            {
                text.Add(rest.Append(line, from, number.Start - from).ToString());
                casts.Add(number.Cast);
                numbers.Add(int.Parse(line.Substring(number.Start, number.Length), CultureInfo.InvariantCulture));
                rest.Clear();
                from = number.Start + number.Length;
            }

            closing = line == closing ? null : closing;
            rest.Append(line, from, line.Length - from).Append('\n');
        }

        rest.Length--;
        text.Add(rest.ToString());
        return new([.. text], [.. casts], [.. numbers]);
    }

    private static string? ClosingOfStaticFunction(string line)
    {
        var text = line.TrimStart(' ');
        return text.StartsWith("static ", StringComparison.Ordinal) ? new string(' ', line.Length - text.Length) + "}" : null;
    }

    /// <summary>The code with some numbers replaced.</summary>
    /// <param name="replacements">For each number the expression that stands for it; null where it stays.</param>
    public string With(IReadOnlyList<string?> replacements)
    {
        var code = new StringBuilder();
        for (var i = 0; i < Numbers.Count; i++)
        {
            code.Append(_text[i]);
            if (replacements[i] is { } replacement)
            {
                code.Append(_casts[i]).Append(replacement);
            }
            else
            {
                code.Append(Numbers[i].ToString(CultureInfo.InvariantCulture));
            }
        }

        return code.Append(_text[Numbers.Count]).ToString();
    }
}
