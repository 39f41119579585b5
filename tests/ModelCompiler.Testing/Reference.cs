using ModelCompiler.Verification;
using Xunit;

namespace ModelCompiler.Testing;

/// <summary>Compares compiled models with another model of the same inputs and outputs, for operators that ONNX Runtime lacks.</summary>
public static class Reference
{
    /// <summary>Runs the model on random inputs, and asserts that ONNX Runtime gives the same for the other one.</summary>
    public static void Check(
        OnnxModelBuilder model,
        OnnxModelBuilder reference,
        int seed = 1,
        Differential.Tolerance? tolerance = null,
        IReadOnlyDictionary<string, Array>? inputs = null,
        IReadOnlyList<Target>? targets = null
    )
    {
        foreach (var target in targets ?? [Target.Auto])
        {
            var options = new CompileOptions { ClassName = "TestModel", Target = target };
            var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
            Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
            using var network = CompiledNetwork.Load(compiled, options);
            var given = Differential.RandomInputs(network.Inputs, seed, inputs);
            using var oracle = new OnnxRuntimeOracle(reference.ToBytes());
            var expected = oracle.Run(given);
            var actual = network.Run([.. given.Select(i => i.Elements)]).Zip(expected, (a, e) => a with { Name = e.Name });
            Differential.AssertEqual(expected, [.. actual], tolerance ?? new(), $"{target.Name}, seed {seed}, model {model.Proto}");
        }
    }
}
