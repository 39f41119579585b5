using Google.Protobuf;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Verification;

namespace ModelCompiler.Testing;

/// <summary>Writes small ONNX models for tests: declare inputs and constants, add nodes, name the outputs.</summary>
public sealed class OnnxModelBuilder
{
    private readonly ModelProto _model = new()
    {
        IrVersion = 8,
        Graph = new GraphProto { Name = "test" },
    };
    private string _prefix = "";
    private int _unnamed;

    public OnnxModelBuilder(int opset = 13, int microsoftOpset = 1)
    {
        _model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = opset });
        _model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = microsoftOpset });
    }

    /// <summary>A builder of a subgraph, to be given to an attribute: the names that it makes up are its own.</summary>
    public static OnnxModelBuilder Subgraph(string name) => new() { _prefix = name + "_" };

    /// <summary>The message itself, for what this class has no method for.</summary>
    public ModelProto Proto => _model;

    /// <summary>Imports one more operator set.</summary>
    public OnnxModelBuilder Opset(string domain, int version)
    {
        _model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = version });
        return this;
    }

    public string Input(string name, ElementType type, params int[] shape)
    {
        _model.Graph.Input.Add(Info(name, type, [.. shape.Select(s => (object)s)]));
        return name;
    }

    /// <summary>An input whose dimensions may be symbols (string) or sizes (int).</summary>
    public string SymbolicInput(string name, ElementType type, params object[] shape)
    {
        _model.Graph.Input.Add(Info(name, type, shape));
        return name;
    }

    /// <summary>An input that is a sequence of tensors; without a shape where that differs between them.</summary>
    public string SequenceInput(string name, ElementType type, params int[] shape)
    {
        _model.Graph.Input.Add(SequenceOf(name, type, shape));
        return name;
    }

    /// <summary>Makes a sequence a graph output.</summary>
    public OnnxModelBuilder SequenceOutput(string name, ElementType type)
    {
        _model.Graph.Output.Add(SequenceOf(name, type, []));
        return this;
    }

    /// <summary>An initialiser; its name is returned.</summary>
    public string Constant(Tensor tensor, string? name = null)
    {
        var proto = ToProto(tensor);
        proto.Name = name ?? $"{_prefix}constant{_unnamed++}";
        _model.Graph.Initializer.Add(proto);
        return proto.Name;
    }

    /// <summary>A float32 initialiser.</summary>
    public string Constant(int[] shape, params float[] elements) => Constant(Tensor.Floats(new TensorShape(shape), elements));

    /// <summary>Adds a node of one output and returns the output's name. Attribute values: long, int, float, string, arrays of these, Tensor, a builder of a subgraph.</summary>
    public string Node(string op, string?[] inputs, params (string Name, object Value)[] attributes) => Node(op, "", inputs, attributes)[0];

    /// <summary>Adds a node of the com.microsoft domain.</summary>
    public string Microsoft(string op, string?[] inputs, params (string Name, object Value)[] attributes) =>
        Node(op, "com.microsoft", inputs, attributes)[0];

    /// <summary>Adds a node of any domain with any number of outputs.</summary>
    public string[] Node(string op, string domain, string?[] inputs, (string Name, object Value)[] attributes, int outputs = 1)
    {
        var node = new NodeProto
        {
            OpType = op,
            Domain = domain,
            Name = $"{_prefix}{op.ToLowerInvariant()}{_unnamed++}",
        };
        node.Input.AddRange(inputs.Select(i => i ?? ""));
        node.Output.AddRange(Enumerable.Range(0, outputs).Select(i => $"{node.Name}_out{i}"));
        node.Attribute.AddRange(attributes.Select(a => Attribute(a.Name, a.Value)));
        _model.Graph.Node.Add(node);
        return [.. node.Output];
    }

    /// <summary>Makes a value a graph output; ONNX Runtime wants its element type, not its shape.</summary>
    public OnnxModelBuilder Output(string name, ElementType type)
    {
        _model.Graph.Output.Add(
            new ValueInfoProto
            {
                Name = name,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type } },
            }
        );
        return this;
    }

    public byte[] ToBytes() => _model.ToByteArray();

    private static ValueInfoProto SequenceOf(string name, ElementType type, int[] shape)
    {
        var item = Info(name, type, [.. shape.Select(s => (object)s)]).Type;
        if (shape.Length == 0)
        {
            item.TensorType.Shape = null;
        }

        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = item } },
        };
    }

    private static ValueInfoProto Info(string name, ElementType type, object[] shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = new TensorShapeProto() };
        tensor.Shape.Dim.AddRange(
            shape.Select(s =>
                s is string symbol
                    ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                    : new TensorShapeProto.Types.Dimension { DimValue = (int)s }
            )
        );
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = tensor },
        };
    }

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case int or long:
                attribute.Type = AttributeProto.Types.AttributeType.Int;
                attribute.I = Convert.ToInt64(value);
                break;
            case float number:
                attribute.Type = AttributeProto.Types.AttributeType.Float;
                attribute.F = number;
                break;
            case string text:
                attribute.Type = AttributeProto.Types.AttributeType.String;
                attribute.S = ByteString.CopyFromUtf8(text);
                break;
            case int[] integers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(integers.Select(i => (long)i));
                break;
            case long[] integers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(integers);
                break;
            case float[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Floats;
                attribute.Floats.AddRange(numbers);
                break;
            case string[] texts:
                attribute.Type = AttributeProto.Types.AttributeType.Strings;
                attribute.Strings.AddRange(texts.Select(ByteString.CopyFromUtf8));
                break;
            case Tensor tensor:
                attribute.Type = AttributeProto.Types.AttributeType.Tensor;
                attribute.T = ToProto(tensor);
                break;
            case OnnxModelBuilder subgraph:
                attribute.Type = AttributeProto.Types.AttributeType.Graph;
                attribute.G = subgraph.Proto.Graph;
                break;
            default:
                throw new ArgumentException($"attribute '{name}' has a value of type {value.GetType()}", nameof(value));
        }

        return attribute;
    }

    private static TensorProto ToProto(Tensor tensor)
    {
        var proto = new TensorProto
        {
            DataType = (int)tensor.Element,
            RawData = ByteString.CopyFrom(Elements.InFile(new NamedTensor("", tensor.Type, Elements.From(tensor)))),
        };
        proto.Dims.AddRange(tensor.Shape.Select(d => (long)d));
        return proto;
    }
}
