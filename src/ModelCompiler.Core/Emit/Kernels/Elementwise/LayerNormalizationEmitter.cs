using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>Writes layer normalisation: mean, variance around it, then scale and shift.</summary>
internal static class LayerNormalizationEmitter
{
    public static void Emit(LayerNormalizationKernel kernel, KernelWriter writer)
    {
        var bits = kernel.Vectorised ? VectorVariants.BitsFor(writer.InstructionSet, kernel.Length, kernel.Element) : 0;
        var row = new RowLoops(writer, kernel.Element, bits, kernel.Length);
        var scalar = row.Scalar();
        var count = scalar.Number(kernel.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var loop = writer.Code.For("r", 0, kernel.Rows);
        writer.Code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input(0)}, r * {kernel.Length});");
        writer.Code.Line($"ref var y = ref Unsafe.Add(ref {writer.Output()}, r * {kernel.Length});");
        if (kernel.SubtractMean)
        {
            row.Accumulate("total", ReduceFunction.Sum, (code, i) => code.Load("x", i));
            writer.Code.Line($"var mean = {scalar.Arithmetic("total", "/", count)};");
        }

        row.Accumulate(
            "squares",
            ReduceFunction.Sum,
            (code, i) => code.Let(Centred(kernel, code, i)) is var c ? code.Arithmetic(c, "*", c) : ""
        );
        var variance = scalar.Arithmetic("squares", "/", count);
        writer.Code.Line($"var inverse = {scalar.Number("1")} / {scalar.Call("Sqrt", $"{variance} + {scalar.Number(kernel.Epsilon)}")};");
        row.ForEach(
            (code, i) =>
            {
                var value = code.Mul(code.Let(Centred(kernel, code, i)), Broadcast(code, "inverse"));
                value = kernel.HasScale ? code.Mul(value, code.Load(writer.Input(1), i)) : value;
                value = kernel.HasBias ? code.Add(value, code.Load(writer.Input(kernel.HasScale ? 2 : 1), i)) : value;
                writer.Code.Line(code.Store(value, "y", i));
            }
        );
    }

    private static string Centred(LayerNormalizationKernel kernel, LaneCode code, string i) =>
        kernel.SubtractMean ? code.Arithmetic(code.Load("x", i), "-", Broadcast(code, "mean")) : code.Load("x", i);

    private static string Broadcast(LaneCode code, string local) => code is VectorLanes vector ? $"{vector.Vector}.Create({local})" : local;
}
