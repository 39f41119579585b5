using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Ml;

internal static class Problems
{
    /// <summary>Asserts that a model does not compile, for a reason that contains the text and is no failure of the compiler itself.</summary>
    public static void AssertContains(OnnxModelBuilder model, string text)
    {
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.False(compiled.Succeeded);
        Assert.Contains(compiled.Problems, p => p.Message.Contains(text, StringComparison.Ordinal));
        Assert.DoesNotContain(compiled.Problems, p => p.Kind == Diagnostics.ProblemKinds.InternalError);
    }
}
