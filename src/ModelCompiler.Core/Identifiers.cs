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
