using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>An ONNX model that is being rewritten: the message, and who makes and reads which value.</summary>
public sealed class OnnxModel
{
    private readonly OnnxTensorReader _reader;
    private readonly Dictionary<string, TensorProto> _constants;
    private readonly Dictionary<string, Tensor> _read = new(StringComparer.Ordinal);
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
    private Dictionary<string, NodeProto>? _producers;
    private ILookup<string, NodeProto>? _consumers;

    private OnnxModel(ModelProto proto, ModelSource source)
    {
        Proto = proto;
        _reader = new OnnxTensorReader(source);
        _constants = proto.Graph.Initializer.ToDictionary(i => i.Name, StringComparer.Ordinal);
        // Before IR version 4 initialisers are listed as inputs too; here they are constants and nothing else.
        foreach (var input in Graph.Input.Where(i => _constants.ContainsKey(i.Name)).ToList())
        {
            Graph.Input.Remove(input);
        }
    }

    /// <summary>The message.</summary>
    public ModelProto Proto { get; }

    /// <summary>The graph.</summary>
    public GraphProto Graph => Proto.Graph;

    /// <summary>What a caller gives to the model; a dimension that is not known is 1.</summary>
    public IReadOnlyList<ModelPort> Inputs =>
        [
            .. Graph
                .Input.Where(i => i.Type?.TensorType?.Shape is not null)
                .Select(i => new ModelPort(
                    i.Name,
                    new TensorType(
                        (ElementType)i.Type.TensorType.ElemType,
                        new TensorShape(i.Type.TensorType.Shape.Dim.Select(d => (int)Math.Max(d.DimValue, 1)))
                    )
                )),
        ];

    /// <summary>Version of ONNX's own operators.</summary>
    public long Opset => Proto.OpsetImport.FirstOrDefault(o => OnnxDomains.Normalise(o.Domain).Length == 0)?.Version ?? 1;

    /// <summary>Reads a model; data that lie in other files become part of it.</summary>
    /// <exception cref="CompressionException">The file is not a readable ONNX model.</exception>
    public static OnnxModel Read(ModelSource source)
    {
        try
        {
            var proto = OnnxParser.ParseModel(source.Bytes);
            if (proto.Graph is null)
            {
                throw new CompressionException($"{source.Path}: the file has no graph");
            }

            var model = new OnnxModel(proto, source);
            foreach (var external in proto.Graph.Initializer.Where(i => i.DataLocation == TensorProto.Types.DataLocation.External))
            {
                external.RawData = ByteString.CopyFrom(model._reader.Read(external).Bytes);
                external.ClearDataLocation();
                external.ExternalData.Clear();
            }

            return model;
        }
        catch (Exception e) when (e is ProblemException or ArgumentException)
        {
            throw new CompressionException($"{source.Path}: {e.Message}", e);
        }
    }

    /// <summary>The elements of a value that is known at compile time.</summary>
    public Tensor? Constant(string name)
    {
        if (!_constants.TryGetValue(name, out var proto))
        {
            return null;
        }

        if (!_read.TryGetValue(name, out var tensor))
        {
            tensor = _reader.Read(proto);
            _read.Add(name, tensor);
        }

        return tensor;
    }

    /// <summary>The node that computes a value.</summary>
    public NodeProto? Producer(string name) =>
        (
            _producers ??= Graph
                .Node.SelectMany(n => n.Output.Where(o => o.Length > 0).Select(o => (o, n)))
                .ToDictionary(p => p.o, p => p.n)
        ).GetValueOrDefault(name);

    /// <summary>The nodes that read a value, each once; a node reads what the graphs in its attributes read.</summary>
    public IEnumerable<NodeProto> Consumers(string name) =>
        (_consumers ??= Graph.Node.SelectMany(n => Reads(n).Distinct().Select(i => (i, n))).ToLookup(p => p.i, p => p.n))[name];

    /// <summary>The only node that reads a value which is no graph output.</summary>
    public NodeProto? OnlyConsumer(string name) => !IsOutput(name) && Consumers(name).ToList() is [var node] ? node : null;

    /// <summary>Whether a value is one of the graph's outputs.</summary>
    public bool IsOutput(string name) => Graph.Output.Any(o => o.Name == name);

    /// <summary>Adds a constant under a name that no other value has.</summary>
    /// <returns>The name, which is the wanted one where that is free.</returns>
    public string AddConstant<T>(string wanted, ElementType element, IEnumerable<int> shape, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        var name = UniqueName(wanted);
        var proto = OnnxMessages.Initializer(name, element, shape, elements);
        Graph.Initializer.Add(proto);
        _constants.Add(name, proto);
        return name;
    }

    /// <summary>Gives a constant other elements, and another shape where that changes.</summary>
    public void SetConstant(string name, Tensor tensor)
    {
        var proto = _constants[name];
        // Files hold several elements of few bits in a byte.
        var bytes = PackedElements.ArePacked(tensor.Element) ? PackedElements.Pack(tensor.Bytes, tensor.Element) : tensor.Bytes;
        var changed = OnnxMessages.Initializer(name, tensor.Element, tensor.Shape, bytes);
        Graph.Initializer[Graph.Initializer.IndexOf(proto)] = changed;
        _constants[name] = changed;
        _read[name] = tensor;
    }

    /// <summary>Makes a node's constant output an initialiser.</summary>
    public void AddConstant(string name, TensorProto proto)
    {
        var constant = proto.Clone();
        constant.Name = name;
        Graph.Initializer.Add(constant);
        _constants.Add(name, constant);
    }

    /// <summary>A name for a new value.</summary>
    public string UniqueName(string wanted)
    {
        var name = wanted;
        for (var number = 2; IsTaken(name) || !_given.Add(name); number++)
        {
            name = $"{wanted}_{number}";
        }

        return name;
    }

    /// <summary>Replaces all nodes.</summary>
    public void SetNodes(IReadOnlyList<NodeProto> nodes)
    {
        var copy = nodes.ToList();
        Graph.Node.Clear();
        Graph.Node.AddRange(copy);
        NodesChanged();
    }

    /// <summary>To be called after nodes or their inputs and outputs were changed.</summary>
    public void NodesChanged()
    {
        _producers = null;
        _consumers = null;
    }

    /// <summary>Removes the constants that nothing reads.</summary>
    public void RemoveUnusedConstants()
    {
        foreach (var unused in Graph.Initializer.Where(i => !Consumers(i.Name).Any() && !IsOutput(i.Name)).ToList())
        {
            Graph.Initializer.Remove(unused);
            _constants.Remove(unused.Name);
        }
    }

    private bool IsTaken(string name) => _constants.ContainsKey(name) || Producer(name) is not null || Graph.Input.Any(i => i.Name == name);

    /// <summary>The values that a node reads, those included that the graphs in its attributes read.</summary>
    internal static IEnumerable<string> Reads(NodeProto node) =>
        node
            .Input.Where(i => i.Length > 0)
            .Concat(node.Attribute.SelectMany(a => a.G is null ? a.Graphs : [a.G, .. a.Graphs]).SelectMany(g => g.Node).SelectMany(Reads));
}
