using ModelCompiler.Graphs;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Chains;

namespace ModelCompiler.Emit.Chains;

/// <summary>
/// Writes the loop of a chain: the last stage asks for rows, and before each of its calls the stages before it compute the rows
/// under it that are not there yet.
/// </summary>
internal static class ChainEmitter
{
    public static void Emit(ChainKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        EmitRings(kernel, code);
        EmitStarts(kernel, writer);
        var last = kernel.Stages.Count - 1;
        using var rows = code.For("row", writer.First, writer.End, kernel.Stages[last].RowsOfCall);
        EmitEnd(code, "rowEnd", "row", kernel.Stages[last], writer.End);
        EmitCall(kernel, writer, last, "row", "rowEnd");
    }

    private static void EmitRings(ChainKernel kernel, SourceWriter code)
    {
        var offset = 0;
        for (var i = 0; i < kernel.Stages.Count - 1; i++)
        {
            var stage = kernel.Stages[i];
            var type = stage.Output.Element.CSharpName();
            var start = $"ref Unsafe.Add(ref {KernelWriter.Scratch}, {offset})";
            code.Line(
                $"ref {type} rows{i} = {(type == "byte" ? start : $"ref Unsafe.As<byte, {type}>({start})")}; // {stage.RingRows} of {stage.Output.Shape}"
            );
            offset += stage.RingBytes;
        }

        if (kernel.Stages.Any(s => s.ScratchBytes > 0))
        {
            code.Line($"ref byte own = ref Unsafe.Add(ref {KernelWriter.Scratch}, {kernel.StageScratchOffset});");
        }
    }

    /// <summary>The first row that each stage has to compute.</summary>
    private static void EmitStarts(ChainKernel kernel, KernelWriter writer)
    {
        var next = writer.First;
        for (var i = kernel.Stages.Count - 2; i >= 0; i--)
        {
            var (under, rows) = (kernel.Stages[i + 1].Under, kernel.Stages[i].RowsOfCall);
            var first =
                under == RowWindow.Same ? next : $"Math.Max(0, {(under.Stride == 1 ? next : $"{next} * {under.Stride}")} - {under.Pad})";
            writer.Code.Line($"nint done{i} = {(next == "0" ? "0" : rows == 1 ? first : $"{first} / {rows} * {rows}")};");
            next = next == "0" ? next : $"done{i}";
        }
    }

    /// <summary>Computes rows [from, end) of a stage, those under them first.</summary>
    private static void EmitCall(ChainKernel kernel, KernelWriter writer, int index, string from, string end)
    {
        var (code, stage) = (writer.Code, kernel.Stages[index]);
        if (index > 0)
        {
            var before = kernel.Stages[index - 1];
            var (done, doneEnd) = ($"done{index - 1}", $"end{index - 1}");
            var under = stage.Under;
            var needed = under == RowWindow.Same ? end : $"Math.Min({RowsUnder(end, under)}, {before.Rows})";
            using var loop = code.Open($"for (; {done} < {needed}; {done} += {before.RowsOfCall})");
            EmitEnd(code, doneEnd, done, before, $"{before.Rows}");
            EmitCall(kernel, writer, index - 1, done, doneEnd);
        }

        var arguments = new List<string> { Input(kernel, index, writer, from), Output(kernel, index, writer, from) };
        if (stage.ScratchBytes > 0)
        {
            arguments.Add("ref own");
        }

        var unit = stage.UnitsOfRow == 1 ? "" : $" * {stage.UnitsOfRow}";
        code.Line(writer.Call(stage.Step, arguments, from + unit, end + unit));
    }

    /// <summary>The row behind the last that lies under row <paramref name="end"/> − 1.</summary>
    private static string RowsUnder(string end, RowWindow under)
    {
        var offset = under.Extent - under.Pad - under.Stride;
        var scaled = under.Stride == 1 ? end : $"{end} * {under.Stride}";
        return offset == 0 ? scaled
            : offset > 0 ? $"{scaled} + {offset}"
            : $"{scaled} - {-offset}";
    }

    private static void EmitEnd(SourceWriter code, string name, string from, ChainStage stage, string rows) =>
        code.Line(stage.RowsOfCall == 1 ? $"nint {name} = {from} + 1;" : $"nint {name} = Math.Min({from} + {stage.RowsOfCall}, {rows});");

    /// <summary>The input from its first row on, or from the first row to compute, as the kernel wants it.</summary>
    private static string Input(ChainKernel kernel, int index, KernelWriter writer, string from)
    {
        var stage = kernel.Stages[index];
        var name = index == 0 ? writer.Input() : $"rows{index - 1}";
        if (stage.Kernel.Split!.InputRow == 0)
        {
            return $"ref {name}";
        }

        var elements = stage.Input.Shape.Elements / stage.Rows;
        return index == 0 ? Row(name, from, elements) : Row(name, InRing(kernel.Stages[index - 1], from), elements);
    }

    private static string Output(ChainKernel kernel, int index, KernelWriter writer, string from)
    {
        var stage = kernel.Stages[index];
        return index < kernel.Stages.Count - 1
            ? Row($"rows{index}", InRing(stage, from), stage.RowElements)
            : Row(writer.Output(), writer.FromFirst(from), stage.RowElements);
    }

    private static string InRing(ChainStage stage, string row) => stage.RingRows < stage.Rows ? $"{row} % {stage.RingRows}" : row;

    private static string Row(string name, string row, int elements) => $"ref Unsafe.Add(ref {name}, {row} * {elements})";
}
