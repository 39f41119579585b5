using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Products of matrices.</summary>
internal static class Products
{
    public static Tensor[] MatMul(MatMul op, OperatorInputs inputs)
    {
        var a = op.TransposeA ? inputs[0].transpose(-2, -1) : inputs[0];
        var b = op.TransposeB ? inputs[1].transpose(-2, -1) : inputs[1];
        var product = matmul(a, b);
        product = op.Alpha == 1 ? product : product * op.Alpha;
        product = inputs.Optional(2) is { } bias ? product + bias : product;
        return [UnaryFunctions.Clamped(product, op.Activation)];
    }
}
