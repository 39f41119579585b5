using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>The whole page: one file that needs no other and no network.</summary>
internal static class ReportPage
{
    private static readonly string Style = Resource("page.css");
    private static readonly string Script = Resource("page.js");

    /// <summary>The text of the page, the same to the byte for the same facts.</summary>
    public static string Write(IReadOnlyList<ModelFacts> facts, SearchFront? search)
    {
        var names = ModelNames.Short([.. facts.Select(m => m.Inspected.Model)]);
        var models = facts.Select((m, i) => m with { Name = names[i] }).ToList();
        var title = $"{string.Join(", ", names.Take(3))}{(names.Count > 3 ? ", …" : "")}: compiled";
        return HtmlWriter.Write(
            new XElement(
                "html",
                new XAttribute("lang", "en"),
                new XElement("head", Head(title)),
                new XElement(
                    "body",
                    new XElement("header", new XElement("h1", "Compiled models"), Contents(names, models.Count > 1, search)),
                    new XElement(
                        "main",
                        models.Count > 1 ? Section("comparison", "Before and after", ComparisonSection.Of(models)) : null,
                        search is null ? null : Section("front", "Search", FrontSection.Of(search)),
                        models.Select((m, i) => ModelSection.Of(m, $"model-{i + 1}"))
                    ),
                    new XElement("footer", new XElement("p", "Written by modelc report. Nothing on this page is fetched from elsewhere.")),
                    new XElement("script", Script)
                )
            )
        );
    }

    /// <summary>A part of the page with a heading.</summary>
    public static XElement Section(string id, string heading, params object?[] content) =>
        new("section", new XAttribute("id", id), new XElement("h2", heading), content);

    private static IEnumerable<XElement> Head(string title)
    {
        yield return new("meta", new XAttribute("charset", "utf-8"));
        yield return new("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1"));
        yield return new("meta", new XAttribute("name", "color-scheme"), new XAttribute("content", "light dark"));
        // Names in the page come from files of others: the browser runs this script, takes this style, and fetches nothing.
        yield return new(
            "meta",
            new XAttribute("http-equiv", "Content-Security-Policy"),
            new XAttribute("content", $"default-src 'none'; img-src data:; style-src '{Hash(Style)}'; script-src '{Hash(Script)}'")
        );
        yield return new("link", new XAttribute("rel", "icon"), new XAttribute("href", "data:,"));
        yield return new("title", title);
        yield return new("style", Style);
    }

    private static XElement Contents(IReadOnlyList<string> names, bool compared, SearchFront? search)
    {
        var links = names.Select((name, i) => (Id: $"model-{i + 1}", Text: name));
        links = search is null ? links : links.Prepend(("front", "Search"));
        links = compared ? links.Prepend(("comparison", "Before and after")) : links;
        return new(
            "nav",
            new XAttribute("aria-label", "Parts of the page"),
            links.Select(l => new XElement("a", new XAttribute("href", "#" + l.Id), l.Text))
        );
    }

    private static string Hash(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Resource(string name)
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        // A browser hashes what it has read, and it reads line ends as one character.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
