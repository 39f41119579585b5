using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>A model around one node whose inputs and attributes a form chooses.</summary>
/// <param name="op">The operator.</param>
/// <param name="domain">Its domain.</param>
/// <param name="version">Version of its operator set.</param>
/// <param name="element">The element type that is tried.</param>
internal sealed class ProbeModel(string op, string domain, int version, ElementType element)
{
    /// <summary>For operators of other domains, what stands around them.</summary>
    private const int Standard = 21;

    private readonly OnnxModelBuilder _model = New(domain, version);
    private int _inputs;

    public ElementType Element => element;

    public OnnxModelBuilder Builder => _model;

    /// <summary>An input of the element type that is tried.</summary>
    public string X(params int[] shape) => In(element, shape);

    /// <summary>An input of another element type.</summary>
    public string In(ElementType type, params int[] shape) => _model.Input($"x{_inputs++}", type, shape);

    /// <summary>A constant of the element type that is tried.</summary>
    public string Zeros(params int[] shape) => Zeros(element, shape);

    public string Zeros(ElementType type, params int[] shape) => _model.Constant(ZerosOf(type, shape));

    public static Tensor ZerosOf(ElementType type, params int[] shape) =>
        new TensorType(type, new TensorShape(shape)) is var of ? Tensor.FromBytes(of, new byte[of.Bytes]) : null!;

    public string Ones(params int[] shape) => _model.Constant(shape, [.. Enumerable.Repeat(1f, new TensorShape(shape).Elements)]);

    public string Integers(params long[] values) => _model.Constant(Tensor.Longs(values));

    public string Integer(long value) => _model.Constant(Tensor.Longs(value).Reshape(TensorShape.Scalar));

    /// <summary>A constant of the element type that is tried, with a value.</summary>
    public string Number(long value) => _model.Node("Cast", [Integer(value)], ("to", (int)element));

    /// <summary>A tensor of the element type that is tried, with its scale and zero point.</summary>
    public string[] Quantised(string x) => [x, Ones(), Zeros()];

    /// <summary>A sequence of two tensors of the element type that is tried.</summary>
    public string Sequence() => _model.Node("SequenceConstruct", [X(2, 3), X(2, 3)]);

    /// <summary>A subgraph that gives out what the inputs have or, without inputs, a value of the graph around it.</summary>
    public OnnxModelBuilder Body((ElementType Element, int[] Shape)[] inputs, string? outer = null, int skipped = 0)
    {
        var body = OnnxModelBuilder.Subgraph($"body{_inputs++}");
        string[] given = [.. inputs.Select((input, i) => body.Input($"in{i}", input.Element, input.Shape))];
        foreach (var value in outer is null ? given.Skip(skipped) : [outer])
        {
            body.Output(body.Node("Identity", [value]), element);
        }

        return body;
    }

    /// <summary>Adds the node, and makes its first output the model's.</summary>
    public void Node(IReadOnlyList<string?> inputs, params (string Name, object Value)[] attributes) =>
        _model.Output(_model.Node(op, domain, [.. inputs], attributes)[0], element);

    public bool Compiles()
    {
        var options = new CompileOptions { Target = Target.Find("portable")! };
        return ModelCompilation.Compile(new ModelSource("probe.onnx", _model.ToBytes(), _ => null), options).Succeeded;
    }

    private static OnnxModelBuilder New(string domain, int version) =>
        domain.Length == 0 ? new(Math.Max(version, 7)) : new OnnxModelBuilder(Standard, microsoftOpset: 1).Opset(domain, version);
}
