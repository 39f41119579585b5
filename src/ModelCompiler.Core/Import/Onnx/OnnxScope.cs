using Google.Protobuf.Collections;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>The names that nodes of one body can see: the model's graph, one call of a model-local function, or one run of a subgraph.</summary>
internal sealed class OnnxScope
{
    /// <summary>Far deeper than what exporters write; import calls itself for each level.</summary>
    private const int MaxDepth = 32;

    // A null value stands for one whose producer failed: its readers are checked no further than for their operator.
    private readonly Dictionary<string, OnnxValue?> _values = new(StringComparer.Ordinal);
    private readonly RepeatedField<OperatorSetIdProto> _opsets;
    private readonly IReadOnlyDictionary<string, AttributeProto> _arguments;
    private readonly OnnxScope? _outer;

    private OnnxScope(
        string prefix,
        RepeatedField<OperatorSetIdProto> opsets,
        IReadOnlyDictionary<string, AttributeProto> arguments,
        OnnxScope? outer,
        bool inFunction,
        int depth
    )
    {
        if (depth > MaxDepth)
        {
            throw new LimitExceededException($"functions call each other, or subgraphs are nested, more than {MaxDepth} levels deep");
        }

        (Prefix, _opsets, _arguments, _outer, InFunction, Depth) = (prefix, opsets, arguments, outer, inFunction, depth);
    }

    /// <summary>The scope of a model's graph.</summary>
    public static OnnxScope OfModel(ModelProto model) =>
        new("", model.OpsetImport, new Dictionary<string, AttributeProto>(), null, inFunction: false, 0);

    /// <summary>The scope of a function's body, which sees nothing of the caller but what it is given.</summary>
    /// <param name="function">The function.</param>
    /// <param name="name">Name of the calling node; goes before the names of nodes of the body.</param>
    /// <param name="arguments">Attributes of the call, which nodes of the body may refer to.</param>
    /// <exception cref="LimitExceededException">Bodies are nested too deeply.</exception>
    public OnnxScope EnterFunction(FunctionProto function, string name, IReadOnlyDictionary<string, AttributeProto> arguments) =>
        new(name + "/", function.OpsetImport, arguments, null, inFunction: true, Depth + 1);

    /// <summary>The scope of a subgraph: it sees all that is known here so far, and what it defines is its own.</summary>
    /// <param name="prefix">Goes before the names of nodes of the subgraph.</param>
    /// <exception cref="LimitExceededException">Bodies are nested too deeply.</exception>
    public OnnxScope EnterSubgraph(string prefix) => new(prefix, _opsets, _arguments, this, InFunction, Depth + 1);

    /// <summary>Goes before the names of nodes, so that those of inlined bodies say where they come from.</summary>
    public string Prefix { get; }

    /// <summary>Whether the body is a function's, or lies within one: a name that nobody gives may be an input that the call left out.</summary>
    public bool InFunction { get; }

    private int Depth { get; }

    public bool TryGet(string name, out OnnxValue? value)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._values.TryGetValue(name, out value))
            {
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>Whether this body itself defines a name.</summary>
    public bool Defines(string name) => _values.ContainsKey(name);

    /// <summary>Gives a name its value, or marks it as failed. False where this body has given it one already.</summary>
    public bool TryAdd(string name, OnnxValue? value)
    {
        if (_values.ContainsKey(name))
        {
            return false;
        }

        _values.Add(name, value);
        return true;
    }

    /// <summary>Gives a name its value.</summary>
    /// <exception cref="ProblemException">This body has given it one already.</exception>
    public void Define(string name, OnnxValue? value)
    {
        if (!TryAdd(name, value))
        {
            throw new ProblemException(ProblemKinds.BrokenGraph, $"the name '{name}' is defined twice");
        }
    }

    /// <summary>Gives a name a tensor.</summary>
    /// <exception cref="ProblemException">This body has given it a value already.</exception>
    public void Define(string name, Value value) => Define(name, new OnnxTensor(value));

    /// <summary>The version of a domain's operator set; 1 where the body does not import the domain.</summary>
    public int OpsetOf(string domain) =>
        (int)Math.Min(_opsets.FirstOrDefault(o => OnnxDomains.Normalise(o.Domain) == domain)?.Version ?? 1, int.MaxValue);

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
            else if (_arguments.TryGetValue(attribute.RefAttrName, out var given))
            {
                var copy = given.Clone();
                copy.Name = attribute.Name;
                bound.Attribute.Add(copy);
            }
        }

        return bound;
    }
}
