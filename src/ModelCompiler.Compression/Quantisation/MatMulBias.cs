using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Onnx;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>
/// Makes Gemm of MatMul and the Add of a constant behind it, so that the sum takes place in int32 instead of between two roundings.
/// Only for matrices: Gemm has no batch.
/// </summary>
internal static class MatMulBias
{
    public static void Apply(OnnxModel model, IReadOnlyDictionary<string, ValueStatistics> statistics)
    {
        foreach (var product in model.Graph.Node.Where(n => n.OpType == "MatMul").ToList())
        {
            if (
                model.OnlyConsumer(product.Output[0]) is not { OpType: "Add" } sum
                || statistics.GetValueOrDefault(product.Input[0])?.Rank != 2
                || model.Constant(product.Input[1]) is not { Shape: { Rank: 2 } weights }
            )
            {
                continue;
            }

            var bias = sum.Input[0] == product.Output[0] ? sum.Input[1] : sum.Input[0];
            if (
                model.Constant(bias)?.Shape is { } shape
                && shape.Elements == weights[1]
                && shape.Rank is 1 or 2
                && shape[shape.Rank - 1] == weights[1]
            )
            {
                product.OpType = "Gemm";
                product.Input.Add(bias);
                product.Output[0] = sum.Output[0];
                model.SetNodes([.. model.Graph.Node.Where(n => n != sum)]);
            }
        }
    }
}
