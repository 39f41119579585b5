using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Contrib;

/// <summary>The oracle for operators that ONNX Runtime has no kernel for: the same computation in operators that it has.</summary>
internal static class Reference
{
    /// <summary>Asserts that a compiled model gives what ONNX Runtime makes of another model with the same inputs.</summary>
    public static void Check(OnnxModelBuilder model, OnnxModelBuilder writtenOut, int seed = 1)
    {
        var options = new CompileOptions { ClassName = "TestModel" };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        var inputs = Differential.RandomInputs(network.Inputs, seed);
        using var oracle = new OnnxRuntimeOracle(writtenOut.ToBytes());
        var expected = oracle.Run(inputs);
        var actual = network.Run([.. inputs.Select(i => i.Elements)]);
        var renamed = expected.Zip(actual, (e, a) => e with { Name = a.Name }).ToList();
        Differential.AssertEqual(renamed, actual, new Differential.Tolerance(), $"model {model.Proto}");
    }
}
