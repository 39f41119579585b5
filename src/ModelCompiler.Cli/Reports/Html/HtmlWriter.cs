using System.Text;
using System.Xml.Linq;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>
/// Writes elements as HTML. What XML's own writer gives is not HTML: there an empty <c>div</c> would close itself, which browsers
/// take for an open one. All text is escaped, so that a name in a hostile model is only ever read, never run.
/// </summary>
internal static class HtmlWriter
{
    private static readonly HashSet<string> Void = new(["br", "hr", "link", "meta", "wbr"], StringComparer.Ordinal);

    // Their content is not text to HTML: it stands as it is, and only what this program brings along stands there.
    private static readonly HashSet<string> Raw = new(["script", "style"], StringComparer.Ordinal);

    /// <summary>A whole document.</summary>
    public static string Write(XElement html)
    {
        var text = new StringBuilder("<!DOCTYPE html>\n");
        Write(text, html);
        return text.Append('\n').ToString();
    }

    private static void Write(StringBuilder text, XElement element)
    {
        var name = element.Name.LocalName;
        text.Append('<').Append(name);
        foreach (var attribute in element.Attributes())
        {
            text.Append(' ').Append(attribute.Name.LocalName).Append("=\"");
            Escape(text, attribute.Value).Append('"');
        }

        text.Append('>');
        if (Void.Contains(name))
        {
            return;
        }

        foreach (var node in element.Nodes())
        {
            switch (node)
            {
                case XElement child:
                    Write(text, child);
                    break;
                case XText content when Raw.Contains(name):
                    text.Append(content.Value);
                    break;
                case XText content:
                    Escape(text, content.Value);
                    break;
                default:
                    throw new InvalidOperationException($"a page has no {node.NodeType}");
            }
        }

        text.Append("</").Append(name).Append('>');
        if (name is "section" or "tr" or "svg" or "g" or "head" or "table" or "style" or "script")
        {
            // Lines of a reasonable length for those who look at the source.
            text.Append('\n');
        }
    }

    private static StringBuilder Escape(StringBuilder text, string value)
    {
        foreach (var rune in value.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '<' => text.Append("&lt;"),
                '>' => text.Append("&gt;"),
                '&' => text.Append("&amp;"),
                '"' => text.Append("&quot;"),
                // Control characters have no place in HTML, and U+0000 would be dropped.
                < ' ' and not '\n' and not '\t' => text.Append('\uFFFD'),
                >= 0x7F and < 0xA0 => text.Append('\uFFFD'),
                // They would turn the text around them.
                (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) => text.Append('\uFFFD'),
                _ => text.Append(rune.ToString()),
            };
        }

        return text;
    }
}
