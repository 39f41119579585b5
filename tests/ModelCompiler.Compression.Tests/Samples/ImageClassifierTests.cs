using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Samples;

public sealed class ImageClassifierTests
{
    [Theory]
    [InlineData("fashion-mnist-float.onnx")]
    [InlineData("fashion-mnist-int8.onnx")]
    public void Every_committed_picture_gets_the_class_that_its_name_says(string name)
    {
        var model = OnnxFile.Read(SampleFiles.Model(name));
        var labels = File.ReadAllLines(SampleFiles.Model("fashion-mnist.labels.txt"));
        var options = new CompileOptions { ClassName = "Classifier" };
        var compiled = ModelCompilation.Compile(model.Source, options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        using var oracle = new OnnxRuntimeOracle(model.Bytes, GraphOptimizationLevel.ORT_ENABLE_ALL, signedQuantisedOperators: true);

        var images = SampleFiles.Images();
        Assert.Equal(10, images.Count);
        var folder = Path.GetDirectoryName(images[0])!;
        var samples = DataSet.Open(new DataSource(folder)).Training.Samples(compiled.Inputs);
        foreach (var (image, sample) in images.Zip(samples))
        {
            var actual = network.Run([.. sample.Select(i => i.Elements)]);
            Differential.AssertEqual(oracle.Run(sample), actual, new Differential.Tolerance(), image);
            var probabilities = (float[])actual[0].Elements;
            var predicted = labels[Array.IndexOf(probabilities, probabilities.Max())];
            // The name is the class and the number of the image in the test set: ankle-boot-0.png.
            var expected = Path.GetFileNameWithoutExtension(image);
            Assert.StartsWith(predicted.Split('/')[0].Replace(' ', '-'), expected, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void The_quantised_network_computes_in_integers_up_to_the_scores()
    {
        var model = OnnxFile.Read(SampleFiles.Model("fashion-mnist-int8.onnx"));
        var weights = model.Proto!.Graph.Initializer.Where(i => i.Name.EndsWith("/weight_q", StringComparison.Ordinal)).ToList();
        Assert.Equal(12, weights.Count);
        Assert.All(weights, w => Assert.Equal((int)ElementType.Int8, w.DataType));
        Assert.InRange(model.Bytes.Length, 1, 64 * 1024);
    }
}
