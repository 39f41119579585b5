using ModelCompiler.Testing;
using ModelCompiler.Verification;
using Xunit;

namespace ModelCompiler.Core.Tests.Networks;

/// <summary>Float networks made by other people's tools, on each single instruction set: what <c>auto</c> does not run here.</summary>
public sealed class FloatNetworkTests
{
    [TestDataTheory]
    [InlineData("detection/blazeface_front_128", "portable")]
    [InlineData("detection/blazeface_front_128", "x64-avx2")]
    [InlineData("image-classification/mlperf_vww_mobilenetv1_float", "portable")]
    [InlineData("image-classification/mlperf_vww_mobilenetv1_float", "x64-avx2")]
    [InlineData("keyword-spotting/micro_kws_m_static_fp32", "portable")]
    [InlineData("keyword-spotting/micro_kws_m_static_fp32", "x64-avx2")]
    public void Network_agrees_with_onnxruntime(string model, string target)
    {
        var chosen = Target.Find(target)!;
        if (!Targets.Runnable.Contains(chosen))
        {
            return;
        }

        var file = OnnxFile.Read(TestData.PathOf("models", "onnx", model, "model.onnx"));
        var sets = TestDataSet.Find(file.Folder).Select(folder => TestDataSet.Load(file, folder)).ToList();
        var options = new CompileOptions { ClassName = "TestModel", Target = chosen };
        var result = new Verifier(file, options, ModelCompilation.Compile).Run(sets);
        Assert.True(result.Compiled, string.Join("\n", result.Problems));
        Assert.All(result.Outputs, o => Assert.True(o.Comparison.Agrees, $"{o.Name} against {o.Against}, {o.DataSet}: {o.Comparison}"));
    }
}
