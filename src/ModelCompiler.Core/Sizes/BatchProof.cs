using ModelCompiler.Graphs;

namespace ModelCompiler.Sizes;

/// <summary>Says of a network's inputs and outputs where they hold the items of a batch that do not influence each other.</summary>
/// <param name="Inputs">The dimension of each input that is the number of items; null where all items share the input.</param>
/// <param name="Outputs">The dimension of each output that grows with the number of items; null where all items give the same.</param>
internal sealed record BatchAxes(IReadOnlyList<int?> Inputs, IReadOnlyList<int?> Outputs);

/// <summary>
/// Proves that a network may run once for each item of a batch. The graph is looked at for two numbers of items, both greater than one:
/// node for node it has to be the same, except that the dimensions of the items grow, and no operator may let items meet.
/// </summary>
internal sealed class BatchProof
{
    private readonly Graph _few;
    private readonly Graph _many;
    private readonly int _fewItems;
    private readonly int _manyItems;
    private readonly Dictionary<Value, ItemAxis?> _axes = [];
    private readonly Dictionary<Value, Value> _twins = [];

    private BatchProof(Graph few, Graph many, int fewItems, int manyItems)
    {
        (_few, _many, _fewItems, _manyItems) = (few, many, fewItems, manyItems);
    }

    /// <summary>Tries to prove it.</summary>
    /// <param name="few">The graph for the smaller number of items, at least 2.</param>
    /// <param name="many">The graph for the larger number.</param>
    /// <param name="fewItems">The smaller number.</param>
    /// <param name="manyItems">The larger number.</param>
    /// <returns>Where the items are; or why there is no proof.</returns>
    public static (BatchAxes? Axes, string Obstacle) Find(Graph few, Graph many, int fewItems, int manyItems) =>
        new BatchProof(few, many, fewItems, manyItems).Run();

    private (BatchAxes? Axes, string Obstacle) Run()
    {
        if (_few.Inputs.Length != _many.Inputs.Length || _few.Outputs.Length != _many.Outputs.Length)
        {
            return (null, "it decides how many inputs and outputs there are");
        }

        if (_few.Outputs.FirstOrDefault(o => o.IsCount || o.Size is not null) is { } counted)
        {
            return (null, $"only the data say how large '{counted.Name}' is");
        }

        for (var i = 0; i < _few.Inputs.Length; i++)
        {
            if (!TryInput(_few.Inputs[i], _many.Inputs[i]))
            {
                return (null, $"it is not the first dimension of input '{_few.Inputs[i].Name}'");
            }
        }

        if (_axes.Values.All(a => a is null))
        {
            return (null, "no input has it");
        }

        return FirstObstacle() is { } node ? (null, $"its items meet in node '{node.Name}' ({node.Operator.Name})") : Outputs();
    }

    private bool TryInput(Value few, Value many)
    {
        if (few.Type == many.Type)
        {
            return Add(few, many, null);
        }

        return BatchShapes.GrownAxis(few.Shape, many.Shape) is { } axis
            && few.Shape[axis] == _fewItems
            && few.Shape.Product(0, axis) == 1
            && Add(few, many, new ItemAxis(axis, 1));
    }

    /// <summary>The first node that lets items meet, or that is not the same for both sizes.</summary>
    private Node? FirstObstacle()
    {
        for (var i = 0; i < _few.Nodes.Length; i++)
        {
            if (i >= _many.Nodes.Length || !TryNode(_few.Nodes[i], _many.Nodes[i]))
            {
                return _few.Nodes[i];
            }
        }

        return _many.Nodes.Skip(_few.Nodes.Length).FirstOrDefault();
    }

    private bool TryNode(Node few, Node many)
    {
        if (
            few.Operator.GetType() != many.Operator.GetType()
            || few.Inputs.Length != many.Inputs.Length
            || few.Outputs.Length != many.Outputs.Length
        )
        {
            return false;
        }

        for (var i = 0; i < few.Inputs.Length; i++)
        {
            if (!AreTwins(few.Inputs[i], many.Inputs[i]))
            {
                return false;
            }
        }

        var inputs = few.Inputs.Select(v => v is null ? null : _axes[v]).ToArray();
        if (BatchRules.Outputs(new BatchNode(few, many, _fewItems, inputs)) is not { } outputs)
        {
            return false;
        }

        return Enumerable.Range(0, outputs.Count).All(i => Add(few.Outputs[i], many.Outputs[i], outputs[i]));
    }

    private bool AreTwins(Value? few, Value? many)
    {
        if (few is null || many is null)
        {
            return few is null && many is null;
        }

        return _twins.TryGetValue(few, out var twin)
            ? twin == many
            : few.Constant is not null && many.Constant is not null && TryConstant(few, many);
    }

    /// <summary>A constant is the same for both sizes, or there once for each item.</summary>
    private bool TryConstant(Value few, Value many)
    {
        if (few.Type == many.Type)
        {
            return few.Constant!.Bytes.SequenceEqual(many.Constant!.Bytes) && Add(few, many, null);
        }

        if (BatchShapes.GrownAxis(few.Shape, many.Shape) is not { } axis || few.Shape[axis] % _fewItems != 0)
        {
            return false;
        }

        return RepeatsFirstItem(few.Constant!, axis, few.Constant!, few.Shape[axis] / _fewItems, _fewItems)
            && RepeatsFirstItem(many.Constant!, axis, few.Constant!, few.Shape[axis] / _fewItems, _manyItems)
            && Add(few, many, new ItemAxis(axis, few.Shape[axis] / _fewItems));
    }

    /// <summary>Whether each item of a tensor is the first item of another.</summary>
    private static bool RepeatsFirstItem(Tensor tensor, int axis, Tensor first, int inner, int items)
    {
        var (shape, size) = (tensor.Shape, tensor.Element.SizeInBytes());
        if (shape[axis] != inner * items)
        {
            return false;
        }

        var block = inner * shape.Product(axis + 1, shape.Rank) * size;
        var firstStride = first.Shape[axis] / inner * block;
        for (var outer = 0; outer < shape.Product(0, axis); outer++)
        {
            var wanted = first.Bytes.Slice(outer * firstStride, block);
            for (var item = 0; item < items; item++)
            {
                if (!tensor.Bytes.Slice(((outer * items) + item) * block, block).SequenceEqual(wanted))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Notes where a value holds items; false where its sizes contradict that.</summary>
    private bool Add(Value few, Value many, ItemAxis? axis)
    {
        var fits =
            few.Element == many.Element
            && few.RunTimeSize is null
            && (
                axis is not { } items
                    ? few.Shape == many.Shape
                    : few.Shape.Rank == many.Shape.Rank
                        && few.Shape[items.Axis] % (items.Inner * _fewItems) == 0
                        && many.Shape == few.Shape.With(items.Axis, few.Shape[items.Axis] / _fewItems * _manyItems)
            );
        if (fits)
        {
            _axes[few] = axis;
            _twins[few] = many;
        }

        return fits;
    }

    /// <summary>The elements of an item have to follow each other in each output.</summary>
    private (BatchAxes? Axes, string Obstacle) Outputs()
    {
        foreach (var (few, many) in _few.Outputs.Zip(_many.Outputs, (f, m) => (f, m)))
        {
            if (!AreTwins(few.Value, many.Value))
            {
                return (null, $"output '{few.Name}' is another one for each size");
            }

            if (_axes[few.Value] is { } axis && OuterOf(few.Value.Shape, axis) != 1)
            {
                return (null, $"the items of output '{few.Name}' do not follow each other");
            }
        }

        return (new([.. _few.Inputs.Select(i => _axes[i]?.Axis)], [.. _few.Outputs.Select(o => _axes[o.Value]?.Axis)]), "");
    }

    private int OuterOf(TensorShape shape, ItemAxis axis) => shape.Product(0, axis.Axis) * (shape[axis.Axis] / axis.Inner / _fewItems);
}

/// <summary>What shapes say about the sizes that they were made for.</summary>
internal static class BatchShapes
{
    /// <summary>The dimension in which two shapes differ; null where there is none, or more than one.</summary>
    public static int? GrownAxis(TensorShape few, TensorShape many)
    {
        if (few.Rank != many.Rank)
        {
            return null;
        }

        var differing = Enumerable.Range(0, few.Rank).Where(axis => few[axis] != many[axis]).ToArray();
        return differing is [var axis] ? axis : null;
    }
}
