using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>Moves quantisation past operators that only move or choose elements, so that these work on integers.</summary>
internal static class QuantizedMovement
{
    /// <summary>DequantizeLinear → movement becomes movement → DequantizeLinear.</summary>
    public static bool MoveDequantizeDown(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Inputs.Length == 0
            || graph.Producer(node.Inputs[0]) is not { Operator: DequantizeLinear { Grid: { BlockSize: 0 } grid } } dequantize
            || edit.IsTouched(dequantize)
            || OnIntegers(node, grid) is not { } op
        )
        {
            return false;
        }

        var integers = dequantize.Input(0);
        Value?[] inputs = [integers, .. node.Inputs.Skip(1)];
        var moved = GraphEdit.NewNode(node, op, inputs);
        var folded = ConstantFolder.TryEvaluate(op, inputs, [.. moved.Outputs.Select(o => o.Type)]);
        var after = grid.IsPerAxis ? grid with { Axis = AxisBehind(op, grid.Axis) } : grid;
        var reals = new List<Node>();
        for (var i = 0; i < node.Outputs.Length; i++)
        {
            var from = folded is null ? moved.Outputs[i] : new Value(node.Outputs[i].Name, folded[i]);
            var real = GraphEdit.NewNode(node, new DequantizeLinear(after), from);
            reals.Add(real);
            edit.ReplaceUses(node.Outputs[i], real.Output);
        }

        edit.Replace(node, folded is null ? [moved, .. reals] : reals);
        return true;
    }

    /// <summary>Movement → QuantizeLinear becomes QuantizeLinear → movement, where that does not quantise more elements than before.</summary>
    public static bool MoveQuantizeUp(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Operator is not QuantizeLinear { Grid: { IsPerTensor: true } grid } quantize
            || graph.OnlyConsumer(node.Input(0)) != node
            || graph.Producer(node.Input(0)) is not { Operator: Reshape or Transpose or MaxPool or DepthToSpace or SpaceToDepth } movement
            || edit.IsTouched(movement)
            || OnIntegers(movement, grid) is not { } op
        )
        {
            return false;
        }

        var integers = GraphEdit.NewNode(node, quantize, movement.Input(0));
        var moved = GraphEdit.NewNode(movement, op, [integers.Output, .. movement.Inputs.Skip(1)]);
        edit.Remove(movement);
        return QuantizedPattern.Replace(node, edit, integers, moved);
    }

    /// <summary>The operator that does to integers what the node's does to the reals that they stand for; null where there is none.</summary>
    private static Operator? OnIntegers(Node node, QuantizationGrid grid) =>
        node.Operator switch
        {
            Transpose => node.Operator,
            _ when !grid.IsPerTensor => null,
            Reshape or Slice or Gather or Split or Expand or Tile or DepthToSpace or SpaceToDepth or MaxPool or GlobalMaxPool =>
                node.Operator,
            Pad { Mode: not PadMode.Constant } => node.Operator,
            Pad pad => OnIntegers(pad, grid, node.Input(0).Element),
            _ => null,
        };

    /// <summary>Padding with 0 puts zero points around the integers. Other values may have no integer of their own.</summary>
    private static Pad? OnIntegers(Pad pad, QuantizationGrid grid, ElementType element) =>
        element == ElementType.Float32 && (pad.ValueBits & 0x7FFFFFFF) == 0
            ? pad with
            {
                ValueBits = unchecked((ulong)grid.ZeroPoints[0]),
            }
            : null;

    private static int AxisBehind(Operator op, int axis) => op is Transpose transpose ? transpose.Permutation.ToList().IndexOf(axis) : axis;
}
