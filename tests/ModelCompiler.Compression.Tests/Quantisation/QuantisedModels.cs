using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Quantisation;

/// <summary>Quantises small models on random samples and compares what comes out.</summary>
internal static class QuantisedModels
{
    private const int TestSample = 5;

    public static QuantisedModel Quantise(OnnxModelBuilder model, bool signed = false, int samples = 20) =>
        Quantise(model.ToBytes(), signed, samples);

    public static QuantisedModel Quantise(OnnxModelBuilder model, QuantisationOptions options) => Quantise(model.ToBytes(), options, 20);

    public static QuantisedModel Quantise(byte[] model, bool signed = false, int samples = 20) =>
        Quantise(model, new QuantisationOptions { SignedActivations = signed }, samples);

    private static QuantisedModel Quantise(byte[] model, QuantisationOptions options, int samples) =>
        PostTrainingQuantisation.Run(new ModelSource("float.onnx", model, _ => null), Samples(model, samples), options);

    /// <summary>The samples that are calibrated with.</summary>
    public static IEnumerable<IReadOnlyList<NamedTensor>> Samples(byte[] model, int count) =>
        Enumerable.Range(0, count).Select(seed => Sample(model, seed));

    /// <summary>ONNX Runtime accepts the quantised model; returns how far it is from the float model there, relative to its outputs.</summary>
    public static double ErrorInOnnxRuntime(OnnxModelBuilder model, QuantisedModel quantised)
    {
        var input = Sample(model.ToBytes(), TestSample);
        using var original = new OnnxRuntimeOracle(model.ToBytes());
        using var oracle = new OnnxRuntimeOracle(quantised.Model);
        return original.Run(input).Zip(oracle.Run(input), (e, q) => RelativeError((float[])e.Elements, (float[])q.Elements)).Max();
    }

    /// <summary>The quantised model compiles, and its code gives what ONNX Runtime gives.</summary>
    public static void AssertCompiledCodeAgrees(QuantisedModel quantised)
    {
        var options = new CompileOptions { ClassName = "Quantised" };
        var compiled = ModelCompilation.Compile(new ModelSource("quantised.onnx", quantised.Model, _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        using var oracle = new OnnxRuntimeOracle(quantised.Model, GraphOptimizationLevel.ORT_ENABLE_ALL, signedQuantisedOperators: true);
        var input = Sample(quantised.Model, TestSample);
        var actual = network.Run([.. input.Select(i => i.Elements)]);
        Differential.AssertEqual(oracle.Run(input), actual, new Differential.Tolerance(), "quantised");
    }

    public static ModelProto Proto(QuantisedModel model) => ModelProto.Parser.ParseFrom(model.Model);

    private static IReadOnlyList<NamedTensor> Sample(byte[] model, int seed)
    {
        var inputs = ModelProto
            .Parser.ParseFrom(model)
            .Graph.Input.Select(i => new ModelPort(
                i.Name,
                new TensorType(ElementType.Float32, new TensorShape(i.Type.TensorType.Shape.Dim.Select(d => (int)d.DimValue)))
            ));
        return Differential.RandomInputs([.. inputs], seed);
    }

    private static double RelativeError(float[] expected, float[] actual)
    {
        var error = expected.Zip(actual, (e, a) => ((double)e - a) * (e - a)).Sum();
        return Math.Sqrt(error / Math.Max(expected.Sum(e => (double)e * e), 1e-12));
    }
}
