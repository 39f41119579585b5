using System.Text;

namespace ModelCompiler.Emit;

/// <summary>Writes indented C# with line feeds, whatever the machine's own line ending is.</summary>
internal sealed class SourceWriter
{
    private const int SpacesPerLevel = 4;
    private readonly StringBuilder _text = new();
    private int _level;

    /// <summary>Writes one line; an empty one without indentation.</summary>
    public void Line(string text = "")
    {
        if (text.Length > 0)
        {
            _text.Append(' ', _level * SpacesPerLevel).Append(text);
        }

        _text.Append('\n');
    }

    /// <summary>Writes several lines, each indented as the writer is now.</summary>
    public void Lines(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            Line(line.TrimEnd('\r'));
        }
    }

    /// <summary>Opens a block: the heading, if it has one, a brace, one level more. Dispose what is returned to close it.</summary>
    public Block Open(string heading = "")
    {
        if (heading.Length > 0)
        {
            Line(heading);
        }

        Line("{");
        _level++;
        return new Block(this, "}");
    }

    /// <summary>A counting loop with literal bounds.</summary>
    public Block For(string index, int from, int to, int step = 1) =>
        Open($"for (nint {index} = {from}; {index} < {to}; {index} += {step})");

    /// <summary>A counting loop with bounds that are expressions.</summary>
    public Block For(string index, string from, string to, int step = 1) =>
        Open($"for (nint {index} = {from}; {index} < {to}; {index} += {step})");

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>An open block.</summary>
    internal readonly struct Block(SourceWriter writer, string close) : IDisposable
    {
        public void Dispose()
        {
            writer._level--;
            writer.Line(close);
        }
    }
}
