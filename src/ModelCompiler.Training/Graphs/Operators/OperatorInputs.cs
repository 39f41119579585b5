using ModelCompiler.Graphs;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Computes the outputs of a node so that gradients flow back to its inputs.</summary>
internal delegate Tensor[] Compute<in TOperator>(TOperator op, OperatorInputs inputs)
    where TOperator : Operator;

/// <summary>What the function of an operator may look at.</summary>
/// <param name="node">The node, with the types of its inputs and outputs.</param>
/// <param name="tensors">Its inputs; null where an optional one is left out.</param>
/// <param name="isTraining">Whether the statistics of the batch count, rather than those of the model.</param>
/// <param name="rounds">Whether quantised numbers are integers.</param>
internal sealed class OperatorInputs(Node node, IReadOnlyList<Tensor?> tensors, Func<Value, bool> isTraining, bool rounds)
{
    /// <summary>Whether quantised numbers are integers; else they are what is rounded to integers.</summary>
    public bool Rounds => rounds;

    /// <summary>Input <paramref name="index"/>, which has to be there.</summary>
    public Tensor this[int index] => tensors[index] ?? throw new InvalidOperationException($"{node} has no input {index}");

    /// <summary>Number of inputs.</summary>
    public int Count => tensors.Count;

    /// <summary>Input <paramref name="index"/>, or null where it is left out.</summary>
    public Tensor? Optional(int index) => index < tensors.Count ? tensors[index] : null;

    /// <summary>Shape of input <paramref name="index"/>.</summary>
    public TensorShape Shape(int index) => node.Input(index).Shape;

    /// <summary>Type of output <paramref name="index"/>.</summary>
    public TensorType Output(int index = 0) => node.Outputs[index].Type;

    /// <summary>Element type of input <paramref name="index"/>.</summary>
    public ElementType Element(int index) => node.Input(index).Element;

    /// <summary>Whether input <paramref name="index"/> is a running statistic that is to follow the batches.</summary>
    public bool FollowsBatches(int index) => isTraining(node.Input(index));
}
