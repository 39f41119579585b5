using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>Finds out which channels of a model can only be removed together, by one rule an operator.</summary>
internal sealed class Coupling
{
    private readonly ValueShapes _shapes;
    private readonly List<Action> _late = [];
    private readonly HashSet<(string Tensor, int Axis)> _produced = [];
    private readonly HashSet<string> _scales = new(StringComparer.Ordinal);

    private Coupling(OnnxModel model, ValueShapes shapes)
    {
        Model = model;
        _shapes = shapes;
    }

    /// <summary>The model.</summary>
    public OnnxModel Model { get; }

    /// <summary>What goes together.</summary>
    public ChannelUnits Units { get; } = new();

    /// <summary>Looks at a whole model.</summary>
    public static Coupling Of(OnnxModel model, ValueShapes shapes)
    {
        var coupling = new Coupling(model, shapes);
        foreach (var node in model.Graph.Node)
        {
            coupling.Apply(node);
        }

        // What callers give and take keeps its shape.
        foreach (var port in model.Graph.Input.Concat(model.Graph.Output))
        {
            coupling.Fix(port.Name);
        }

        foreach (var decision in coupling._late)
        {
            decision();
        }

        return coupling;
    }

    /// <summary>The shape of a value; null where it is not known.</summary>
    public TensorShape? Shape(string value)
    {
        if (value.Length == 0 || _shapes.Find(value) is not { } shape)
        {
            return null;
        }

        Units.Add(value, shape);
        return shape;
    }

    /// <summary>Whether the slices of a constant's dimension make one output channel each.</summary>
    public bool IsProduced(string tensor, int axis) => _produced.Contains((tensor, axis));

    /// <summary>Whether a constant is the scale of a batch normalisation.</summary>
    public bool IsScale(string tensor) => _scales.Contains(tensor);

    /// <summary>Says that each slice of a constant's dimension makes one output channel.</summary>
    public void Produces(string tensor, int axis)
    {
        if (QuantisedConstant.Behind(Model, tensor) is { } quantised)
        {
            _produced.Add((quantised.Name, axis));
        }
        else if (Model.Constant(tensor) is { Element: ElementType.Float32 })
        {
            _produced.Add((tensor, axis));
        }
    }

    /// <summary>Says that a constant is the scale of a batch normalisation.</summary>
    public void Scales(string tensor) => _scales.Add(tensor);

    /// <summary>Two dimensions of one size lose the same places.</summary>
    public void Join(string first, int firstAxis, string second, int secondAxis)
    {
        for (var i = 0; i < Shape(first)![firstAxis]; i++)
        {
            Units.Join(new Slice(first, firstAxis, i), new Slice(second, secondAxis, i));
        }
    }

    /// <summary>Dimensions of two tensors, counted from the last one, lose the same places where they have the same size.</summary>
    public void JoinBroadcast(string first, string second)
    {
        var (a, b) = (Shape(first)!, Shape(second)!);
        for (var axis = 1; axis <= Math.Min(a.Rank, b.Rank); axis++)
        {
            if (a[a.Rank - axis] == b[b.Rank - axis])
            {
                Join(first, a.Rank - axis, second, b.Rank - axis);
            }
        }
    }

    /// <summary>A dimension keeps its size.</summary>
    public void Fix(string value, int axis)
    {
        for (var i = 0; i < (Shape(value)?[axis] ?? 0); i++)
        {
            Units.Fix(new Slice(value, axis, i));
        }
    }

    /// <summary>A tensor keeps its shape.</summary>
    public void Fix(string value)
    {
        for (var axis = 0; axis < (Shape(value)?.Rank ?? 0); axis++)
        {
            Fix(value, axis);
        }
    }

    /// <summary>Leaves a choice until everything that has none is known.</summary>
    public void Later(Action decision) => _late.Add(decision);

    /// <summary>Everything that a node reads and computes keeps its shape.</summary>
    public void FixAll(NodeProto node)
    {
        foreach (var value in OnnxModel.Reads(node).Concat(node.Output))
        {
            Fix(value);
        }
    }

    private void Apply(NodeProto node)
    {
        var known = node.Input.Concat(node.Output).Where(v => v.Length > 0).All(v => Shape(v) is not null);
        if (!known || CouplingRules.Find(node) is not { } rule || !rule(this, node))
        {
            FixAll(node);
        }
    }
}
