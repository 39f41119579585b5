using System.Runtime.InteropServices;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;
using StbImageSharp;

namespace ModelCompiler.Cli.Tests.Networks;

/// <summary>The compiled networks of MLPerf Tiny answer as ONNX Runtime does, sample for sample, and so are as accurate.</summary>
public class AccuracyTests
{
    [TestDataFact]
    public void Keyword_spotting_answers_as_onnxruntime_does_on_500_samples()
    {
        var samples = Samples("kws01-500")
            .Select(s => (MemoryMarshal.Cast<byte, sbyte>(File.ReadAllBytes(s.File)).ToArray(), s.Label))
            .ToList();

        CheckEverySample(
            "keyword-spotting/mlperf_kws_dscnn_int8_qdq",
            [.. samples.Select(s => ((float[])[.. s.Item1.Select(q => (q - 83) * 0.5847029089927673f)], s.Label))],
            expectedCorrect: null
        );
    }

    [TestDataFact]
    public void Image_classification_answers_as_onnxruntime_does_on_200_images() =>
        CheckEverySample(
            "image-classification/mlperf_ic_resnet8_int8_qdq",
            [.. Samples("ic01-200-png").Select(s => (Pixels(s.File), s.Label))],
            expectedCorrect: 174
        );

    private static void CheckEverySample(string model, IReadOnlyList<(float[] Input, int Label)> samples, int? expectedCorrect)
    {
        var file = OnnxFile.Read(TestData.PathOf("models", "onnx", model, "model.onnx"));
        var options = new CompileOptions { ClassName = "Network" };
        var compiled = ModelCompilation.Compile(file.Source, options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        using var integers = new OnnxRuntimeOracle(file.Bytes, signedQuantisedOperators: true);
        using var byDefault = new OnnxRuntimeOracle(file.Bytes);
        var correct = 0;
        for (var i = 0; i < samples.Count; i++)
        {
            var input = new NamedTensor(network.Inputs[0].Name, network.Inputs[0].Type, samples[i].Input);
            var ours = network.Run(input.Elements)[0];
            var expected = integers.Run(input)[0];
            var comparison = Comparison.Of(expected, ours, Tolerance.Float);
            Assert.True(comparison.Agrees, $"sample {i}: {comparison.FirstDifference}");
            Assert.Equal(ClassOf(expected), ClassOf(ours));
            Assert.Equal(ClassOf(byDefault.Run(input)[0]), ClassOf(ours));
            correct += ClassOf(ours) == samples[i].Label ? 1 : 0;
        }

        Assert.True(
            expectedCorrect is null || correct == expectedCorrect,
            $"{correct} of {samples.Count} correct, {expectedCorrect} expected"
        );
        Assert.True(correct > samples.Count * 0.85, $"{correct} of {samples.Count} correct");
    }

    private static int ClassOf(NamedTensor scores)
    {
        var values = (float[])scores.Elements;
        return Array.IndexOf(values, values.Max());
    }

    /// <summary>The files of a data set with their classes, as <c>labels.csv</c> lists them: file, number of classes, class.</summary>
    private static IEnumerable<(string File, int Label)> Samples(string dataset) =>
        File.ReadLines(TestData.PathOf("datasets", dataset, "labels.csv"))
            .Select(line => line.Split(','))
            .Where(cells => cells.Length == 3)
            .Select(cells =>
                (TestData.PathOf("datasets", dataset, cells[0]), int.Parse(cells[2], System.Globalization.CultureInfo.InvariantCulture))
            );

    private static float[] Pixels(string file)
    {
        using var stream = File.OpenRead(file);
        var image = ImageResult.FromStream(stream, ColorComponents.RedGreenBlue);
        return [.. image.Data.Select(b => (float)b)];
    }
}
