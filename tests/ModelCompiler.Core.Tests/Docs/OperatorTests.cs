using ModelCompiler.Import.Onnx;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>Which test classes name which operator.</summary>
/// <param name="files">The test classes with their text.</param>
internal sealed class OperatorTests((string Name, string Text)[] files)
{
    /// <summary>How often operators of a name are in the tables: of one domain, or of several.</summary>
    private readonly ILookup<string, string> _domains = OnnxOperatorTable.All.ToLookup(o => o.Operator, o => o.Domain);

    public static OperatorTests Read()
    {
        var root = Path.Combine(Repository.Root, "tests", "ModelCompiler.Core.Tests");
        string[] folders = [.. Directory.GetDirectories(root).Where(d => Path.GetFileName(d) is not ("bin" or "obj" or "Docs"))];
        return new([
            .. folders
                .SelectMany(d => Directory.GetFiles(d, "*Tests.cs", SearchOption.AllDirectories))
                .Select(f => (Name: Path.GetFileNameWithoutExtension(f), Text: File.ReadAllText(f)))
                .OrderBy(s => s.Name, StringComparer.Ordinal),
        ]);
    }

    /// <summary>The names of the test classes, in order.</summary>
    public IEnumerable<string> Of(string op, string domain) => files.Where(f => Names(f.Text, op, domain)).Select(f => f.Name);

    /// <summary>Whether a text names the operator: with its domain, where another one has an operator of the same name.</summary>
    private bool Names(string text, string op, string domain)
    {
        var all = Count(text, $"\"{op}\"");
        if (_domains[op].Count() == 1)
        {
            return all > 0;
        }

        var ofMicrosoft = Count(text, $"Microsoft(\"{op}\"") + Count(text, $"\"{op}\", \"{OnnxDomains.Microsoft}\"");
        return domain == OnnxDomains.Microsoft ? ofMicrosoft > 0 : all > ofMicrosoft;
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
