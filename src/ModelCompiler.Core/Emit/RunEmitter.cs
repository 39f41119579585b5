using ModelCompiler.Lowering;

namespace ModelCompiler.Emit;

/// <summary>Writes what Predict calls: the layers in order, each with the places of its operands.</summary>
internal sealed class RunEmitter(KernelProgram program, LayerMethods layers, SourceWriter code, bool explain = false)
{
    private readonly PortNames _names = new(program.Inputs, program.Outputs, program.Counts);

    public void Emit()
    {
        if (explain)
        {
            code.Line("internal Action<int> LayerDone;");
            code.Line();
        }

        EmitRun(quantised: false);
        if (program.Edges.Count > 0)
        {
            code.Line();
            EmitRun(quantised: true);
            code.Line();
            EmitCopies();
        }

        if (program.Threads > 1)
        {
            code.Line();
            EmitParts();
        }
    }

    private void EmitRun(bool quantised)
    {
        using var body = code.Open($"partial void {PredictEmitter.RunMethod(quantised)}({_names.RunParameters(quantised)})");
        // Tensors without elements have a place there, too, though the arena may have no bytes.
        if (program.Steps.Any(s => s.Scratch is not null || s.Inputs.Concat(s.Outputs).Any(o => o.Place == Place.Arena)))
        {
            code.Line("ref byte arena = ref Arena;");
        }

        for (var i = 0; i < program.Steps.Count; i++)
        {
            if (quantised && program.Edges.FirstOrDefault(e => e.Step == i) is { } edge)
            {
                EmitEdge(edge);
            }
            else if (program.Steps[i].Parts is > 1 and var parts)
            {
                code.Line($"_threads.Run({i}, {parts});");
            }
            else
            {
                EmitCall(program.Steps[i], quantised);
            }

            if (explain)
            {
                code.Line($"LayerDone?.Invoke({i});");
            }
        }
    }

    private void EmitCall(Step step, bool quantised) => code.Line(layers.Call(step, step.Operands.Select(o => Argument(o, quantised))));

    /// <summary>What the threads call: one part of one of the steps that are divided.</summary>
    private void EmitParts()
    {
        using var body = code.Open("partial void RunPart(int layer, int part)");
        code.Line("ref byte arena = ref Arena;");
        using var layer = code.Open("switch (layer)");
        for (var i = 0; i < program.Steps.Count; i++)
        {
            if (program.Steps[i].Parts > 1)
            {
                using (code.Open($"case {i}:"))
                {
                    EmitPart(program.Steps[i]);
                    code.Line("break;");
                }
            }
        }
    }

    /// <summary>Equal shares of the rows, each but the last a multiple of what one call must at least compute.</summary>
    private void EmitPart(Step step)
    {
        var split = step.Kernel.Split!;
        var units = split.Rows / split.Least;
        code.Line($"nint first = part * {units} / {step.Parts} * {split.Least};");
        code.Line($"nint end = part == {step.Parts - 1} ? {split.Rows} : (part + 1) * {units} / {step.Parts} * {split.Least};");
        var arguments = step.Operands.Select(o => Argument(o, quantised: false)).ToArray();
        if (split.InputRow > 0)
        {
            arguments[0] = Moved(arguments[0], $"first * {split.InputRow}");
        }

        var output = step.Inputs.Count;
        arguments[output] = Moved(arguments[output], $"first * {split.OutputRow}");
        if (step.Scratch is { } scratch)
        {
            arguments[output + step.Outputs.Count] = Moved(
                arguments[output + step.Outputs.Count],
                $"part * {scratch.Type.Bytes / step.Parts}"
            );
        }

        code.Line(layers.Call(step, arguments, "first", "end"));

        static string Moved(string reference, string elements) => $"ref Unsafe.Add({reference}, {elements})";
    }

    private string Argument(Operand operand, bool quantised) =>
        operand.Place switch
        {
            Place.ModelInput => Reference(_names.Input(operand.Index), operand, program.Inputs[operand.Index], quantised),
            Place.ModelOutput => Reference(_names.Output(operand.Index), operand, OutputPort(operand.Index), quantised),
            Place.Arena => $"ref Unsafe.As<byte, {KernelWriter.TypeName(operand)}>(ref Unsafe.Add(ref arena, {operand.Offset}))",
            _ => $"ref Weights.At<{KernelWriter.TypeName(operand)}>({operand.Offset})",
        };

    private ModelPort OutputPort(int index) =>
        index < program.Outputs.Count ? program.Outputs[index] : program.Counts[index - program.Outputs.Count];

    private static string Reference(string span, Operand operand, ModelPort port, bool quantised)
    {
        var (given, wanted) = (PortNames.TypeName(port, quantised), KernelWriter.TypeName(operand));
        var start = $"ref MemoryMarshal.GetReference({span})";
        var reference = operand.Offset > 0 ? $"ref Unsafe.AddByteOffset({start}, {operand.Offset})" : start;
        return given == wanted ? reference : $"ref Unsafe.As<{given}, {wanted}>({reference})";
    }

    /// <summary>In place of the quantising step: the caller's integers go to where that step would have put its own, or come from there.</summary>
    private void EmitEdge(QuantizedEdge edge)
    {
        var port = edge.IsInput ? program.Inputs[edge.Port] : program.Outputs[edge.Port];
        var span = $"MemoryMarshal.AsBytes({(edge.IsInput ? _names.Input(edge.Port) : _names.Output(edge.Port))})";
        var arena = $"MemoryMarshal.CreateSpan(ref Unsafe.Add(ref arena, {edge.Integers.Offset}), {edge.Integers.Type.Bytes})";
        var isFlipped = port.Quantization!.Element != edge.Quantization.Element;
        if (edge.Reordering is { } reordering)
        {
            EmitCall(reordering, quantised: true);
            if (isFlipped)
            {
                code.Line($"Edges.CopyFlippingSigns({arena}, {arena});");
            }

            return;
        }

        code.Line($"Edges.{(isFlipped ? "CopyFlippingSigns" : "Copy")}({(edge.IsInput ? $"{span}, {arena}" : $"{arena}, {span}")});");
    }

    private void EmitCopies() =>
        code.Lines(
            """
            private static class Edges
            {
                internal static void Copy(ReadOnlySpan<byte> from, Span<byte> to) => from.CopyTo(to);

                // Between unsigned and signed integers whose zero points differ by 128.
                internal static void CopyFlippingSigns(ReadOnlySpan<byte> from, Span<byte> to)
                {
                    var i = 0;
                    for (; i <= from.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
                    {
                        (Vector128.Create(from.Slice(i)) ^ Vector128.Create((byte)0x80)).CopyTo(to.Slice(i));
                    }

                    for (; i < from.Length; i++)
                    {
                        to[i] = (byte)(from[i] ^ 0x80);
                    }
                }
            }
            """
        );
}
