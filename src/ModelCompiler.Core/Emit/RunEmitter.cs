using ModelCompiler.Lowering;

namespace ModelCompiler.Emit;

/// <summary>Says what a program does: the layers in order, each with the places of its operands.</summary>
/// <param name="program">The program.</param>
/// <param name="firstStep">The number of its first step among those of all programs of the class.</param>
/// <param name="names">Names of its inputs and outputs.</param>
/// <param name="layers">The methods of the layers.</param>
/// <param name="explain">Whether the class tells when a layer has ended.</param>
internal sealed class RunEmitter(KernelProgram program, int firstStep, PortNames names, LayerMethods layers, bool explain)
{
    /// <summary>What the method does that runs the program.</summary>
    /// <param name="quantised">Whether raw integers go in and come out.</param>
    public IEnumerable<Statement> Run(bool quantised)
    {
        // Tensors without elements have a place there, too, though the arena may have no bytes.
        if (program.Steps.Any(s => s.Scratch is not null || s.Inputs.Concat(s.Outputs).Any(o => o.Place == Place.Arena)))
        {
            yield return new("ref byte arena = ref Arena;");
        }

        for (var i = 0; i < program.Steps.Count; i++)
        {
            if (quantised && program.Edges.FirstOrDefault(e => e.Step == i) is { } edge)
            {
                foreach (var statement in Edge(edge))
                {
                    yield return statement;
                }
            }
            else
            {
                yield return program.Steps[i].Parts is > 1 and var parts
                    ? new($"_threads.Run({i}, {parts});")
                    : Call(program.Steps[i], quantised);
            }

            if (explain)
            {
                yield return new($"LayerDone?.Invoke({firstStep + i});");
            }
        }
    }

    /// <summary>Which steps are divided, and what a thread does that computes one part of one of them.</summary>
    public IEnumerable<(int Step, Statement[] Statements)> Parts() =>
        Enumerable.Range(0, program.Steps.Count).Where(i => program.Steps[i].Parts > 1).Select(i => (i, Part(program.Steps[i]).ToArray()));

    private Statement Call(Step step, bool quantised) => layers.Call(step, step.Operands.Select(o => Argument(o, quantised)));

    /// <summary>Equal shares of the rows, each but the last a multiple of what one call must at least compute.</summary>
    private IEnumerable<Statement> Part(Step step)
    {
        var split = step.Kernel.Split!;
        var units = split.Rows / split.Least;
        yield return new($"nint first = part * {units} / {step.Parts} * {split.Least};");
        yield return new($"nint end = part == {step.Parts - 1} ? {split.Rows} : (part + 1) * {units} / {step.Parts} * {split.Least};");
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

        yield return layers.Call(step, arguments, "first", "end");

        static string Moved(string reference, string elements) => $"ref Unsafe.Add({reference}, {elements})";
    }

    private string Argument(Operand operand, bool quantised) =>
        operand.Place switch
        {
            Place.ModelInput => Reference(names.Input(operand.Index), operand, program.Inputs[operand.Index], quantised),
            Place.ModelOutput => Reference(names.Output(operand.Index), operand, OutputPort(operand.Index), quantised),
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
    private IEnumerable<Statement> Edge(QuantizedEdge edge)
    {
        var port = edge.IsInput ? program.Inputs[edge.Port] : program.Outputs[edge.Port];
        var span = $"MemoryMarshal.AsBytes({(edge.IsInput ? names.Input(edge.Port) : names.Output(edge.Port))})";
        var arena = $"MemoryMarshal.CreateSpan(ref Unsafe.Add(ref arena, {edge.Integers.Offset}), {edge.Integers.Type.Bytes})";
        var isFlipped = port.Quantization!.Element != edge.Quantization.Element;
        if (edge.Reordering is { } reordering)
        {
            yield return Call(reordering, quantised: true);
            if (isFlipped)
            {
                yield return new($"Edges.CopyFlippingSigns({arena}, {arena});");
            }
        }
        else
        {
            yield return new(
                $"Edges.{(isFlipped ? "CopyFlippingSigns" : "Copy")}({(edge.IsInput ? $"{span}, {arena}" : $"{arena}, {span}")});"
            );
        }
    }
}
