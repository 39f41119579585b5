using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

internal static class LoopMatMulInt8Emitter
{
    public static void Emit(LoopMatMulInt8Kernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var (rows, depth) = (kernel.A[kernel.A.Rank - 2], kernel.A[kernel.A.Rank - 1]);
        var columns = kernel.B[kernel.B.Rank - 1];
        var blocks = new Stack<SourceWriter.Block>();
        for (var axis = 0; axis < kernel.Outer.Rank; axis++)
        {
            blocks.Push(code.For($"o{axis}", 0, kernel.Outer[axis]));
        }

        blocks.Push(code.For("m", 0, rows));
        blocks.Push(code.For("n", 0, columns));
        var zero = kernel.BZeroPoints is { } zeroPoints
            ? $"Unsafe.Add({writer.Weights(zeroPoints)}, n)"
            : ScalarRequantizationText.Number(CentredWeights.ZeroPoint(kernel.Product.BZeroPoints, 0));
        code.Line($"int zero = {zero};");
        code.Line($"int sum = {(kernel.Bias is { } bias ? $"Unsafe.Add({writer.Weights(bias)}, n)" : "0")};");
        code.Line($"nint a = {OuterOffset(kernel.A, kernel.Outer)}m * {depth};");
        code.Line($"nint b = {OuterOffset(kernel.B, kernel.Outer)}n;");
        using (code.For("k", 0, depth))
        {
            code.Line(
                $"sum += (Unsafe.Add(ref {writer.Input(0)}, a + k) - {ScalarRequantizationText.Number(kernel.Product.AZeroPoint)})"
                    + $" * (Unsafe.Add(ref {writer.Input(1)}, b + k * {columns}) - zero);"
            );
        }

        var offset = string.Concat(
            Enumerable.Range(0, kernel.Outer.Rank).Select(axis => $"o{axis} * {kernel.Outer.Strides()[axis] * rows * columns} + ")
        );
        code.Line(
            $"Unsafe.Add(ref {writer.Output()}, {offset}m * {columns} + n) = {ScalarRequantizationText.Expression(kernel.Stage, "sum", "n", writer)};"
        );
        foreach (var block in blocks)
        {
            block.Dispose();
        }
    }

    /// <summary>Where the matrix of the outer indices begins; broadcast dimensions stand still.</summary>
    private static string OuterOffset(TensorShape shape, TensorShape outer)
    {
        var strides = shape.Strides();
        var terms =
            from axis in Enumerable.Range(0, outer.Rank)
            let own = axis - (outer.Rank - (shape.Rank - 2))
            where own >= 0 && shape[own] > 1
            select $"o{axis} * {strides[own]} + ";
        return string.Concat(terms);
    }
}
