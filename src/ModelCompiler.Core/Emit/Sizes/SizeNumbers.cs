using System.Globalization;
using ModelCompiler.Sizes;

namespace ModelCompiler.Emit;

/// <summary>
/// Expressions for numbers that depend on which program runs: multiples of the size that it is for, where there is one, else from tables
/// of an entry for each program.
/// </summary>
/// <param name="sizes">The sizes.</param>
/// <param name="names">What sizes are called as locals.</param>
internal sealed class SizeNumbers(SizeTable sizes, PortNames names)
{
    /// <summary>The variable that says which program runs.</summary>
    public const string Program = "program";

    private readonly List<(string Name, int[] Entries)> _tables = [];
    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);
    private readonly int[] _open = [.. Enumerable.Range(0, sizes.Ranges.Count).Where(r => r != sizes.ItemRange)];

    /// <summary>The declaration of the only size that tells programs apart; null where there are several.</summary>
    public string? Size => _open is [var range] ? $"int {names.Sizes[range]} = {Sum(sizes.Ranges[range].Smallest, Program)};" : null;

    /// <summary>An expression that has a value for each of some programs.</summary>
    /// <param name="programs">The programs.</param>
    /// <param name="values">The value for each.</param>
    public string Expression(IReadOnlyList<int> programs, IReadOnlyList<int> values)
    {
        if (values.All(v => v == values[0]))
        {
            return Text(values[0]);
        }

        return Multiple(programs, values) ?? Entry(programs, values);
    }

    /// <summary>An entry of a table that has a value for each of some programs.</summary>
    public string Entry(IReadOnlyList<int> programs, IReadOnlyList<int> values)
    {
        var entries = new int[sizes.Programs];
        for (var i = 0; i < programs.Count; i++)
        {
            entries[programs[i]] = values[i];
        }

        var key = string.Join(",", entries);
        if (!_known.TryGetValue(key, out var name))
        {
            _known.Add(key, name = $"T{_tables.Count}");
            _tables.Add((name, entries));
        }

        return $"Numbers.{name}[{Program}]";
    }

    /// <summary>Writes the tables.</summary>
    public void Emit(SourceWriter code)
    {
        if (_tables.Count == 0)
        {
            return;
        }

        code.Line();
        code.Line("// Numbers for each of the programs.");
        using var numbers = code.Open("private static class Numbers");
        foreach (var (name, entries) in _tables)
        {
            var type = entries.All(e => e is >= 0 and <= byte.MaxValue) ? "byte" : "int";
            code.Line($"internal static ReadOnlySpan<{type}> {name} => new {type}[] {{ {string.Join(", ", entries.Select(Text))} }};");
        }
    }

    /// <summary>The values as a multiple of the only size, and a constant; null where they are not.</summary>
    private string? Multiple(IReadOnlyList<int> programs, IReadOnlyList<int> values)
    {
        if (_open is not [var range])
        {
            return null;
        }

        var (step, difference) = (programs[1] - programs[0], values[1] - values[0]);
        if (difference % step != 0)
        {
            return null;
        }

        var factor = difference / step;
        var constant = values[0] - ((long)factor * (programs[0] + sizes.Ranges[range].Smallest));
        return
            constant is > int.MinValue and <= int.MaxValue
            && Enumerable
                .Range(0, values.Count)
                .All(i => values[i] == constant + ((long)factor * (programs[i] + sizes.Ranges[range].Smallest)))
            ? Sum((int)constant, factor == 1 ? names.Sizes[range] : $"{Text(factor)} * {names.Sizes[range]}")
            : null;
    }

    private static string Sum(int constant, string other) =>
        constant == 0 ? other
        : constant < 0 ? $"{other} - {Text(-constant)}"
        : $"{other} + {Text(constant)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
