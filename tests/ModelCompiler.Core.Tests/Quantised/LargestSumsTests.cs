using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;
using Xunit;

namespace ModelCompiler.Core.Tests.Quantised;

/// <summary>Products of the largest integers, which instructions with 16-bit sums would saturate.</summary>
public sealed class LargestSumsTests
{
    [Theory]
    [InlineData(1, 64)]
    [InlineData(1, 203)]
    [InlineData(7, 64)]
    public void Products_of_the_largest_integers_are_exact(int rows, int depth)
    {
        const int Columns = 40;
        sbyte[] extremes = [sbyte.MinValue, sbyte.MaxValue];
        var weights = new sbyte[depth * Columns];
        var inputs = new byte[rows * depth];
        // Column 0 is all lowest, column 1 all highest, the others mixed; likewise the inputs.
        for (var i = 0; i < weights.Length; i++)
        {
            var column = i % Columns;
            weights[i] = extremes[column < 2 ? column : (i * 7 / 3) % 2];
        }

        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i] = i % 5 == 4 && i >= depth ? (byte)15 : (byte)255;
        }

        var expected = new int[rows * Columns];
        for (var i = 0; i < expected.Length; i++)
        {
            for (var k = 0; k < depth; k++)
            {
                expected[i] += inputs[(i / Columns * depth) + k] * weights[(k * Columns) + (i % Columns)];
            }
        }

        var model = new OnnxModelBuilder();
        var matrix = model.Constant(Tensor.From<sbyte>(ElementType.Int8, new TensorShape(depth, Columns), weights));
        model.Output(model.Node("MatMulInteger", [model.Input("x", ElementType.UInt8, rows, depth), matrix]), ElementType.Int32);
        foreach (var target in Targets.Runnable)
        {
            var options = new CompileOptions { ClassName = "TestModel", Target = target };
            var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
            Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
            using var network = CompiledNetwork.Load(compiled, options);
            Assert.Equal(expected, (int[])network.Run([inputs])[0].Elements);
        }
    }
}
