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
    public static QuantisedModel Quantise(OnnxModelBuilder model, bool signed = false, int samples = 20) =>
        Quantise(model.ToBytes(), signed, samples);

    public static QuantisedModel Quantise(byte[] model, bool signed = false, int samples = 20) =>
        PostTrainingQuantisation.Run(
            new ModelSource("float.onnx", model, _ => null),
            Enumerable.Range(0, samples).Select(seed => Sample(model, seed)),
            new QuantisationOptions(signed)
        );

    /// <summary>ONNX Runtime accepts the model and computes with it; returns its relative error against the float model.</summary>
    public static double Check(OnnxModelBuilder model, QuantisedModel quantised, bool signed = false)
    {
        var input = Sample(model.ToBytes(), 5);
        using var original = new OnnxRuntimeOracle(model.ToBytes());
        using var oracle = new OnnxRuntimeOracle(quantised.Model, GraphOptimizationLevel.ORT_ENABLE_ALL, signed);
        var expected = original.Run(input);
        var integer = oracle.Run(input);

        return expected.Zip(integer, (e, q) => RelativeError((float[])e.Elements, (float[])q.Elements)).Max();
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
