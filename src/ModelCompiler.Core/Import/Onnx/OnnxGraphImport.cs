using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Import.Onnx.Proto;
using DimensionKind = ModelCompiler.Import.Onnx.Proto.TensorShapeProto.Types.Dimension.ValueOneofCase;

namespace ModelCompiler.Import.Onnx;

/// <summary>One import of one model: the graph as it grows, the problems found so far.</summary>
internal sealed class OnnxGraphImport(ModelSource source, CompileOptions options, ModelProto model)
{
    /// <summary>Far above what networks for small devices have; functions that call functions could make any number of nodes.</summary>
    private const int MaxNodes = 1 << 16;

    private readonly GraphBuilder _builder = new() { FoldingBudget = FoldingBudget.ForFile(source.Bytes.Length) };
    private readonly OnnxTensorReader _tensors = new(source);
    private readonly OnnxFunctions _functions = new(model.Functions);
    private readonly OnnxScope _graph = new("", model.OpsetImport, new Dictionary<string, AttributeProto>(), 0);
    private readonly List<Problem> _problems = [];
    private int _nodes;

    public ImportResult Run()
    {
        if (model.Graph is null)
        {
            Report(ProblemKinds.NotAModel, "the file has no graph: it is not an ONNX model, or it is damaged");
            return new(null, [.. _problems]);
        }

        if (model.OpsetImport.Count == 0)
        {
            Report(ProblemKinds.NotAModel, "the file does not say which version of the operators it uses (opset_import is missing)");
        }

        try
        {
            ReadInitializers();
            ReadInputs();
            ReadNodes(model.Graph.Node, _graph);
        }
        catch (LimitExceededException e)
        {
            Report(ProblemKinds.HostileModel, e.Message);
        }

        var outputs = ReadOutputs();
        return new(
            _problems.Any(p => p.Kind.Severity == Severity.Error) ? null : _builder.Build(model.Graph.Name, outputs),
            [.. _problems]
        );
    }

    private void ReadInitializers()
    {
        foreach (var initializer in model.Graph.Initializer)
        {
            Attempt(
                $"initializer '{initializer.Name}'",
                () => Define(_graph, initializer.Name, new Value(initializer.Name, _tensors.Read(initializer)))
            );
            _graph.TryAdd(initializer.Name, null);
        }

        foreach (var sparse in model.Graph.SparseInitializer)
        {
            var name = sparse.Values?.Name ?? "";
            Report(ProblemKinds.UnsupportedForm, $"initializer '{name}' is sparse; only dense initialisers are supported");
            _graph.TryAdd(name, null);
        }
    }

    private void ReadInputs()
    {
        // Before IR version 4 initialisers are listed as inputs too.
        foreach (var input in model.Graph.Input.Where(i => !_graph.Contains(i.Name)))
        {
            Attempt($"input '{input.Name}'", () => Define(_graph, input.Name, _builder.Input(input.Name, TypeOf(input))));
            _graph.TryAdd(input.Name, null);
        }
    }

    private TensorType TypeOf(ValueInfoProto info)
    {
        if (info.Type?.ValueCase != TypeProto.ValueOneofCase.TensorType)
        {
            throw new ProblemException(ProblemKinds.UnsupportedForm, "only tensors are supported as inputs");
        }

        var tensor = info.Type.TensorType;
        var element = OnnxTensorReader.ElementTypeOf(tensor.ElemType, info.Name);
        if (element.CSharpName() is null)
        {
            throw new ProblemException(ProblemKinds.UnsupportedForm, $"elements of type {element} are not supported");
        }

        if (options.InputShapes.FirstOrDefault(s => s.Input == info.Name) is { } given)
        {
            return new TensorType(element, Checked(given.Shape, tensor.Shape));
        }

        if (tensor.Shape is null)
        {
            throw new ProblemException(ProblemKinds.UnboundDimension, "the model does not give its shape");
        }

        return new TensorType(element, new TensorShape(tensor.Shape.Dim.Select((d, axis) => SizeOf(info.Name, d, axis)).ToArray()));
    }

    /// <summary>The given shape, if it does not contradict what the file says.</summary>
    private static TensorShape Checked(TensorShape given, TensorShapeProto? declared)
    {
        var fits =
            declared is null
            || (
                declared.Dim.Count == given.Rank
                && declared
                    .Dim.Zip(given, (d, size) => d.ValueCase != DimensionKind.DimValue || d.DimValue <= 0 || d.DimValue == size)
                    .All(f => f)
            );
        return fits
            ? given
            : throw new ShapeException(
                $"the given shape {given} contradicts the model's [{string.Join(",", declared!.Dim.Select(d => d.ValueCase == DimensionKind.DimValue ? $"{d.DimValue}" : d.DimParam))}]"
            );
    }

    private int SizeOf(string input, TensorShapeProto.Types.Dimension dimension, int axis)
    {
        if (dimension.ValueCase == DimensionKind.DimValue && dimension.DimValue > 0)
        {
            return dimension.DimValue <= int.MaxValue
                ? (int)dimension.DimValue
                : throw new ShapeException($"dimension {axis} has the size {dimension.DimValue}");
        }

        var symbol = dimension.DimParam.Length > 0 ? dimension.DimParam : $"{input}[{axis}]";
        if (options.Dimensions.FirstOrDefault(b => b.Symbol == symbol) is { } binding)
        {
            return binding.Size;
        }

        if (axis > 0)
        {
            throw new ProblemException(
                ProblemKinds.UnboundDimension,
                $"dimension {axis} is not known; bind it with Dimensions=\"{symbol}=…\""
            );
        }

        // An unknown batch is the one dimension that everybody leaves open and runs at 1.
        Report(
            ProblemKinds.AssumedDimension,
            $"input '{input}': dimension 0 ({symbol}) is taken as 1; Dimensions=\"{symbol}=…\" changes that"
        );
        return 1;
    }

    private void ReadNodes(IEnumerable<NodeProto> nodes, OnnxScope scope)
    {
        foreach (var proto in nodes)
        {
            if (++_nodes > MaxNodes)
            {
                throw new LimitExceededException($"the model has more than {MaxNodes} nodes");
            }

            ReadNode(scope.Bind(proto), scope);
        }
    }

    private void ReadNode(NodeProto proto, OnnxScope scope)
    {
        var name = scope.Prefix + NameOf(proto);
        var domain = OnnxDomains.Normalise(proto.Domain);
        var opset = scope.OpsetOf(domain);
        var where = $"node '{name}' ({(domain.Length > 0 ? domain + "." : "")}{proto.OpType}, opset {opset})";
        Attempt(
            where,
            () =>
            {
                var function = _functions.Find(proto);
                var import = function is null ? OnnxOperatorTable.Find(domain, proto.OpType) : null;
                if (function is null && import is null)
                {
                    throw new ProblemException(ProblemKinds.UnsupportedOperator, "this operator is not supported");
                }

                if (ReadNodeInputs(proto, scope) is not { } inputs)
                {
                    return;
                }

                _builder.CurrentName = name;
                IEnumerable<Value?> outputs = function is null
                    ? WideFloats.Import(import!, new OnnxNode(proto, name, opset, inputs, _tensors.Read), _builder)
                    : Inline(function, proto, name, inputs, scope);
                if (outputs.FirstOrDefault(o => o is { Constant: null } && o.Element.CSharpName() is null) is { } unsupported)
                {
                    throw new ProblemException(ProblemKinds.UnsupportedForm, $"elements of type {unsupported.Element} are not supported");
                }

                foreach (var (output, value) in proto.Output.Zip(outputs, (o, v) => (o, v)).Where(p => p.o.Length > 0))
                {
                    Define(scope, output, value);
                }
            }
        );
        foreach (var output in proto.Output.Where(o => o.Length > 0))
        {
            scope.TryAdd(output, null);
        }
    }

    private string NameOf(NodeProto proto) =>
        proto.Name.Length > 0 ? proto.Name : proto.Output.FirstOrDefault(o => o.Length > 0) ?? $"{proto.OpType}_{_nodes}";

    private List<Value?> Inline(FunctionProto function, NodeProto call, string name, ImmutableArray<Value?> inputs, OnnxScope caller)
    {
        var scope = OnnxFunctions.Enter(function, call, name, inputs, caller.Depth);
        ReadNodes(function.Node, scope);
        return
        [
            .. function.Output.Select(o =>
                scope.TryGet(o, out var value) ? value : throw Missing($"output '{o}' of function '{function.Name}'")
            ),
        ];
    }

    /// <summary>The values of a node's inputs; null where the producer of one has failed, so that the node cannot be judged.</summary>
    private static ImmutableArray<Value?>? ReadNodeInputs(NodeProto proto, OnnxScope scope)
    {
        var inputs = ImmutableArray.CreateBuilder<Value?>(proto.Input.Count);
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
            else if (scope.Depth > 0)
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

    private List<GraphOutput> ReadOutputs()
    {
        var outputs = new List<GraphOutput>();
        if (model.Graph.Output.Count == 0)
        {
            Report(ProblemKinds.BrokenGraph, "the graph has no outputs");
        }

        foreach (var output in model.Graph.Output)
        {
            if (!_graph.TryGet(output.Name, out var value))
            {
                Report(ProblemKinds.BrokenGraph, $"output '{output.Name}' is produced by no node");
            }
            else if (value is not null)
            {
                _builder.CurrentName = output.Name;
                outputs.Add(new GraphOutput(output.Name, value));
            }
        }

        return RunTimeSizes.OfOutputs(outputs, _builder);
    }

    private static void Define(OnnxScope scope, string name, Value? value)
    {
        if (!scope.TryAdd(name, value))
        {
            throw new ProblemException(ProblemKinds.BrokenGraph, $"the name '{name}' is defined twice");
        }
    }

    private static ProblemException Missing(string what) =>
        new(
            ProblemKinds.BrokenGraph,
            $"{what} is produced by no earlier node, initialiser or graph input: it is missing, or the nodes form a cycle"
        );

    /// <summary>Runs one step of the import and turns what it throws for a fault of the model into a problem that says where.</summary>
    private void Attempt(string where, Action step)
    {
        try
        {
            step();
        }
        catch (ProblemException e)
        {
            Report(e.Problem.Kind, $"{where}: {e.Problem.Message}");
        }
        catch (ShapeException e)
        {
            Report(ProblemKinds.ShapeMismatch, $"{where}: {e.Message}");
        }
    }

    private void Report(ProblemKind kind, string message) => _problems.Add(new(kind, $"{source.Path}: {message}"));
}
