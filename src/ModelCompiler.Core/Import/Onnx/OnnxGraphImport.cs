using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>One import of one model: the names seen so far, the problems found so far.</summary>
internal sealed class OnnxGraphImport(ModelSource source, CompileOptions options, ModelProto model)
{
    private readonly GraphBuilder _builder = new();
    private readonly OnnxTensorReader _tensors = new(source);
    private readonly List<Problem> _problems = [];

    // A null value stands for one whose producer failed: its readers are checked no further than for their operator.
    private readonly Dictionary<string, Value?> _values = new(StringComparer.Ordinal);

    public ImportResult Run()
    {
        if (model.Graph is null)
        {
            Report(ProblemKinds.NotAModel, "the file has no graph");
            return new(null, [.. _problems]);
        }

        ReadInitializers();
        ReadInputs();
        foreach (var (node, index) in model.Graph.Node.Select((n, i) => (n, i)))
        {
            ReadNode(node, index);
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
                () => _values[initializer.Name] = new Value(initializer.Name, _tensors.Read(initializer))
            );
            AddFailed(initializer.Name);
        }
    }

    private void ReadInputs()
    {
        // Before IR version 4 initialisers are listed as inputs too.
        foreach (var input in model.Graph.Input.Where(i => !_values.ContainsKey(i.Name)))
        {
            Attempt($"input '{input.Name}'", () => _values[input.Name] = _builder.Input(input.Name, TypeOf(input)));
            AddFailed(input.Name);
        }
    }

    private TensorType TypeOf(ValueInfoProto info)
    {
        if (info.Type?.ValueCase != TypeProto.ValueOneofCase.TensorType)
        {
            throw new ProblemException(ProblemKinds.UnsupportedForm, "only tensors are supported as inputs");
        }

        var tensor = info.Type.TensorType;
        if (tensor.Shape is null)
        {
            throw new ProblemException(ProblemKinds.UnboundDimension, "the model does not give its shape");
        }

        var element = OnnxTensorReader.ElementTypeOf(tensor.ElemType, info.Name);
        return new TensorType(element, new TensorShape(tensor.Shape.Dim.Select((d, axis) => SizeOf(info.Name, d, axis)).ToArray()));
    }

    private int SizeOf(string input, TensorShapeProto.Types.Dimension dimension, int axis)
    {
        if (dimension.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue && dimension.DimValue > 0)
        {
            return dimension.DimValue <= int.MaxValue
                ? (int)dimension.DimValue
                : throw new ShapeException($"dimension {axis} has the size {dimension.DimValue}");
        }

        var symbol = dimension.DimParam;
        if (options.Dimensions.FirstOrDefault(b => b.Symbol == symbol) is { } binding)
        {
            return binding.Size;
        }

        // An unknown batch is the one dimension that everybody leaves open and runs at 1.
        return axis == 0
            ? 1
            : throw new ProblemException(
                ProblemKinds.UnboundDimension,
                $"dimension {axis} is not known; bind it with Dimensions=\"{(symbol.Length > 0 ? symbol : $"{input}[{axis}]")}=…\""
            );
    }

    private void ReadNode(NodeProto proto, int index)
    {
        var name = proto.Name.Length > 0 ? proto.Name : proto.Output.FirstOrDefault(o => o.Length > 0) ?? $"{proto.OpType}_{index}";
        var domain = OnnxDomains.Normalise(proto.Domain);
        var opset = (int)(model.OpsetImport.FirstOrDefault(o => OnnxDomains.Normalise(o.Domain) == domain)?.Version ?? 1);
        Attempt(
            $"node '{name}' ({(domain.Length > 0 ? domain + "." : "")}{proto.OpType}, opset {opset})",
            () =>
            {
                var import =
                    OnnxOperatorTable.Find(domain, proto.OpType)
                    ?? throw new ProblemException(ProblemKinds.UnsupportedOperator, "this operator is not supported");
                if (ReadNodeInputs(proto) is not { } inputs)
                {
                    return;
                }

                _builder.CurrentName = name;
                var outputs = import(new OnnxNode(proto, name, opset, inputs, _tensors.Read), _builder);
                foreach (var (output, value) in proto.Output.Zip(outputs, (o, v) => (o, v)))
                {
                    _values[output] = value;
                }
            }
        );
        foreach (var output in proto.Output.Where(o => o.Length > 0))
        {
            AddFailed(output);
        }
    }

    /// <summary>Marks a name whose value could not be made, unless it was.</summary>
    private void AddFailed(string name)
    {
        if (!_values.ContainsKey(name))
        {
            _values.Add(name, null);
        }
    }

    /// <summary>The values of a node's inputs; null where the producer of one has failed, so that the node cannot be judged.</summary>
    private ImmutableArray<Value?>? ReadNodeInputs(NodeProto proto)
    {
        var inputs = ImmutableArray.CreateBuilder<Value?>(proto.Input.Count);
        var judged = true;
        foreach (var input in proto.Input)
        {
            if (input.Length == 0)
            {
                inputs.Add(null);
            }
            else if (_values.TryGetValue(input, out var value))
            {
                inputs.Add(value);
                judged &= value is not null;
            }
            else
            {
                throw new ProblemException(
                    ProblemKinds.BrokenGraph,
                    $"input '{input}' is produced by no earlier node, initialiser or graph input"
                );
            }
        }

        return judged ? inputs.ToImmutable() : null;
    }

    private List<GraphOutput> ReadOutputs()
    {
        var outputs = new List<GraphOutput>();
        foreach (var output in model.Graph.Output)
        {
            if (!_values.TryGetValue(output.Name, out var value))
            {
                Report(ProblemKinds.BrokenGraph, $"output '{output.Name}' is produced by no node");
            }
            else if (value is not null)
            {
                outputs.Add(new GraphOutput(output.Name, value));
            }
        }

        return outputs;
    }

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
