using ModelCompiler.Diagnostics;

namespace ModelCompiler.Graphs;

/// <summary>
/// What a node computes: an immutable record of attributes that are already resolved (axes normalised, optional inputs that
/// must be constant turned into attributes), with the rule for its output types. How it is imported, lowered and emitted
/// stands in those stages and is found by type.
/// </summary>
public abstract record Operator
{
    /// <summary>The name that diagnostics and listings use: ONNX's, where there is one.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>The types of the outputs.</summary>
    /// <exception cref="ShapeException">The inputs break one of the operator's rules.</exception>
    public abstract TensorType[] Infer(InferenceContext context);

    /// <summary>Multiply-accumulate operations of one evaluation; 0 for operators that have none worth counting.</summary>
    public virtual long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) => 0;
}

/// <summary>What an operator may look at to find the types of its outputs.</summary>
/// <param name="inputs">The node's inputs; null where an optional one is left out.</param>
public readonly struct InferenceContext(IReadOnlyList<Value?> inputs)
{
    /// <summary>Number of inputs, with those left out in between.</summary>
    public int Count => inputs.Count;

    /// <summary>Whether input <paramref name="index"/> is there.</summary>
    public bool Has(int index) => index < inputs.Count && inputs[index] is not null;

    /// <summary>Type of input <paramref name="index"/>.</summary>
    /// <exception cref="ShapeException">The input is left out.</exception>
    public TensorType Type(int index) => Has(index) ? inputs[index]!.Type : throw new ShapeException($"input {index} is missing");

    /// <summary>Shape of input <paramref name="index"/>.</summary>
    /// <exception cref="ShapeException">The input is left out.</exception>
    public TensorShape Shape(int index) => Type(index).Shape;

    /// <summary>Element type of input <paramref name="index"/>.</summary>
    /// <exception cref="ShapeException">The input is left out.</exception>
    public ElementType Element(int index) => Type(index).Element;

    /// <summary>Checks that input <paramref name="index"/> has one of the given element types.</summary>
    /// <exception cref="ProblemException">It has another one: a form that is not supported.</exception>
    public void Require(int index, params ElementType[] allowed)
    {
        if (!allowed.Contains(Element(index)))
        {
            throw new ProblemException(
                ProblemKinds.UnsupportedForm,
                $"input {index} is {Type(index)}; supported element types: {string.Join(", ", allowed)}"
            );
        }
    }

    /// <summary>Checks that all inputs that are there have the element type of the first.</summary>
    /// <exception cref="ShapeException">Two differ.</exception>
    public ElementType RequireSameElement()
    {
        var first = Element(0);
        for (var i = 1; i < inputs.Count; i++)
        {
            if (Has(i) && Element(i) != first)
            {
                throw new ShapeException($"input 0 is {Type(0)} but input {i} is {Type(i)}; both must have one element type");
            }
        }

        return first;
    }
}
