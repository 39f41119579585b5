using Microsoft.CodeAnalysis;
using ModelCompiler.Diagnostics;
using ModelCompiler.Generator.Tests.Running;

namespace ModelCompiler.Generator.Tests;

public sealed class DiagnosticsTests
{
    [Fact]
    public void A_file_that_is_no_model_gives_one_error_at_its_first_character()
    {
        using var project = new TestProject().Model("bad.onnx", "no model at all"u8.ToArray());

        var problem = Assert.Single(project.Generate().Diagnostics);

        Assert.Equal("MC0001", problem.Id);
        Assert.Equal(DiagnosticSeverity.Error, problem.Severity);
        var position = problem.Location.GetLineSpan();
        Assert.Equal(Path.Combine(project.Folder, "bad.onnx"), position.Path);
        Assert.Equal((0, 0), (position.StartLinePosition.Line, position.StartLinePosition.Character));
        Assert.DoesNotContain("bad.onnx", problem.GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_unsupported_operator_of_a_model_is_reported_in_one_build()
    {
        using var project = new TestProject().Model("new.onnx", TinyModels.Unsupported(3));

        var problems = project.Generate().Diagnostics;

        Assert.Equal(3, problems.Count(p => p.Id == "MC0003"));
        Assert.Equal(3, problems.Select(p => p.GetMessage()).Distinct().Count());
    }

    [Fact]
    public void A_model_with_errors_leaves_a_class_so_that_its_users_give_no_errors_of_their_own()
    {
        using var project = new TestProject().Model("new.onnx", TinyModels.Unsupported(1));
        var program = """
            using var model = new App.New();
            float[] y = model.Predict([1f]);
            System.Span<float> output = stackalloc float[1];
            System.ReadOnlySpan<float> input = output;
            model.Predict(input, output);
            _ = App.New.Info.Name;
            """.Replace("[1f]", "new float[1]", StringComparison.Ordinal);

        project
            .Driver()
            .RunGeneratorsAndUpdateCompilation(
                project.Compilation("class P { static void Main() {" + program + "} }"),
                out var compilation,
                out var problems
            );

        Assert.Equal("MC0003", Assert.Single(problems).Id);
        Assert.DoesNotContain(compilation.GetDiagnostics(), d => d.Severity > DiagnosticSeverity.Hidden);
    }

    [Fact]
    public void A_missing_file_is_a_problem_and_not_a_crash()
    {
        using var project = new TestProject().Model("gone.onnx", TinyModels.Relu());
        File.Delete(Path.Combine(project.Folder, "gone.onnx"));

        Assert.Equal("MC0001", Assert.Single(project.Generate().Diagnostics).Id);
    }

    [Fact]
    public void Two_models_of_one_class_are_an_error_and_the_first_is_generated()
    {
        using var project = new TestProject()
            .Model("a.onnx", TinyModels.Relu(), ("ClassName", "Same"))
            .Model("b.onnx", TinyModels.TwoByTwo(), ("ClassName", "Same"))
            .Model("c.onnx", TinyModels.Relu(), ("ClassName", "Same"), ("Namespace", "Elsewhere"));

        var result = project.Generate();

        var problem = Assert.Single(result.Diagnostics);
        Assert.Equal("MC0011", problem.Id);
        Assert.Contains("a.onnx", problem.GetMessage(), StringComparison.Ordinal);
        Assert.Equal(
            ["App.Same.Kernels.g.cs", "App.Same.g.cs", "Elsewhere.Same.Kernels.g.cs", "Elsewhere.Same.g.cs"],
            result.Results[0].GeneratedSources.Select(s => s.HintName).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("ClassName", "7up", "identifier")]
    [InlineData("ClassName", "Predict", "member")]
    [InlineData("ClassName", "class", "identifier")]
    [InlineData("Namespace", "A..B", "identifiers")]
    [InlineData("Accessibility", "private", "public or internal")]
    [InlineData("Dimensions", "batch", "name=size")]
    [InlineData("Dimensions", "batch=0", "at least 1")]
    [InlineData("Dimensions", "batch=4..3", "smallest..largest")]
    [InlineData("Dimensions", "batch=1..", "smallest..largest")]
    [InlineData("Dimensions", "batch=2|batch=3", "'batch' is given twice")]
    [InlineData("Dimensions", "batch=1..2", "no input has a dimension 'batch'")]
    [InlineData("Labels", "/nowhere/labels.txt", "cannot be read")]
    [InlineData("MaxMacs", "many", "number")]
    [InlineData("Threads", "0", "number between 1 and 255")]
    [InlineData("Threads", "256", "number between 1 and 255")]
    [InlineData("Weights", "tiny", "fastest or smallest")]
    public void An_option_that_is_not_understood_is_an_error_that_says_what_is_expected(string name, string value, string expected)
    {
        using var project = new TestProject().Model("a.onnx", TinyModels.Relu(), (name, value));

        var problem = Assert.Single(project.Generate().Diagnostics);

        Assert.Equal("MC0009", problem.Id);
        Assert.Contains(expected, problem.GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_target_is_an_error_that_lists_the_known_ones()
    {
        using var project = new TestProject().Model("a.onnx", TinyModels.Relu()).Property("ModelCompilerTarget", "z80");

        Assert.Contains("arm64-dotprod", Assert.Single(project.Generate().Diagnostics).GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_over_its_budget_is_an_error_with_both_numbers()
    {
        using var project = new TestProject().Model(
            "a.onnx",
            TinyModels.TwoByTwo(),
            ("MaxArenaBytes", "0"),
            ("MaxMacs", "0"),
            ("MaxWeightBytes", "0")
        );
        Assert.All(project.Generate().Diagnostics, p => Assert.Equal("MC0012", p.Id));
    }

    [Theory]
    [InlineData("det-v2.onnx", "DetV2")]
    [InlineData("mobilenet_v2_1.0_224.onnx", "MobilenetV210224")]
    [InlineData("8bit.onnx", "_8bit")]
    public void Class_names_follow_from_file_names(string file, string className)
    {
        using var project = new TestProject().Model(file, TinyModels.Relu());

        Assert.Contains(project.Generate().Results[0].GeneratedSources, s => s.HintName == $"App.{className}.g.cs");
    }

    [Fact]
    public void Descriptors_say_what_the_table_of_problems_says()
    {
        Assert.Equal(
            ProblemKinds.All.Select(k => (k.Code, k.Title, k.Severity.ToString())),
            ProblemKinds.All.Select(k => Descriptors.Of(k)).Select(d => (d.Id, d.Title.ToString(null), d.DefaultSeverity.ToString()))
        );
        Assert.Equal(ProblemKinds.All.Count, Descriptors.ByCode.Count);
    }

    [Fact]
    public void Every_code_has_a_section_in_the_documentation_and_a_line_in_the_release_notes()
    {
        var page = File.ReadAllText(Repository.File("docs/diagnostics.md"));
        var releases =
            File.ReadAllText(Repository.File("generator/ModelCompiler.Generator/AnalyzerReleases.Unshipped.md"))
            + File.ReadAllText(Repository.File("generator/ModelCompiler.Generator/AnalyzerReleases.Shipped.md"));
        Assert.All(
            ProblemKinds.All,
            kind =>
            {
                Assert.Contains($"## {kind.Code}: {kind.Title}", page, StringComparison.Ordinal);
                Assert.Contains($"{kind.Code} | ModelCompiler | {kind.Severity} | {kind.Title}", releases, StringComparison.Ordinal);
            }
        );
    }
}
