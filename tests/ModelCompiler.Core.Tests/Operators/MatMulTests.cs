using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using Xunit;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class MatMulTests
{
    [Fact]
    public void MatMul_of_random_ranks_and_broadcast_batches_equals_onnxruntime() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[0, 5], Gen.Bool)
            .Sample(
                (m, k, n, form, constant) =>
                {
                    var (a, b) = form switch
                    {
                        0 => (new[] { m, k }, new[] { k, n }),
                        1 => (new[] { 2, m, k }, new[] { k, n }),
                        2 => (new[] { 3, 1, m, k }, new[] { 2, k, n }),
                        3 => (new[] { k }, new[] { k, n }),
                        4 => (new[] { m, k }, new[] { k }),
                        _ => (new[] { m, k }, new[] { 2, k, n }),
                    };
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", ElementType.Float32, a);
                    var y = constant ? model.Constant(RandomTensors.Floats(m, b)) : model.Input("y", ElementType.Float32, b);
                    Differential.Check(model.Output(model.Node("MatMul", [x, y]), ElementType.Float32));
                },
                iter: 8,
                threads: 1
            );

    [Theory]
    [InlineData(0, 0, 1f, 1f, 1)]
    [InlineData(1, 1, 0.5f, 2f, 0)]
    [InlineData(0, 1, 1f, 1f, 2)]
    [InlineData(1, 0, 2f, 0.5f, 3)]
    public void Gemm_equals_onnxruntime(int transposeA, int transposeB, float alpha, float beta, int form)
    {
        var model = new OnnxModelBuilder();
        var a = model.Input("a", ElementType.Float32, transposeA == 1 ? [11, 6] : [6, 11]);
        var b = model.Constant(RandomTensors.Floats(form, transposeB == 1 ? [21, 11] : [11, 21]));
        var c = form switch
        {
            0 => model.Constant(RandomTensors.Floats(9, 21)),
            1 => model.Input("c", ElementType.Float32, 6, 1),
            2 => model.Constant(RandomTensors.Floats(9, 1, 21)),
            _ => model.Constant(RandomTensors.Floats(9, 6, 21)),
        };
        var y = model.Node("Gemm", [a, b, c], ("transA", transposeA), ("transB", transposeB), ("alpha", alpha), ("beta", beta));
        Differential.Check(model.Output(model.Node("Relu", [y]), ElementType.Float32));
    }

    [Theory]
    [InlineData(false, false, 1.5f)]
    [InlineData(true, false, 1f)]
    [InlineData(false, true, 0.125f)]
    [InlineData(true, true, 1f)]
    public void FusedMatMul_transposes_and_scales(bool transposeA, bool transposeB, float alpha)
    {
        var model = new OnnxModelBuilder();
        var a = model.Input("a", ElementType.Float32, transposeA ? [2, 7, 5] : [2, 5, 7]);
        var b = model.Input("b", ElementType.Float32, transposeB ? [2, 9, 7] : [2, 7, 9]);
        var c = model.Microsoft("FusedMatMul", [a, b], ("transA", transposeA ? 1 : 0), ("transB", transposeB ? 1 : 0), ("alpha", alpha));
        Differential.Check(model.Output(c, ElementType.Float32));
    }
}
