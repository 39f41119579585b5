using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using ModelCompiler.Emit;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Emit;

public class WeightsAssemblyTests
{
    private delegate ReadOnlySpan<byte> GetBytes();

    [Fact]
    public void Blocks_come_back_byte_for_byte()
    {
        var first = Noise(1000, 1);
        var second = Noise(70_001, 2);
        var assembly = System.Reflection.Assembly.Load(Write("Some.Weights", ("A.B.First", first), ("Second", second)));

        Assert.Equal(first, BytesOf(assembly, "A.B.First")().ToArray());
        Assert.Equal(second, BytesOf(assembly, "Second")().ToArray());
    }

    [Fact]
    public void Blocks_lie_at_multiples_of_64_in_a_loaded_file()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        // Names move what lies before the data.
        for (var length = 1; length <= 16; length++)
        {
            var name = new string('A', length);
            var path = Path.Combine(folder, name + ".dll");
            File.WriteAllBytes(path, Write(name, ("First", Noise(1000, 1)), ("Second", Noise(10, 2))));
            var assembly = System.Reflection.Assembly.LoadFrom(path);

            Assert.Equal(0, Address(BytesOf(assembly, "First")()) % 64);
            Assert.Equal(0, Address(BytesOf(assembly, "Second")()) % 64);
        }
    }

    [Fact]
    public void A_compiler_is_content_with_the_assembly_without_weights()
    {
        var blocks = new[] { new WeightsBlock("A.First", WeightImage.Of(Noise(1_000_000, 1))) };
        using var reference = new MemoryStream();
        WeightsAssembly.WriteReference("Some.Weights", blocks, reference);
        var compilation = CSharpCompilation.Create(
            "User",
            [CSharpSyntaxTree.ParseText("class User { static int Length() => A.First.Bytes.Length; }")],
            [
                MetadataReference.CreateFromImage(reference.ToArray()),
                MetadataReference.CreateFromFile(typeof(object).Assembly.Location),
                MetadataReference.CreateFromFile(System.Reflection.Assembly.Load("System.Runtime").Location),
            ],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );

        Assert.Empty(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        Assert.InRange(reference.Length, 1, 4096);
    }

    [Fact]
    public void Same_weights_give_the_same_file()
    {
        Assert.Equal(Write("Some.Weights", ("First", Noise(1000, 1))), Write("Some.Weights", ("First", Noise(1000, 1))));
    }

    [Fact]
    public void Weights_in_an_assembly_give_the_results_of_inline_weights()
    {
        var model = new OnnxModelBuilder();
        var constant = model.Constant([3], 1.5f, -2, 1e-20f);
        model.Output(model.Node("Relu", [model.Input("x", ElementType.Float32, 1)]), ElementType.Float32);
        model.Output(constant, ElementType.Float32);
        var options = new CompileOptions
        {
            ClassName = "Constants",
            Namespace = "A_B.C",
            AssemblyName = "My-App",
            MaxInlineWeightBytes = 0,
        };

        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        using var network = CompiledNetwork.Load(compiled, options);

        Assert.DoesNotContain("0x", compiled.Implementation, StringComparison.Ordinal);
        Assert.Equal(new[] { 1.5f, -2, 1e-20f }, network.Run(new float[] { 1 })[1].Elements);
    }

    private static byte[] Write(string name, params (string Class, byte[] Bytes)[] blocks)
    {
        using var output = new MemoryStream();
        WeightsAssembly.Write(name, [.. blocks.Select(b => new WeightsBlock(b.Class, WeightImage.Of(b.Bytes)))], output);
        return output.ToArray();
    }

    private static GetBytes BytesOf(System.Reflection.Assembly assembly, string className) =>
        assembly.GetType(className)!.GetProperty("Bytes")!.GetMethod!.CreateDelegate<GetBytes>();

    private static long Address(ReadOnlySpan<byte> bytes) =>
        Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref MemoryMarshal.GetReference(bytes));

    private static byte[] Noise(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
