using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>A node as importers of control flow see it: inputs of any kind, and subgraphs that can be run.</summary>
/// <param name="proto">The node in the file.</param>
/// <param name="plain">Its attributes, and those of its inputs that are tensors.</param>
/// <param name="inputs">Its inputs; null where one is left out.</param>
/// <param name="scope">The body that it stands in.</param>
/// <param name="graph">Where nodes go.</param>
/// <param name="bodies">What reads subgraphs.</param>
internal sealed class ControlNode(
    NodeProto proto,
    OnnxNode plain,
    ImmutableArray<OnnxValue?> inputs,
    OnnxScope scope,
    GraphBuilder graph,
    OnnxBodyImport bodies
)
{
    public string Name => plain.Name;

    public int Opset => plain.Opset;

    /// <summary>The node's attributes, and its inputs as far as they are tensors.</summary>
    public OnnxNode Plain => plain;

    public GraphBuilder Graph => graph;

    public OnnxBodyImport Bodies => bodies;

    public ImmutableArray<OnnxValue?> Inputs => inputs;

    /// <summary>Every output failed: what is wrong is reported already.</summary>
    public ImmutableArray<OnnxValue?> Failed => [.. proto.Output.Select(_ => (OnnxValue?)null)];

    /// <summary>Name of an output in the model, for diagnostics.</summary>
    public string OutputName(int index) => index < proto.Output.Count ? proto.Output[index] : $"{index}";

    public bool HasInput(int index) => index < inputs.Length && inputs[index] is not null;

    /// <summary>An input of any kind.</summary>
    public OnnxValue Input(int index) => HasInput(index) ? inputs[index]! : throw new ShapeException($"input {index} is missing");

    public Value Tensor(int index) => Input(index) is OnnxTensor tensor ? tensor.Value : throw Unexpected(index, "a tensor");

    public Value? OptionalTensor(int index) => HasInput(index) ? Tensor(index) : null;

    public ImmutableArray<Value> Sequence(int index) =>
        Input(index) is OnnxSequence sequence ? sequence.Items : throw Unexpected(index, "a sequence");

    /// <summary>The integer of an input of one element that must be known at compile time.</summary>
    public long ConstantInteger(int index, string meaning)
    {
        _ = Tensor(index);
        return plain.ConstantInput(index, meaning).ToLongs() is [var single]
            ? single
            : throw new ShapeException($"{meaning} (input {index}) must be one number, found {Tensor(index).Type}");
    }

    public GraphProto Subgraph(string attribute) =>
        proto.Attribute.FirstOrDefault(a => a.Name == attribute)?.G ?? throw new ShapeException($"attribute '{attribute}' is missing");

    /// <summary>Runs a subgraph: its nodes go into <paramref name="into"/>. Null where it has failed, which is reported.</summary>
    /// <param name="body">The subgraph.</param>
    /// <param name="part">Goes between the name of this node and those of the subgraph's; empty for none.</param>
    /// <param name="given">The subgraph's inputs.</param>
    /// <param name="into">Where its nodes go.</param>
    public ImmutableArray<OnnxValue>? Run(GraphProto body, string part, IReadOnlyList<OnnxValue> given, GraphBuilder into)
    {
        var prefix = part.Length > 0 ? $"{Name}/{part}/" : scope.Prefix;
        var outputs = bodies.ReadSubgraph(body, scope.EnterSubgraph(prefix), given, into);
        into.CurrentName = Name;
        return outputs;
    }

    /// <summary>Checks what a body gives that is compiled as such: its sizes must not depend on the data.</summary>
    /// <exception cref="ProblemException">One does.</exception>
    public static void RequireSizes(IEnumerable<Value> values)
    {
        if (values.FirstOrDefault(v => v.RunTimeSize is not null) is { } sized)
        {
            throw new ProblemException(
                ProblemKinds.UnsupportedForm,
                $"'{sized.Name}' has a size that depends on the data; this is not supported for what branches and loops give"
            );
        }
    }

    private ShapeException Unexpected(int index, string expected) =>
        new($"input {index} ('{proto.Input[index]}') is {Input(index).Description}; {expected} was expected");

    public ProblemException Unsupported(string message) => new(ProblemKinds.UnsupportedForm, message);
}
