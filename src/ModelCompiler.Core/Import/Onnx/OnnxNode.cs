using System.Collections.Immutable;
using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>Turns one ONNX node into nodes of the graph and returns its outputs, in order.</summary>
internal delegate ImmutableArray<Value> OnnxImport(OnnxNode node, GraphBuilder graph);

/// <summary>A node as operator importers see it: attributes by name, inputs as values, the opset version of its domain.</summary>
internal sealed class OnnxNode(NodeProto proto, string name, int opset, ImmutableArray<Value?> inputs, Func<TensorProto, Tensor> readTensor)
{
    public string Name { get; } = name;

    public string OpType => proto.OpType;

    /// <summary>The same node with other values in the place of its inputs.</summary>
    public OnnxNode WithInputs(ImmutableArray<Value?> others) => new(proto, Name, Opset, others, readTensor);

    public string Domain => OnnxDomains.Normalise(proto.Domain);

    /// <summary>Version of the operator set of the node's domain that the model asks for.</summary>
    public int Opset { get; } = opset;

    public ImmutableArray<Value?> Inputs { get; } = inputs;

    public int OutputCount => proto.Output.Count;

    /// <summary>Whether output <paramref name="index"/> is named, so that somebody may read it.</summary>
    public bool HasOutput(int index) => index < proto.Output.Count && proto.Output[index].Length > 0;

    public bool HasInput(int index) => index < Inputs.Length && Inputs[index] is not null;

    public Value Input(int index) => HasInput(index) ? Inputs[index]! : throw new ShapeException($"input {index} is missing");

    public Value? OptionalInput(int index) => HasInput(index) ? Inputs[index] : null;

    /// <summary>The value of an input that must be known at compile time.</summary>
    public Tensor ConstantInput(int index, string meaning) =>
        Input(index).Constant
        ?? throw Unsupported($"{meaning} (input {index}, '{Input(index).Name}') is computed at run time; it must be constant");

    /// <summary>The same for an input that may be left out.</summary>
    public Tensor? OptionalConstantInput(int index, string meaning) => HasInput(index) ? ConstantInput(index, meaning) : null;

    /// <summary>The one integer of an input that must be known at compile time.</summary>
    public long ConstantInteger(int index, string meaning) => One(ConstantInput(index, meaning), meaning).ToLongs()[0];

    /// <summary>The same for an input that may be left out.</summary>
    public long? OptionalConstantInteger(int index, string meaning) => HasInput(index) ? ConstantInteger(index, meaning) : null;

    /// <summary>A tensor that has to have one element.</summary>
    public static Tensor One(Tensor tensor, string meaning) =>
        tensor.Shape.Elements == 1 ? tensor : throw new ShapeException($"{meaning} has to be one number, found {tensor.Type}");

    public bool HasAttribute(string attribute) => Find(attribute) is not null;

    public long Int(string attribute, long otherwise) => Find(attribute)?.I ?? otherwise;

    public float Float(string attribute, float otherwise) => Find(attribute)?.F ?? otherwise;

    public string Text(string attribute, string otherwise) => Find(attribute)?.S.ToStringUtf8() ?? otherwise;

    /// <summary>The integers of a list attribute; null where it is left out.</summary>
    public long[]? Ints(string attribute) => Find(attribute) is { } found ? [.. found.Ints] : null;

    /// <summary>The numbers of a list attribute; null where it is left out.</summary>
    public float[]? Floats(string attribute) => Find(attribute) is { } found ? [.. found.Floats] : null;

    /// <summary>The strings of a list attribute; null where it is left out.</summary>
    public string[]? Texts(string attribute) => Find(attribute) is { } found ? [.. found.Strings.Select(s => s.ToStringUtf8())] : null;

    /// <summary>The tensor of an attribute; null where it is left out.</summary>
    public Tensor? Tensor(string attribute) => Find(attribute) is { T: { } tensor } ? readTensor(tensor) : null;

    public long RequiredInt(string attribute) => Find(attribute)?.I ?? throw new ShapeException($"attribute '{attribute}' is missing");

    /// <summary>The same node with another value for one input.</summary>
    public OnnxNode WithInput(int index, Value value) => new(proto, Name, Opset, Inputs.SetItem(index, value), readTensor);

    /// <summary>A problem of a form of the operator that is not supported; say what is.</summary>
    public ProblemException Unsupported(string message) => new(ProblemKinds.UnsupportedForm, message);

    /// <summary>The same where the form is not supported for a reason that whole operators are refused for too.</summary>
    public ProblemException Unsupported(string message, Refusal refusal) => refusal.Of(ProblemKinds.UnsupportedForm, message);

    private AttributeProto? Find(string attribute) => proto.Attribute.FirstOrDefault(a => a.Name == attribute);
}

/// <summary>Names of operator set domains.</summary>
internal static class OnnxDomains
{
    public const string MachineLearning = "ai.onnx.ml";
    public const string Microsoft = "com.microsoft";

    public const string Training = "ai.onnx.preview.training";

    /// <summary>Operators of ONNX that may still change.</summary>
    public const string Preview = "ai.onnx.preview";

    /// <summary>The default domain may be written in two ways.</summary>
    public static string Normalise(string domain) => domain == "ai.onnx" ? "" : domain;
}
