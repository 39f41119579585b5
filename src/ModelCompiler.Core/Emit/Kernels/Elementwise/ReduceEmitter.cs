using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>Writes reductions: kept dimensions outside, reduced ones inside, vectors along the innermost of the tensor.</summary>
internal static class ReduceEmitter
{
    public static void Emit(ReduceKernel kernel, KernelWriter writer)
    {
        var row = kernel.Innermost;
        var bits = kernel.Vectorised ? VectorVariants.BitsFor(writer.InstructionSet, row.Size, kernel.Element) : 0;
        var outer = kernel.Dimensions.Count - 1;
        var kept = Enumerable.Range(0, outer).Where(d => !kernel.Dimensions[d].Reduced).ToArray();
        var reduced = Enumerable.Range(0, outer).Where(d => kernel.Dimensions[d].Reduced).ToArray();
        var loops = new LoopStack(writer.Code);
        foreach (var d in kept)
        {
            loops.Open($"i{d}", kernel.Dimensions[d].Size);
        }

        // The kept loops count through the output in order.
        var place = string.Join(
            " + ",
            kept.Select(
                (d, k) => Times($"i{d}", kept.Skip(k + 1).Aggregate(row.Reduced ? 1 : row.Size, (p, e) => p * kernel.Dimensions[e].Size))
            )
        );
        if (row.Reduced)
        {
            ReduceRow(kernel, writer, new RowLoops(writer, kernel.Element, bits, row.Size), reduced, place);
        }
        else
        {
            ReduceColumns(kernel, writer, bits, reduced, place);
        }

        loops.CloseAll();
    }

    private static void ReduceRow(ReduceKernel kernel, KernelWriter writer, RowLoops row, int[] reduced, string place)
    {
        row.Begin("sum", kernel.Function);
        var loops = new LoopStack(writer.Code);
        foreach (var d in reduced)
        {
            loops.Open($"i{d}", kernel.Dimensions[d].Size);
        }

        writer.Code.Line($"ref var row = ref Unsafe.Add(ref {writer.Input()}, {Offset(kernel)});");
        row.Continue("sum", kernel.Function, (code, i) => code.Load("row", i));
        loops.CloseAll();
        row.End("sum", kernel.Function);
        writer.Code.Line(
            $"Unsafe.Add(ref {writer.Output()}, {(place.Length > 0 ? place : "0")}) = {Finished(kernel, row.Scalar(), "sum")};"
        );
    }

    private static void ReduceColumns(ReduceKernel kernel, KernelWriter writer, int bits, int[] reduced, string place)
    {
        var target = writer.Output();
        if (place.Length > 0)
        {
            writer.Code.Line($"ref var columns = ref Unsafe.Add(ref {writer.Output()}, {place});");
            target = "columns";
        }

        new RowLoops(writer, kernel.Element, bits, kernel.Innermost.Size).ForEach(
            (code, i) =>
            {
                writer.Code.Line($"var sum = {code.Constant(Reduction.Identity(kernel.Function, kernel.Element))};");
                var loops = new LoopStack(writer.Code);
                foreach (var d in reduced)
                {
                    loops.Open($"i{d}", kernel.Dimensions[d].Size);
                }

                var value = code.Load(writer.Input(), $"{Offset(kernel)} + {i}");
                writer.Code.Line($"sum = {Reduction.Combine(code, kernel.Function, "sum", value)};");
                loops.CloseAll();
                writer.Code.Line(code.Store(Finished(kernel, code, "sum"), target, i));
            }
        );
    }

    private static string Finished(ReduceKernel kernel, LaneCode code, string sum)
    {
        var count = kernel.Dimensions.Where(d => d.Reduced).Aggregate(1, (p, d) => p * d.Size);
        return kernel.Function == ReduceFunction.Mean && count > 1
            ? code.Arithmetic(sum, "/", code.Number(count.ToString(System.Globalization.CultureInfo.InvariantCulture)))
            : sum;
    }

    /// <summary>Where the row of the outer loops begins in the input.</summary>
    private static string Offset(ReduceKernel kernel)
    {
        var terms = new List<string>();
        var stride = kernel.Innermost.Size;
        for (var d = kernel.Dimensions.Count - 2; d >= 0; d--)
        {
            terms.Insert(0, Times($"i{d}", stride));
            stride *= kernel.Dimensions[d].Size;
        }

        return terms.Count > 0 ? string.Join(" + ", terms) : "0";
    }

    private static string Times(string index, int stride) => stride == 1 ? index : $"{index} * {stride}";
}

/// <summary>Nested loops that are closed together.</summary>
internal sealed class LoopStack(SourceWriter code)
{
    private readonly Stack<SourceWriter.Block> _loops = new();

    public void Open(string index, int count) => _loops.Push(code.For(index, 0, count));

    public void CloseAll()
    {
        while (_loops.Count > 0)
        {
            _loops.Pop().Dispose();
        }
    }
}
