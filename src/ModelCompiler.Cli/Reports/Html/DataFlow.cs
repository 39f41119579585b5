using ModelCompiler.Lowering;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>What an element of the graph of a compiled model is.</summary>
internal enum FlowKind
{
    /// <summary>An input of the model.</summary>
    Input,

    /// <summary>A step of the compiled model.</summary>
    Step,

    /// <summary>An output of the model.</summary>
    Output,
}

/// <summary>An element of the graph: all inputs come first, then the steps in their order, then the outputs.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Index">Which input, step or output.</param>
internal readonly record struct FlowNode(FlowKind Kind, int Index);

/// <summary>Bytes that one element writes and another reads.</summary>
/// <param name="From">Index of the writer among the elements.</param>
/// <param name="To">Index of the reader.</param>
/// <param name="Type">Element type and shape of what is read.</param>
internal sealed record FlowEdge(int From, int To, string Type);

/// <summary>
/// Who reads what who has written, found by following the bytes of the plan: it says what the compiled program does, tensors written
/// straight into their place in a joined one included, and not what the file looks like.
/// </summary>
/// <param name="Nodes">The elements.</param>
/// <param name="Edges">What connects them, each pair once.</param>
internal sealed record DataFlow(IReadOnlyList<FlowNode> Nodes, IReadOnlyList<FlowEdge> Edges)
{
    public static DataFlow Of(KernelProgram program)
    {
        var outputs = program.Outputs.Count + program.Counts.Count;
        FlowNode[] nodes =
        [
            .. Enumerable.Range(0, program.Inputs.Count).Select(i => new FlowNode(FlowKind.Input, i)),
            .. Enumerable.Range(0, program.Steps.Count).Select(i => new FlowNode(FlowKind.Step, i)),
            .. Enumerable.Range(0, outputs).Select(i => new FlowNode(FlowKind.Output, i)),
        ];
        var memory = new WrittenBytes();
        var edges = new Dictionary<(int From, int To), FlowEdge>();
        for (var i = 0; i < program.Inputs.Count; i++)
        {
            memory.Write(new Operand(Place.ModelInput, i, 0, program.Inputs[i].Type), i);
        }

        for (var i = 0; i < program.Steps.Count; i++)
        {
            var node = program.Inputs.Count + i;
            Read(program.Steps[i].Inputs, node);
            foreach (var output in program.Steps[i].Outputs)
            {
                memory.Write(output, node);
            }
        }

        foreach (var (port, i) in program.Outputs.Concat(program.Counts).Select((p, i) => (p, i)))
        {
            Read([new Operand(Place.ModelOutput, i, 0, port.Type)], program.Inputs.Count + program.Steps.Count + i);
        }

        return new(nodes, [.. edges.Values.OrderBy(e => e.To).ThenBy(e => e.From)]);

        void Read(IEnumerable<Operand> operands, int reader)
        {
            foreach (var operand in operands.Where(o => o.Place != Place.Weights))
            {
                foreach (var writer in memory.Writers(operand))
                {
                    edges.TryAdd((writer, reader), new FlowEdge(writer, reader, operand.Type.ToString()));
                }
            }
        }
    }

    /// <summary>Who has written which bytes last.</summary>
    private sealed class WrittenBytes
    {
        private readonly Dictionary<(Place Place, int Index), List<Range>> _ranges = [];

        private readonly record struct Range(int Start, int End, int Writer);

        public void Write(Operand operand, int writer)
        {
            var (start, end) = (operand.Offset, operand.Offset + operand.Type.Bytes);
            var ranges = Of(operand);
            // Of what lay there before only what sticks out on either side is left.
            var left = ranges.Where(r => r.Start < start).Select(r => r with { End = Math.Min(r.End, start) });
            var right = ranges.Where(r => r.End > end).Select(r => r with { Start = Math.Max(r.Start, end) });
            _ranges[(operand.Place, operand.Index)] = [.. left, .. right, new(start, end, writer)];
        }

        public IEnumerable<int> Writers(Operand operand) =>
            Of(operand)
                .Where(r => r.Start < operand.Offset + operand.Type.Bytes && operand.Offset < r.End)
                .Select(r => r.Writer)
                .Distinct()
                .Order();

        private List<Range> Of(Operand operand) => _ranges.GetValueOrDefault((operand.Place, operand.Index)) ?? [];
    }
}
