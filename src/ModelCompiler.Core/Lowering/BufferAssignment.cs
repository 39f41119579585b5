using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering;

/// <summary>Gives every value of a list of kernel calls its place: the caller's spans, the weights, or the arena.</summary>
internal sealed class BufferAssignment(
    Graph graph,
    LoweringContext context,
    IReadOnlyList<KernelCall> calls,
    Dictionary<Value, Value> views
)
{
    private readonly Dictionary<Value, Operand> _places = [];
    private readonly Dictionary<Value, int> _lastUse = [];

    // Buffers of the arena; several values share one where a kernel works in place.
    private readonly List<BufferLifetime> _buffers = [];
    private readonly Dictionary<Value, int> _bufferOf = [];
    private readonly int[] _scratchOf = new int[calls.Count];

    public KernelProgram Program()
    {
        PlaceGraphEdges();
        FindLastUses();
        for (var i = 0; i < calls.Count; i++)
        {
            AssignBuffers(calls[i], i);
        }

        var plan = ArenaPlanner.Plan(_buffers);
        foreach (var (value, buffer) in _bufferOf.Select(p => (p.Key, p.Value)))
        {
            _places.Add(value, new Operand(Place.Arena, 0, plan.Offsets[buffer], value.Type));
        }

        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        var steps = calls.Select((call, i) => StepOf(call, i, plan, names)).ToArray();
        return new KernelProgram(
            graph.Name,
            context.Target,
            graph.Inputs.Select(i => new ModelPort(i.Name, i.Type)).ToArray(),
            graph.Outputs.Select(o => new ModelPort(o.Name, o.Value.Type)).ToArray(),
            steps,
            context.WeightTable.ToArray(),
            context.Weights(),
            plan.Bytes
        )
        {
            Edges = graph
                .Inputs.Select((_, i) => QuantizedEdges.Input(i, calls, steps))
                .Concat(graph.Outputs.Select((_, i) => QuantizedEdges.Output(i, calls, steps)))
                .OfType<QuantizedEdge>()
                .ToArray(),
        };
    }

    private void PlaceGraphEdges()
    {
        for (var i = 0; i < graph.Inputs.Length; i++)
        {
            _places.Add(graph.Inputs[i], new Operand(Place.ModelInput, i, 0, graph.Inputs[i].Type));
        }

        var copied = calls.Where(c => c.CopiesOutput >= 0).ToDictionary(c => c.CopiesOutput, c => c.Outputs[0]);
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            var value = copied.TryGetValue(i, out var copy) ? copy : Lowerer.Root(views, graph.Outputs[i].Value);
            _places.Add(value, new Operand(Place.ModelOutput, i, 0, value.Type));
        }
    }

    private void FindLastUses()
    {
        for (var i = 0; i < calls.Count; i++)
        {
            foreach (var input in calls[i].Inputs)
            {
                _lastUse[Lowerer.Root(views, input)] = i;
            }
        }
    }

    private void AssignBuffers(KernelCall call, int index)
    {
        foreach (var input in call.Inputs.Where(i => i.Constant is not null && !_places.ContainsKey(i)))
        {
            var weights = context.AddConstant(input);
            _places.Add(input, new Operand(Place.Weights, 0, weights.Offset, input.Type));
        }

        for (var i = 0; i < call.Outputs.Count; i++)
        {
            var output = call.Outputs[i];
            if (_places.ContainsKey(output))
            {
                continue;
            }

            var last = _lastUse.TryGetValue(output, out var use) ? use : index;
            if (i == 0 && Reusable(call, index, output) is { } buffer)
            {
                _buffers[buffer] = _buffers[buffer] with { Last = last };
                _bufferOf.Add(output, buffer);
            }
            else
            {
                _bufferOf.Add(output, AddBuffer(output.Type.Bytes, index, last));
            }
        }

        _scratchOf[index] = call.ScratchBytes > 0 ? AddBuffer(call.ScratchBytes, index, index) : -1;
    }

    /// <summary>The arena buffer of the input that the kernel may overwrite, if nothing reads it later.</summary>
    private int? Reusable(KernelCall call, int index, Value output)
    {
        if (call.InPlaceInput < 0)
        {
            return null;
        }

        var input = Lowerer.Root(views, call.Inputs[call.InPlaceInput]);
        return
            _bufferOf.TryGetValue(input, out var buffer)
            && _buffers[buffer].Last == index
            && _buffers[buffer].Bytes >= output.Type.Bytes
            && input.Element.SizeInBytes() == output.Element.SizeInBytes()
            ? buffer
            : null;
    }

    private int AddBuffer(int bytes, int first, int last)
    {
        _buffers.Add(new BufferLifetime(bytes, first, last));
        return _buffers.Count - 1;
    }

    private Step StepOf(KernelCall call, int index, ArenaPlan plan, Dictionary<string, int> names)
    {
        var scratch = _scratchOf[index] is >= 0 and var buffer
            ? new Operand(Place.Arena, 0, plan.Offsets[buffer], new TensorType(ElementType.UInt8, new TensorShape(call.ScratchBytes)))
            : null;
        return new Step(
            call.Name,
            Identifiers.Unique(Identifiers.PascalCase(call.Name), names),
            call.Kernel,
            call.Inputs.Select(PlaceOf).ToArray(),
            call.Outputs.Select(PlaceOf).ToArray(),
            scratch,
            call.Macs
        );
    }

    private Operand PlaceOf(Value value) => _places[Lowerer.Root(views, value)] with { Type = value.Type };
}
