using System.Globalization;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Aot.Tests;

/// <summary>A model compiled and run by the JIT in this process: what a native binary has to agree with.</summary>
internal static class InProcess
{
    /// <summary>Compiles a model for every architecture, as a project without settings does.</summary>
    public static CompiledNetwork Load(string path) => Load(Path.GetFileName(path), File.ReadAllBytes(path));

    /// <summary>The same of a model that is in no file.</summary>
    public static CompiledNetwork Load(string name, byte[] model)
    {
        var options = new CompileOptions { ClassName = "Reference" };
        var compiled = ModelCompilation.Compile(new ModelSource(name, model, _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        return CompiledNetwork.Load(compiled, options);
    }

    /// <summary>The bits of each float of the first output, in the form that the programs of these tests print.</summary>
    public static string Bits(CompiledNetwork network, float[] input) =>
        string.Join(
            " ",
            ((float[])network.Run(input)[0].Elements).Select(v =>
                BitConverter.SingleToInt32Bits(v).ToString("X8", CultureInfo.InvariantCulture)
            )
        );
}
