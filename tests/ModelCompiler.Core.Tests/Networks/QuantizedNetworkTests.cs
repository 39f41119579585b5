using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Networks;

/// <summary>
/// Quantised networks made by other people's tools: their last quantised tensor has ONNX Runtime's bits, and their outputs are
/// within one quantum of those that were recorded without optimisation.
/// </summary>
public sealed class QuantizedNetworkTests
{
    [TestDataTheory]
    [InlineData("anomaly-detection/mlperf_ad_autoencoder_int8_qdq")]
    [InlineData("image-classification/mlperf_ic_resnet8_int8_qdq")]
    [InlineData("image-classification/mlperf_vww_mobilenetv1_int8_qdq")]
    [InlineData("keyword-spotting/micro_kws_m_qdq")]
    [InlineData("keyword-spotting/micro_kws_m_static_qoperator")]
    [InlineData("keyword-spotting/mlperf_kws_dscnn_int8_qdq")]
    public void Network_has_the_bits_of_onnxruntime(string model) => Check(model, Target.Auto);

    [TestDataTheory]
    [InlineData("keyword-spotting/mlperf_kws_dscnn_int8_qdq", "portable")]
    [InlineData("image-classification/mlperf_ic_resnet8_int8_qdq", "x64-avx2")]
    public void Network_has_them_on_other_targets_too(string model, string target) => Check(model, Target.Find(target)!);

    [TestDataTheory]
    [InlineData("speed/mobilenet_v2_1.0_224_int8_qdq_random")]
    public void Large_network_has_the_bits_of_onnxruntime(string model) => Check(model, Target.Auto);

    private static void Check(string model, Target target)
    {
        var file = OnnxFile.Read(TestData.PathOf("models", "onnx", model, "model.onnx"));
        var sets = TestDataSet.Find(file.Folder).Select(folder => TestDataSet.Load(file, folder)).ToList();
        var options = new CompileOptions { ClassName = "TestModel", Target = target };
        var result = new Verifier(file, options, ModelCompilation.Compile).Run(sets);
        Assert.True(result.Compiled, string.Join("\n", result.Problems));
        Assert.Empty(result.Notes);
        Assert.Contains(result.Outputs, o => o.Against == Verifier.OnnxRuntimeReference && o.MaxQuanta is not null);
        Assert.All(
            result.Outputs,
            o => Assert.True(o.Comparison.Agrees, $"{o.Name} against {o.Against}, {o.DataSet}: {o.Comparison}, {o.MaxQuanta} quanta")
        );
    }
}
