using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Lowering;

/// <summary>Turns a graph into a program: kernels chosen, weights packed, buffers placed.</summary>
internal static class Lowerer
{
    /// <summary>Lowers a graph; nodes without a kernel are added to <paramref name="problems"/>, all of them, and null is returned.</summary>
    public static KernelProgram? Lower(Graph graph, Target target, ICollection<Problem> problems)
    {
        var context = new LoweringContext(target);
        var calls = new List<KernelCall>();
        var views = new Dictionary<Value, Value>();
        foreach (var node in graph.Nodes)
        {
            if (node.Operator is Reshape)
            {
                views.Add(node.Output, Root(views, node.Input(0)));
            }
            else if (LoweringTable.Lower(node, context) is { } lowered)
            {
                AddCall(calls, views, node, lowered, graph);
            }
            else
            {
                problems.Add(
                    new(
                        ProblemKinds.UnsupportedForm,
                        $"node '{node.Name}' ({node.Operator.Name}): no kernel serves inputs {string.Join(", ", node.Inputs.Select(i => i?.Type.ToString() ?? "none"))}"
                    )
                );
            }
        }

        if (problems.Any(p => p.Kind.Severity == Severity.Error))
        {
            return null;
        }

        AddOutputCopies(graph, calls, views);
        return new BufferAssignment(graph, context, calls, views).Program();
    }

    /// <summary>The value whose buffer a value lies in.</summary>
    public static Value Root(Dictionary<Value, Value> views, Value value) => views.TryGetValue(value, out var root) ? root : value;

    private static void AddCall(List<KernelCall> calls, Dictionary<Value, Value> views, Node node, LoweredNode lowered, Graph graph)
    {
        var inputs = lowered.Inputs.ToArray();
        if (lowered.ReadsPastEnd)
        {
            for (var i = 0; i < inputs.Length; i++)
            {
                if (graph.Inputs.Contains(Root(views, inputs[i])))
                {
                    var copy = new Value(inputs[i].Name, inputs[i].Type);
                    calls.Add(Copy(inputs[i], copy));
                    inputs[i] = copy;
                }
            }
        }

        var macs = node.Operator.CountMacs(node.Inputs, node.Outputs);
        calls.Add(
            new KernelCall(node.Name, lowered.Kernel, inputs, node.Outputs, lowered.ScratchBytes, lowered.InPlaceInput, macs)
            {
                Operator = node.Operator,
            }
        );
    }

    /// <summary>An output that is an input, a constant, a view of one, or given out twice has to be copied into its span.</summary>
    private static void AddOutputCopies(Graph graph, List<KernelCall> calls, Dictionary<Value, Value> views)
    {
        var taken = new HashSet<Value>();
        for (var i = 0; i < graph.Outputs.Length; i++)
        {
            var value = graph.Outputs[i].Value;
            var root = Root(views, value);
            if (root.Constant is not null || graph.Inputs.Contains(root) || !taken.Add(root))
            {
                calls.Add(Copy(value, new Value(graph.Outputs[i].Name, value.Type)) with { CopiesOutput = i });
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
}
