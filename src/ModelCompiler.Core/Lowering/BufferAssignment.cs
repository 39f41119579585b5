using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Lowering.Kernels.ControlFlow;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Lowering;

/// <summary>Gives every value of a list of kernel calls its place: the caller's spans, the weights, or the arena.</summary>
internal sealed class BufferAssignment(Graph graph, LoweringContext context, IReadOnlyList<KernelCall> calls, ViewTable views)
{
    private readonly Dictionary<Value, Operand> _places = [];
    private readonly Dictionary<Value, int> _lastUse = [];

    // Buffers of the arena; several values share one where a kernel works in place.
    private readonly List<BufferLifetime> _buffers = [];
    private readonly Dictionary<Value, (int Buffer, int Offset)> _bufferOf = [];
    private readonly int[] _scratchOf = new int[calls.Count];

    public KernelProgram Program()
    {
        var (steps, plan) = Plan(context.LargerArena);
        context.LargerArena ??= plan;
        return new KernelProgram(
            graph.Name,
            context.Target,
            graph.Inputs.Select(i => new ModelPort(i.Name, i.Type)).ToArray(),
            graph.Outputs.Where(o => !o.IsCount).Select(o => new ModelPort(o.Name, o.Value.Type) { Size = o.Size }).ToArray(),
            steps,
            context.WeightTable.ToArray(),
            context.Weights(),
            plan.Bytes
        )
        {
            Counts = graph.Outputs.Where(o => o.IsCount).Select(o => new ModelPort(o.Name, o.Value.Type)).ToArray(),
            LeastArenaBytes = plan.LeastBytes,
            PlainSizes = context.PlainSizes.ToArray(),
            Edges = graph
                .Inputs.Select((value, i) => QuantizedEdges.Input(i, value.Shape.Elements, calls, steps))
                .Concat(graph.Outputs.Select((output, i) => QuantizedEdges.Output(i, output.Value.Shape.Elements, calls, steps)))
                .OfType<QuantizedEdge>()
                .ToArray(),
            Buffers = plan.Placed.ToArray(),
        };
    }

    /// <summary>The calls as a part of the program that they share weights and names with.</summary>
    public BodyProgram Body()
    {
        var (steps, plan) = Plan(larger: null);
        return new BodyProgram(steps, plan.Bytes);
    }

    private (Step[] Steps, ArenaPlan Plan) Plan(ArenaPlan? larger)
    {
        PlaceGraphEdges();
        FindLastUses();
        for (var i = 0; i < calls.Count; i++)
        {
            AssignBuffers(calls[i], i);
        }

        var plan = ArenaPlanner.Plan(_buffers, larger);
        foreach (var (value, (buffer, offset)) in _bufferOf.Select(p => (p.Key, p.Value)))
        {
            _places.Add(value, new Operand(Place.Arena, 0, plan.Offsets[buffer] + offset, value.Type));
        }

        return ([.. calls.Select((call, i) => StepOf(call, i, plan))], plan);
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
            var value = copied.TryGetValue(i, out var copy) ? copy : views.Root(graph.Outputs[i].Value);
            _places.Add(value, new Operand(Place.ModelOutput, i, 0, value.Type));
        }
    }

    /// <summary>Writing counts as well: a part of a joined tensor may be written when nobody reads the rest any more.</summary>
    private void FindLastUses()
    {
        for (var i = 0; i < calls.Count; i++)
        {
            foreach (var value in calls[i].Inputs.Concat(calls[i].Outputs))
            {
                _lastUse[views.Root(value)] = i;
            }
        }
    }

    private void AssignBuffers(KernelCall call, int index)
    {
        foreach (var constant in call.Inputs.Select(views.Root).Where(i => i.Constant is not null && !_places.ContainsKey(i)))
        {
            var weights = context.AddConstant(constant);
            _places.Add(constant, new Operand(Place.Weights, 0, weights.Offset, constant.Type));
        }

        for (var i = 0; i < call.Outputs.Count; i++)
        {
            var output = views.Root(call.Outputs[i]);
            if (_places.ContainsKey(output) || _bufferOf.ContainsKey(output))
            {
                continue;
            }

            var last = _lastUse[output];
            if (i == 0 && Reusable(call, index) is { } place)
            {
                _buffers[place.Buffer] = _buffers[place.Buffer] with { Last = last };
                _bufferOf.Add(output, place);
            }
            else
            {
                _bufferOf.Add(output, (AddBuffer(output.Type.Bytes, index, last), 0));
            }
        }

        _scratchOf[index] = call.ScratchBytes > 0 ? AddBuffer(checked(ScratchOfPart(call) * call.Parts), index, index) : -1;
    }

    /// <summary>
    /// The place of the input that the kernel may overwrite. Nothing may read the buffer later, through whatever view, and no other
    /// input of the call may lie across that place: only one that is the same elements is read in step with it.
    /// </summary>
    private (int Buffer, int Offset)? Reusable(KernelCall call, int index)
    {
        var output = call.Outputs[0];
        if (call.InPlaceInput < 0 || views.Root(output) != output)
        {
            return null;
        }

        var input = call.Inputs[call.InPlaceInput];
        var (root, offset) = views[input];
        return
            _bufferOf.TryGetValue(root, out var place)
            && _buffers[place.Buffer].Last == index
            && input.Type.Bytes >= output.Type.Bytes
            && input.Element.SizeInBytes() == output.Element.SizeInBytes()
            && !call.Inputs.Any(other => CutsAcross(other, input))
            ? (place.Buffer, place.Offset + offset)
            : null;
    }

    private bool CutsAcross(Value other, Value input)
    {
        var (a, b) = (views[other], views[input]);
        var same = a.Offset == b.Offset && other.Type.Bytes == input.Type.Bytes;
        return a.Root == b.Root && !same && a.Offset < b.Offset + input.Type.Bytes && b.Offset < a.Offset + other.Type.Bytes;
    }

    private int AddBuffer(int bytes, int first, int last)
    {
        _buffers.Add(new BufferLifetime(bytes, first, last));
        return _buffers.Count - 1;
    }

    private Step StepOf(KernelCall call, int index, ArenaPlan plan)
    {
        var scratch = _scratchOf[index] is >= 0 and var buffer
            ? new Operand(
                Place.Arena,
                0,
                plan.Offsets[buffer],
                new TensorType(ElementType.UInt8, new TensorShape(ScratchOfPart(call) * call.Parts))
            )
            : null;
        var kernel = call.Kernel switch
        {
            ChainKernel chain => new ChainKernel(chain.Stages.Select(s => s with { Method = UniqueName(s.Name) }).ToArray()),
            UnpackedInt8Kernel unpacked => unpacked with { Method = UniqueName(call.Name + "/dense") },
            _ => call.Kernel,
        };
        return new Step(
            call.Name,
            UniqueName(call.Name),
            kernel,
            call.Inputs.Select(PlaceOf).ToArray(),
            call.Outputs.Select(PlaceOf).ToArray(),
            scratch,
            call.Macs
        )
        {
            IsRanged = call.Parts > 1,
            Parts = call.Parts,
        };

        string UniqueName(string name) => Identifiers.Unique(Identifiers.PascalCase(name), context.MethodNames);
    }

    /// <summary>Parts are written by different processors, which must not share lines of their caches.</summary>
    private static int ScratchOfPart(KernelCall call) =>
        call.Parts == 1
            ? call.ScratchBytes
            : checked(call.ScratchBytes + ArenaPlanner.Alignment - 1) / ArenaPlanner.Alignment * ArenaPlanner.Alignment;

    private Operand PlaceOf(Value value)
    {
        var (root, offset) = views[value];
        var place = _places[root];
        return place with { Offset = place.Offset + offset, Type = value.Type };
    }
}
