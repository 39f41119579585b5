using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.ControlFlow;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>Reads bodies: initialisers and nodes of the model's graph, of the functions that it calls, and of subgraphs.</summary>
internal sealed class OnnxBodyImport(ModelSource source, ModelProto model, ImportProblems problems)
{
    /// <summary>Far above what networks for small devices have; functions that call functions could make any number of nodes.</summary>
    private const int MaxNodes = 1 << 16;

    /// <summary>Nodes of the file may become several each.</summary>
    private const int MaxGraphNodes = 1 << 18;

    /// <summary>Most elements of all sequences together, each step of one that grows counted anew.</summary>
    private const int MaxSequenceItems = 1 << 20;

    private readonly OnnxTensorReader _tensors = new(source);
    private readonly OnnxFunctions _functions = new(model.Functions);
    private readonly Dictionary<GraphBuilder, WideFloats> _wideFloats = [];
    private int _sequenceItems;

    public ImportProblems Problems { get; } = problems;

    /// <summary>How many nodes were read so far, again for each run of a body.</summary>
    public int NodesRead { get; private set; }

    public void ReadInitializers(GraphProto body, OnnxScope scope)
    {
        foreach (var initializer in body.Initializer)
        {
            Problems.Attempt(
                $"initializer '{initializer.Name}'",
                () => scope.Define(initializer.Name, new Value(initializer.Name, _tensors.Read(initializer)))
            );
            scope.TryAdd(initializer.Name, null);
        }

        foreach (var sparse in body.SparseInitializer)
        {
            var name = sparse.Values?.Name ?? "";
            Problems.Report(ProblemKinds.UnsupportedForm, $"initializer '{name}' is sparse; only dense initialisers are supported");
            scope.TryAdd(name, null);
        }
    }

    /// <summary>Reads nodes in order into a graph.</summary>
    /// <exception cref="LimitExceededException">Too many were read already, or constants are too large.</exception>
    public void ReadNodes(IEnumerable<NodeProto> nodes, OnnxScope scope, GraphBuilder graph)
    {
        foreach (var proto in nodes)
        {
            if (++NodesRead > MaxNodes || graph.TotalNodeCount > MaxGraphNodes)
            {
                throw new LimitExceededException($"the model has more than {MaxNodes} nodes");
            }

            ReadNode(scope.Bind(proto), scope, graph);
        }
    }

    /// <summary>Reads a subgraph as it runs on some inputs; null where a node that its outputs need has failed, which is reported.</summary>
    /// <param name="body">The subgraph.</param>
    /// <param name="scope">A scope opened for this run.</param>
    /// <param name="inputs">What the subgraph's inputs are.</param>
    /// <param name="graph">Where its nodes go.</param>
    /// <exception cref="ShapeException">The subgraph has another number of inputs.</exception>
    /// <exception cref="ProblemException">An output is produced by no node.</exception>
    public ImmutableArray<OnnxValue>? ReadSubgraph(GraphProto body, OnnxScope scope, IReadOnlyList<OnnxValue> inputs, GraphBuilder graph)
    {
        ReadInitializers(body, scope);
        // Before IR version 4 initialisers are listed as inputs too.
        var names = body.Input.Select(i => i.Name).Where(n => !scope.Defines(n)).ToList();
        if (names.Count != inputs.Count)
        {
            throw new ShapeException($"subgraph '{body.Name}' has {names.Count} inputs where {inputs.Count} are given to it");
        }

        for (var i = 0; i < inputs.Count; i++)
        {
            scope.Define(names[i], inputs[i]);
        }

        ReadNodes(body.Node, scope, graph);
        var outputs = body
            .Output.Select(o => scope.TryGet(o.Name, out var value) ? value : throw Missing($"output '{o.Name}' of subgraph '{body.Name}'"))
            .ToList();
        return outputs.Contains(null) ? null : [.. outputs.Select(o => o!)];
    }

    private void ReadNode(NodeProto proto, OnnxScope scope, GraphBuilder graph)
    {
        var name = scope.Prefix + NameOf(proto);
        var domain = OnnxDomains.Normalise(proto.Domain);
        var opset = scope.OpsetOf(domain);
        var where = $"node '{name}' ({(domain.Length > 0 ? domain + "." : "")}{proto.OpType}, opset {opset})";
        Problems.Attempt(
            where,
            () =>
            {
                if (Importer(proto, domain) is not { } import)
                {
                    throw RefusedOperators.Find(domain, proto.OpType)?.OfOperator()
                        ?? new ProblemException(ProblemKinds.UnsupportedOperator, "this operator is not supported");
                }

                if (ReadNodeInputs(proto, scope) is { } inputs)
                {
                    graph.CurrentName = name;
                    var outputs = import(new NodeToImport(proto, name, opset, inputs, scope, graph));
                    foreach (var (output, value) in proto.Output.Zip(outputs, (o, v) => (o, v)).Where(p => p.o.Length > 0))
                    {
                        scope.Define(output, Counted(value));
                    }
                }
            }
        );
        foreach (var output in proto.Output.Where(o => o.Length > 0))
        {
            scope.TryAdd(output, null);
        }
    }

    /// <exception cref="LimitExceededException">Sequences grow beyond all measure.</exception>
    private OnnxValue? Counted(OnnxValue? value)
    {
        _sequenceItems += value is OnnxSequence sequence ? sequence.Items.Length : 0;
        return _sequenceItems <= MaxSequenceItems
            ? value
            : throw new LimitExceededException($"the model's sequences have more than {MaxSequenceItems} elements");
    }

    /// <summary>A node with all that the three ways to import one need.</summary>
    private sealed record NodeToImport(
        NodeProto Proto,
        string Name,
        int Opset,
        ImmutableArray<OnnxValue?> Inputs,
        OnnxScope Scope,
        GraphBuilder Graph
    );

    private Func<NodeToImport, IEnumerable<OnnxValue?>>? Importer(NodeProto proto, string domain)
    {
        if (_functions.Find(proto) is { } function)
        {
            return node => Inline(function, node);
        }

        if (ControlFlowTable.Find(domain, proto.OpType) is { } control)
        {
            return node =>
                control(new ControlNode(node.Proto, Plain(node, Tensors(node.Inputs)), node.Inputs, node.Scope, node.Graph, this));
        }

        return OnnxOperatorTable.Find(domain, proto.OpType) is { } import ? node => Import(import, node) : null;
    }

    private OnnxNode Plain(NodeToImport node, ImmutableArray<Value?> tensors) =>
        new(node.Proto, node.Name, node.Opset, tensors, _tensors.Read);

    private IEnumerable<OnnxValue?> Import(OnnxImport import, NodeToImport node)
    {
        for (var i = 0; i < node.Inputs.Length; i++)
        {
            if (node.Inputs[i] is { } input and not OnnxTensor)
            {
                throw new ProblemException(
                    ProblemKinds.UnsupportedForm,
                    $"input {i} ('{node.Proto.Input[i]}') is {input.Description}; a tensor was expected"
                );
            }
        }

        if (!_wideFloats.TryGetValue(node.Graph, out var wide))
        {
            _wideFloats.Add(node.Graph, wide = new WideFloats(node.Graph));
        }

        var outputs = wide.Import(import, Plain(node, Tensors(node.Inputs)));
        return outputs.FirstOrDefault(o => o is { Constant: null } && o.Element.CSharpName() is null) is { } unsupported
            ? throw OnnxTensorReader.NoElements(unsupported.Element)
            : outputs.Select(o => o is null ? null : new OnnxTensor(o));
    }

    private static ImmutableArray<Value?> Tensors(ImmutableArray<OnnxValue?> inputs) => [.. inputs.Select(i => (i as OnnxTensor)?.Value)];

    private string NameOf(NodeProto proto) =>
        proto.Name.Length > 0 ? proto.Name : proto.Output.FirstOrDefault(o => o.Length > 0) ?? $"{proto.OpType}_{NodesRead}";

    private List<OnnxValue?> Inline(FunctionProto function, NodeToImport call)
    {
        var scope = OnnxFunctions.Enter(function, call.Proto, call.Name, call.Inputs, call.Scope);
        ReadNodes(function.Node, scope, call.Graph);
        return
        [
            .. function.Output.Select(o =>
                scope.TryGet(o, out var value) ? value : throw Missing($"output '{o}' of function '{function.Name}'")
            ),
        ];
    }

    /// <summary>What a node's inputs are; null where the producer of one has failed, so that the node cannot be judged.</summary>
    private static ImmutableArray<OnnxValue?>? ReadNodeInputs(NodeProto proto, OnnxScope scope)
    {
        var inputs = ImmutableArray.CreateBuilder<OnnxValue?>(proto.Input.Count);
        var judged = true;
        foreach (var input in proto.Input)
        {
            if (input.Length == 0)
            {
                inputs.Add(null);
            }
            else if (scope.TryGet(input, out var value))
            {
                inputs.Add(value);
                judged &= value is not null;
            }
            else if (scope.InFunction)
            {
                // An optional input that the call of the function left out.
                inputs.Add(null);
            }
            else
            {
                throw Missing($"input '{input}'");
            }
        }

        return judged ? inputs.ToImmutable() : null;
    }

    private static ProblemException Missing(string what) =>
        new(
            ProblemKinds.BrokenGraph,
            $"{what} is produced by no earlier node, initialiser or graph input: it is missing, or the nodes form a cycle"
        );
}
