using ModelCompiler.Testing;
using ModelCompiler.Verification;
using Xunit;

namespace ModelCompiler.Core.Tests.Networks;

/// <summary>Float networks made by other people's tools, on each single instruction set: what <c>auto</c> does not run here.</summary>
public sealed class FloatNetworkTests
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var target in Targets.Runnable.Where(t => t.Name is "portable" or "x64-avx2"))
        {
            cases.Add("detection/blazeface_front_128", target.Name);
            cases.Add("image-classification/mlperf_vww_mobilenetv1_float", target.Name);
            cases.Add("keyword-spotting/micro_kws_m_static_fp32", target.Name);
        }

        return cases;
    }

    [TestDataTheory]
    [MemberData(nameof(Cases))]
    public void Network_agrees_with_onnxruntime(string model, string target)
    {
        var file = OnnxFile.Read(TestData.PathOf("models", "onnx", model, "model.onnx"));
        var sets = TestDataSet.Find(file.Folder).Select(folder => TestDataSet.Load(file, folder)).ToList();
        var options = new CompileOptions { ClassName = "TestModel", Target = Target.Find(target)! };
        var result = new Verifier(file, options, ModelCompilation.Compile).Run(sets);
        Assert.True(result.Compiled, string.Join("\n", result.Problems));
        Assert.All(result.Outputs, o => Assert.True(o.Comparison.Agrees, $"{o.Name} against {o.Against}, {o.DataSet}: {o.Comparison}"));
    }
}
