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

        **Opsets** are those in which ONNX defines the operator anew, each tried with a model of this one operator; later ones have it too. A first
        number below 7 stands for what opset 7 has. **Element types** are those of the first data input (of the output, where there is none) for
        which such a model compiles in the newest opset; that can be more than ONNX allows. Operators on floats of 16 and fewer bits
        [compute in float32](numerics.md). Strings are not supported.

        **Tests** are the test classes that name the operator.

        """;

    private static readonly int Types = Enum.GetValues<ElementType>().Length - 2;

    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "docs", "operators.md");

    public static string Text()
    {
        var tests = OperatorTests.Read();
        var text = new StringBuilder(Head);
        foreach (var domain in OnnxOperatorTable.All.GroupBy(n => n.Domain).OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            text.Append($"\n## {Title(domain.Key)}\n\n| operator | opsets | element types | tests |\n|---|---|---|---|\n");
            foreach (var op in domain.Select(n => n.Operator).Order(StringComparer.Ordinal))
            {
                var versions = string.Join(", ", OperatorProbe.Versions(op, domain.Key));
                var types = Describe(OperatorProbe.Types(op, domain.Key));
                text.Append($"| {op} | {versions} | {types} | {string.Join(", ", tests.Of(op, domain.Key))} |\n");
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
}
