using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;

namespace ModelCompiler.Core.Tests.Docs;

public sealed class OperatorPageTests
{
    private const string Rewrite = "MODELCOMPILER_REWRITE_DOCS";

    [Fact]
    public void The_page_of_operators_is_what_the_code_gives()
    {
        var text = OperatorPage.Text();
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            File.WriteAllText(OperatorPage.Path, text);
        }

        Assert.True(
            File.ReadAllText(OperatorPage.Path) == text,
            $"docs/operators.md is not what the code gives; {Rewrite}=1 dotnet test tests/ModelCompiler.Core.Tests --filter {nameof(OperatorPageTests)} rewrites it"
        );
    }

    [Fact]
    public void Every_version_of_an_operator_compiles()
    {
        var missing = OnnxOperatorTable.All.SelectMany(o =>
            o.Versions.Except(OperatorProbe.Versions(o.Operator, o.Domain)).Select(v => $"{o.Domain}:{o.Operator}:{v}")
        );
        // That of ai.onnx.ml 1 has strings on one side.
        Assert.Equal(["ai.onnx.ml:LabelEncoder:1"], missing);
    }

    [Fact]
    public void The_types_of_an_operator_are_those_that_it_compiles_for()
    {
        Assert.Equal([ElementType.Bool], OperatorProbe.Types("And", ""));
        Assert.Contains(ElementType.Float16, OperatorProbe.Types("Conv", ""));
        Assert.DoesNotContain(ElementType.Bool, OperatorProbe.Types("Conv", ""));
        Assert.Equal([ElementType.Bool], OperatorProbe.Types("Not", ""));
        Assert.Equal([ElementType.UInt8, ElementType.Int8], OperatorProbe.Types("QLinearAdd", OnnxDomains.Microsoft));
    }
}
