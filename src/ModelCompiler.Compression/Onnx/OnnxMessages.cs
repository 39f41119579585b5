using System.Runtime.InteropServices;
using Google.Protobuf;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>Makes the messages of which an ONNX file consists.</summary>
public static class OnnxMessages
{
    /// <summary>A model with an empty graph.</summary>
    /// <param name="name">Name of the graph.</param>
    /// <param name="opset">Version of ONNX's own operators.</param>
    public static ModelProto Model(string name, int opset)
    {
        var model = new ModelProto
        {
            IrVersion = 8,
            ProducerName = "modelc",
            Graph = new GraphProto { Name = name },
        };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = opset });
        return model;
    }

    /// <summary>A graph input or output of fixed shape.</summary>
    public static ValueInfoProto Port(string name, TensorType type)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type.Element, Shape = new TensorShapeProto() };
        tensor.Shape.Dim.AddRange(type.Shape.Select(s => new TensorShapeProto.Types.Dimension { DimValue = s }));
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = tensor },
        };
    }

    /// <summary>An initialiser.</summary>
    public static TensorProto Initializer<T>(string name, ElementType element, IEnumerable<int> shape, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        var tensor = new TensorProto
        {
            Name = name,
            DataType = (int)element,
            RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(elements)),
        };
        tensor.Dims.AddRange(shape.Select(s => (long)s));
        return tensor;
    }

    /// <summary>A node of ONNX's own operators.</summary>
    public static NodeProto Node(
        string name,
        string operatorType,
        IEnumerable<string> inputs,
        string output,
        params AttributeProto[] attributes
    )
    {
        var node = new NodeProto { Name = name, OpType = operatorType };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        node.Attribute.AddRange(attributes);
        return node;
    }

    /// <summary>An attribute that is an integer.</summary>
    public static AttributeProto Attribute(string name, long value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Int,
            I = value,
        };

    /// <summary>An attribute that is a number.</summary>
    public static AttributeProto Attribute(string name, float value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Float,
            F = value,
        };

    /// <summary>An attribute that is text.</summary>
    public static AttributeProto Attribute(string name, string value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.String,
            S = ByteString.CopyFromUtf8(value),
        };

    /// <summary>An attribute that is a list of integers.</summary>
    public static AttributeProto Attribute(string name, params long[] values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    /// <summary>An attribute of a node; null where it is not given.</summary>
    public static AttributeProto? Find(NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name);
}
