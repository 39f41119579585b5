using System.Text;

namespace ModelCompiler.Benchmarks.Results;

/// <summary>A table of text: the first column to the left, numbers to the right.</summary>
internal sealed class MarkdownTable(params IReadOnlyList<string> headings)
{
    private readonly StringBuilder _text = new StringBuilder(Line(headings)).Append(
        Line([.. headings.Select((_, i) => i == 0 ? "---" : "--:")])
    );

    /// <summary>Adds a line.</summary>
    public void Add(params IReadOnlyList<string> cells) => _text.Append(Line(cells));

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private static string Line(IReadOnlyList<string> cells) => $"| {string.Join(" | ", cells)} |\n";
}
