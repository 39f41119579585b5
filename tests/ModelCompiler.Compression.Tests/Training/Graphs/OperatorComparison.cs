using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Testing;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;
using static TorchSharp.torch;

namespace ModelCompiler.Compression.Tests.Training.Graphs;

/// <summary>Compares graphs that are executed with libtorch with ONNX Runtime.</summary>
internal static class OperatorComparison
{
    /// <summary>Runs a model on random inputs in both and asserts that they give the same.</summary>
    public static void Check(OnnxModelBuilder model, string context, int seed = 1)
    {
        var bytes = model.ToBytes();
        using var execution = Execution(bytes);
        using var oracle = new OnnxRuntimeOracle(bytes, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_DISABLE_ALL);
        var inputs = Differential.RandomInputs([.. execution.Graph.Inputs.Select(i => new ModelPort(i.Name, i.Type))], seed);
        var expected = oracle.Run(inputs);

        using var scope = NewDisposeScope();
        var outputs = execution.Run(inputs.ToDictionary(i => i.Name, i => TorchTypes.ToTensor(i.Type, i.Elements)), _ => false).Outputs;

        var actual = outputs.Select((o, i) => new NamedTensor(expected[i].Name, execution.Graph.Outputs[i].Value.Type, Elements(o)));
        Differential.AssertEqual(expected, [.. actual], new Differential.Tolerance(), $"{context}, model {model.Proto}");
    }

    // TorchSharp does not give an array of nothing.
    private static float[] Elements(TorchSharp.torch.Tensor tensor) =>
        tensor.numel() == 0 ? [] : tensor.contiguous().data<float>().ToArray();

    /// <summary>A model as libtorch executes it.</summary>
    public static GraphExecution Execution(byte[] model) => new(Import(model));

    /// <summary>The graph of a model.</summary>
    public static Graph Import(byte[] model)
    {
        var result = OnnxImporter.Import(new ModelSource("test.onnx", model, _ => null), new CompileOptions());
        Assert.True(result.Graph is not null, string.Join("\n", result.Problems));
        return result.Graph;
    }
}
