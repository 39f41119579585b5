using System.Text;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>The text of docs/operators.md.</summary>
internal static class OperatorPage
{
    private const string Head = """
        # Operators

        What the importer's tables hold, by domain. Opsets from 7 to the newest are read; a form of an operator that is not supported is a
        diagnostic (MC0004), an operator that is not here another (MC0003). [Refused operators](#refused) are those of ONNX for which that stays so.

        **Element types** are those of the first data input for which a model of this one operator compiles, tried by the test that checks this
        page; that can be more than ONNX allows. Where nothing stands, the operator needs more than the few attributes and inputs that the test tries; its own tests say what it
        takes. Operators on floats of 16 and fewer bits [compute in float32](numerics.md). Strings are not supported.

        **Tests** are the test classes that name the operator. Functions of one element are also tested all at once (UnaryTests, BinaryTests).

        """;

    private static readonly int Types = Enum.GetValues<ElementType>().Length - 2;

    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "docs", "operators.md");

    public static string Text()
    {
        var sources = Sources();
        var text = new StringBuilder(Head);
        foreach (var domain in OnnxOperatorTable.Names.GroupBy(n => n.Domain).OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            text.Append($"\n## {Title(domain.Key)}\n\n| operator | element types | tests |\n|---|---|---|\n");
            foreach (var (_, op) in domain.OrderBy(n => n.Operator, StringComparer.Ordinal))
            {
                var tests = sources.Where(s => s.Text.Contains($"\"{op}\"", StringComparison.Ordinal)).Select(s => s.Name);
                text.Append($"| {op} | {Describe(OperatorProbe.Types(op, domain.Key))} | {string.Join(", ", tests)} |\n");
            }
        }

        text.Append("\n## Refused\n\n| domain | operator | reason | instead |\n|---|---|---|---|\n");
        foreach (var (domain, op, refusal) in RefusedOperators.All.OrderBy(r => $"{r.Domain}:{r.Operator}", StringComparer.Ordinal))
        {
            text.Append($"| {Title(domain)} | {op} | {refusal.Reason} | {refusal.Advice} |\n");
        }

        return text.ToString();
    }

    private static string Title(string domain) => domain.Length == 0 ? "ai.onnx" : domain;

    private static string Describe(IReadOnlyList<ElementType> types)
    {
        if (types.Count == Types)
        {
            return "all";
        }

        // Floats of few bits go together: all of them are computed in float32.
        var few = Enum.GetValues<ElementType>()
            .Where(t => t.ToString().StartsWith("Float8", StringComparison.Ordinal))
            .Append(ElementType.Float4E2M1);
        var single = few.All(types.Contains) ? types.Except(few) : types;
        var names = single.Select(t => t.ToString().ToLowerInvariant());
        return string.Join(", ", few.All(types.Contains) ? names.Append("float8 and float4") : names);
    }

    private static (string Name, string Text)[] Sources() =>
        [
            .. Directory
                .GetFiles(
                    System.IO.Path.Combine(Repository.Root, "tests", "ModelCompiler.Core.Tests"),
                    "*Tests.cs",
                    SearchOption.AllDirectories
                )
                .Where(f => System.IO.Path.GetFileNameWithoutExtension(f) != nameof(OperatorPageTests))
                .Where(f => !f.Contains($"{System.IO.Path.DirectorySeparatorChar}obj{System.IO.Path.DirectorySeparatorChar}"))
                .Select(f => (System.IO.Path.GetFileNameWithoutExtension(f), File.ReadAllText(f)))
                .OrderBy(s => s.Item1, StringComparer.Ordinal),
        ];
}
