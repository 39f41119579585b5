using System.Text;

namespace ModelCompiler;

/// <summary>C# identifiers made of the names in a model, by one rule everywhere.</summary>
internal static class Identifiers
{
    /// <summary>Words are runs of ASCII letters and digits; each begins with a capital: <c>det-v2</c> → <c>DetV2</c>.</summary>
    public static string PascalCase(string name)
    {
        var result = new StringBuilder();
        var begins = true;
        foreach (var c in name)
        {
            if (!IsLetterOrDigit(c))
            {
                begins = true;
                continue;
            }

            result.Append(begins ? char.ToUpperInvariant(c) : c);
            begins = false;
        }

        return result.Length == 0 || char.IsDigit(result[0]) ? "_" + result : result.ToString();
    }

    /// <summary>The same with a small first letter, for parameters; characters that cannot stand there become underscores.</summary>
    public static string CamelCase(string name)
    {
        var result = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            result.Append(IsLetterOrDigit(c) ? c : '_');
        }

        return result.Length == 0 || char.IsDigit(result[0])
            ? "_" + result
            : char.ToLowerInvariant(result[0]) + result.ToString(1, result.Length - 1);
    }

    /// <summary>Whether C# lets a name stand as it is: ASCII letters, digits and underscores, no keyword.</summary>
    public static bool IsValid(string name) =>
        name.Length > 0 && !char.IsDigit(name[0]) && name.All(c => c == '_' || IsLetterOrDigit(c)) && !Keywords.Contains(name);

    /// <summary>The name, with the sign that makes a keyword a name where it is one.</summary>
    public static string EscapeKeyword(string name) => Keywords.Contains(name) ? "@" + name : name;

    private static readonly HashSet<string> Keywords =
    [
        .. (
            "abstract as base bool break byte case catch char checked class const continue decimal default delegate do double else "
            + "enum event explicit extern false finally fixed float for foreach goto if implicit in int interface internal is lock "
            + "long namespace new null object operator out override params private protected public readonly ref return sbyte sealed "
            + "short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe ushort "
            + "using virtual void volatile while"
        ).Split(' '),
    ];

    /// <summary>
    /// One identifier for a dotted name, different for different names: underscores are doubled, other characters become their
    /// number between underscores.
    /// </summary>
    public static string Escaped(string name)
    {
        var result = new StringBuilder("_");
        foreach (var c in name)
        {
            _ =
                IsLetterOrDigit(c) ? result.Append(c)
                : c == '_' ? result.Append("__")
                : result.Append('_').Append(((int)c).ToString("x", System.Globalization.CultureInfo.InvariantCulture)).Append('_');
        }

        return result.ToString();
    }

    /// <summary>Adds a number where the name was given out before.</summary>
    public static string Unique(string name, Dictionary<string, int> taken)
    {
        var candidate = name;
        while (taken.ContainsKey(candidate))
        {
            candidate = name + "_" + ++taken[name];
        }

        taken.Add(candidate, 1);
        return candidate;
    }

    private static bool IsLetterOrDigit(char c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9');
}
