using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Lowering.Kernels;
using ModelCompiler.Lowering.Kernels.ControlFlow;
using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Lowering;

/// <summary>Turns a graph into a program: kernels chosen, weights packed, buffers placed.</summary>
internal sealed class Lowerer
{
    private readonly Graph _graph;
    private readonly LoweringContext _context;
    private readonly ViewTable _views = new();
    private readonly ViewRules _rules;
    private readonly List<KernelCall> _calls = [];

    private Lowerer(Graph graph, LoweringContext context)
    {
        _graph = graph;
        _context = context;
        _rules = new ViewRules(graph, _views);
    }

    /// <summary>Lowers a graph; nodes without a kernel are added to <paramref name="problems"/>, all of them, and null is returned.</summary>
    public static KernelProgram? Lower(Graph graph, Target target, int threads, ICollection<Problem> problems) =>
        Lower(graph, new LoweringContext(target, problems), threads);

    /// <summary>Lowers a graph as one of the programs of a class.</summary>
    public static KernelProgram? Lower(Graph graph, LoweringContext context, int threads)
    {
        var problems = context.Problems;
        var lowerer = new Lowerer(graph, context);
        context.UsesStreams = context.WantedWeights == WeightChoice.Smallest && StreamSurvey.Pays(graph);
        foreach (var input in graph.Inputs.Where(HasNoHolder))
        {
            problems.Add(new(ProblemKinds.UnsupportedForm, $"input '{input.Name}' is {input.Type}: {NoHolder}"));
        }

        lowerer.LowerNodes();
        return problems.Any(p => p.Kind.Severity == Severity.Error) ? null : lowerer.Assign(threads).Program();
    }

    /// <summary>
    /// Lowers a body of a node, with weights and names of the program that it is part of; null where a node has no kernel, which is
    /// added to the problems.
    /// </summary>
    public static BodyProgram? LowerBody(Graph body, LoweringContext context)
    {
        var lowerer = new Lowerer(body, context);
        return lowerer.LowerNodes() ? lowerer.Assign(threads: 1).Body() : null;
    }

    /// <summary>Lowers all nodes; false where that has found a problem.</summary>
    private bool LowerNodes()
    {
        var problems = _context.Problems;
        var before = problems.Count;
        foreach (var node in _graph.Nodes)
        {
            var found = problems.Count;
            if (node.Outputs.FirstOrDefault(HasNoHolder) is { } held)
            {
                problems.Add(
                    new(ProblemKinds.UnsupportedForm, $"node '{node.Name}' ({node.Operator.Name}): its output is {held.Type}: {NoHolder}")
                );
            }
            else if (!TryLower(node) && problems.Count == found)
            {
                problems.Add(
                    new(
                        ProblemKinds.UnsupportedForm,
                        $"node '{node.Name}' ({node.Operator.Name}): no kernel serves inputs {string.Join(", ", node.Inputs.Select(i => i?.Type.ToString() ?? "none"))}"
                    )
                );
            }
        }

        return problems.Count == before;
    }

    private BufferAssignment Assign(int threads)
    {
        AddOutputCopies();
        var load = new ArenaLoad(_graph, _views, _calls);
        var calls = ThreadSplit.Apply(ChainFusion.Fuse(_calls, load), load, threads);
        return new BufferAssignment(_graph, _context, calls, _views);
    }

    private const string NoHolder = "elements of this type are not supported at run time; supported: Float32, Float64, integers, Bool";

    private static bool HasNoHolder(Value value) => value.Element.CSharpName() is null;

    private bool TryLower(Node node)
    {
        if (_rules.TryView(node))
        {
            return true;
        }

        if (_rules.TryJoin(node) is { } moves)
        {
            if (moves.Length > 0)
            {
                AddCall(node, MovementKernel.Lower(node, moves));
            }

            return true;
        }

        if (LoweringTable.Lower(node, _context) is not { } lowered)
        {
            return false;
        }

        if (PlainSize.Of(node) is { } size)
        {
            _context.PlainSizes.Add(size);
        }

        AddCall(node, lowered);
        return true;
    }

    private void AddCall(Node node, LoweredNode lowered)
    {
        var inputs = lowered.Inputs.ToArray();
        for (var i = 0; i < inputs.Length && lowered.ReadsPastEnd; i++)
        {
            if (_graph.Inputs.Contains(_views.Root(inputs[i])))
            {
                var copy = new Value(inputs[i].Name, inputs[i].Type);
                _calls.Add(Copy(inputs[i], copy));
                inputs[i] = copy;
            }
        }

        var macs = node.Operator.CountMacs(node.Inputs, node.Outputs);
        _calls.Add(
            new KernelCall(node.Name, lowered.Kernel, inputs, node.Outputs, lowered.ScratchBytes, lowered.InPlaceInput, macs)
            {
                Operator = node.Operator,
                ReadsPastEnd = lowered.ReadsPastEnd,
            }
        );
    }

    /// <summary>
    /// An output has to be copied into its span where it is an input, a constant, only a part of a buffer, given out twice, or in a
    /// buffer that a kernel reads past the end of: behind the caller's span there may be nothing.
    /// </summary>
    private void AddOutputCopies()
    {
        var readPastEnd = new HashSet<Value>(_calls.Where(c => c.ReadsPastEnd).SelectMany(c => c.Inputs).Select(_views.Root));
        var taken = new HashSet<Value>();
        for (var i = 0; i < _graph.Outputs.Length; i++)
        {
            var value = _graph.Outputs[i].Value;
            var root = _views.Root(value);
            var direct =
                root.Constant is null
                && !_graph.Inputs.Contains(root)
                && !readPastEnd.Contains(root)
                && _views.IsWhole(value)
                && taken.Add(root);
            if (!direct)
            {
                _calls.Add(Copy(value, new Value(_graph.Outputs[i].Name, value.Type)) with { CopiesOutput = i });
            }
        }
    }

    private static KernelCall Copy(Value from, Value to) =>
        new(to.Name + "/copy", new CopyKernel(from.Type.Bytes), (Value[])[from], (Value[])[to], 0, -1, 0);
}

/// <summary>A kernel with the values it works on, before these have places.</summary>
internal sealed record KernelCall(
    string Name,
    Kernel Kernel,
    EquatableArray<Value> Inputs,
    EquatableArray<Value> Outputs,
    int ScratchBytes,
    int InPlaceInput,
    long Macs
)
{
    /// <summary>The operator that the kernel stands for; null where the call is a copy.</summary>
    public Operator? Operator { get; init; }

    /// <summary>The graph output that this call copies into the caller's span; −1 where it is no such copy.</summary>
    public int CopiesOutput { get; init; } = -1;

    /// <summary>How many parts its rows are divided into, to be computed by threads of their own; 1 where it is done at once.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Whether the kernel reads past the end of its inputs, which may then not lie in the caller's spans.</summary>
    public bool ReadsPastEnd { get; init; }
}
