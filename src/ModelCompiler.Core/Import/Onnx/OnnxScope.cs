using Google.Protobuf.Collections;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>The names that nodes of one body can see: the model's graph, or one call of a model-local function.</summary>
/// <param name="prefix">Goes before the names of nodes, so that those of inlined functions say where they come from.</param>
/// <param name="opsets">Versions of the operator sets that the body was written for.</param>
/// <param name="arguments">Attributes of the function call, which nodes of the body may refer to.</param>
/// <param name="depth">How many calls deep this scope is.</param>
internal sealed class OnnxScope(
    string prefix,
    RepeatedField<OperatorSetIdProto> opsets,
    IReadOnlyDictionary<string, AttributeProto> arguments,
    int depth
)
{
    // A null value stands for one whose producer failed: its readers are checked no further than for their operator.
    private readonly Dictionary<string, Value?> _values = new(StringComparer.Ordinal);

    public string Prefix { get; } = prefix;

    public int Depth { get; } = depth;

    public bool TryGet(string name, out Value? value) => _values.TryGetValue(name, out value);

    public bool Contains(string name) => _values.ContainsKey(name);

    /// <summary>Gives a name its value, or marks it as failed. False where the name has one already.</summary>
    public bool TryAdd(string name, Value? value)
    {
        if (_values.ContainsKey(name))
        {
            return false;
        }

        _values.Add(name, value);
        return true;
    }

    /// <summary>The version of a domain's operator set; 1 where the body does not import the domain.</summary>
    public int OpsetOf(string domain) =>
        (int)Math.Min(opsets.FirstOrDefault(o => OnnxDomains.Normalise(o.Domain) == domain)?.Version ?? 1, int.MaxValue);

    /// <summary>The node with references to the function's attributes replaced by what the call gave.</summary>
    public NodeProto Bind(NodeProto node)
    {
        if (node.Attribute.All(a => a.RefAttrName.Length == 0))
        {
            return node;
        }

        var bound = node.Clone();
        bound.Attribute.Clear();
        foreach (var attribute in node.Attribute)
        {
            if (attribute.RefAttrName.Length == 0)
            {
                bound.Attribute.Add(attribute);
            }
            else if (arguments.TryGetValue(attribute.RefAttrName, out var given))
            {
                var copy = given.Clone();
                copy.Name = attribute.Name;
                bound.Attribute.Add(copy);
            }
        }

        return bound;
    }
}
