using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>Writes softmax: the greatest element, the sum of exponentials, the division.</summary>
internal static class SoftmaxEmitter
{
    private const int SumBits = 128;

    public static void Emit(SoftmaxKernel kernel, KernelWriter writer)
    {
        var bits = kernel.Vectorised ? VectorVariants.BitsFor(writer.InstructionSet, kernel.Row, kernel.Element) : 0;
        var loops = new LoopStack(writer.Code);
        var (input, output) = (writer.Input(), writer.Output());
        if (kernel.Outer > 1)
        {
            loops.Open("outer", kernel.Outer);
            writer.Code.Line($"ref var x = ref Unsafe.Add(ref {input}, outer * {kernel.Length * kernel.Inner});");
            writer.Code.Line($"ref var y = ref Unsafe.Add(ref {output}, outer * {kernel.Length * kernel.Inner});");
            (input, output) = ("x", "y");
        }

        var row = new RowLoops(writer, kernel.Element, bits, kernel.Row);
        if (kernel.Inner == 1)
        {
            AlongRow(kernel, writer, row, input, output);
        }
        else
        {
            row.ForEach((code, i) => AcrossRows(kernel, writer, code, i, input, output));
        }

        loops.CloseAll();
    }

    private static void AlongRow(SoftmaxKernel kernel, KernelWriter writer, RowLoops row, string input, string output)
    {
        row.Accumulate("max", ReduceFunction.Max, (code, i) => code.Load(input, i));

        // The sum is taken in the same order whatever the width of the vectors is, so that all targets give the same bits.
        var sums = row.OfWidth(SumBits);
        if (kernel.Logarithm)
        {
            sums.Accumulate("sum", ReduceFunction.Sum, (code, i) => Exponential(kernel, writer, code, i, input, output));
            writer.Code.Line($"var shift = {row.Scalar().Arithmetic("max", "+", row.Scalar().Call("Log", "sum"))};");
            row.ForEach(
                (code, i) => writer.Code.Line(code.Store(code.Arithmetic(code.Load(input, i), "-", Broadcast(code, "shift")), output, i))
            );
        }
        else
        {
            row.ForEach((code, i) => Exponential(kernel, writer, code, i, input, output));
            sums.Accumulate("sum", ReduceFunction.Sum, (code, i) => code.Load(output, i));
            writer.Code.Line($"var scale = {row.Scalar().Arithmetic(row.Scalar().Number("1"), "/", "sum")};");
            row.ForEach(
                (code, i) => writer.Code.Line(code.Store(code.Arithmetic(code.Load(output, i), "*", Broadcast(code, "scale")), output, i))
            );
        }
    }

    /// <summary>exp(x − max), kept in the output for later unless a logarithm is wanted.</summary>
    private static string Exponential(SoftmaxKernel kernel, KernelWriter writer, LaneCode code, string i, string input, string output)
    {
        var shifted = code.Let(code.Arithmetic(code.Load(input, i), "-", Broadcast(code, "max")));
        var exponential = code.Let(code.Own("Exp", shifted));
        if (!kernel.Logarithm)
        {
            writer.Code.Line(code.Store(exponential, output, i));
        }

        return exponential;
    }

    private static void AcrossRows(SoftmaxKernel kernel, KernelWriter writer, LaneCode code, string i, string input, string output)
    {
        var index = $"k * {kernel.Inner} + {i}";
        writer.Code.Line($"var max = {code.Load(input, i)};");
        using (writer.Code.For("k", 1, kernel.Length))
        {
            writer.Code.Line($"max = {code.Call("Max", "max", code.Load(input, index))};");
        }

        writer.Code.Line($"var sum = {code.Number("0")};");
        using (writer.Code.For("k", 0, kernel.Length))
        {
            var shifted = code.Let(code.Arithmetic(code.Load(input, index), "-", "max"));
            var exponential = code.Let(code.Own("Exp", shifted));
            if (!kernel.Logarithm)
            {
                writer.Code.Line(code.Store(exponential, output, index));
            }

            writer.Code.Line($"sum = {code.Arithmetic("sum", "+", exponential)};");
        }

        writer.Code.Line(
            kernel.Logarithm
                ? $"var shift = {code.Arithmetic("max", "+", code.Call("Log", "sum"))};"
                : $"var scale = {code.Arithmetic(code.Number("1"), "/", "sum")};"
        );
        using (writer.Code.For("k", 0, kernel.Length))
        {
            var result = kernel.Logarithm
                ? code.Arithmetic(code.Load(input, index), "-", "shift")
                : code.Arithmetic(code.Load(output, index), "*", "scale");
            writer.Code.Line(code.Store(result, output, index));
        }
    }

    /// <summary>A scalar local in every lane.</summary>
    private static string Broadcast(LaneCode code, string local) => code is VectorLanes vector ? $"{vector.Vector}.Create({local})" : local;
}
