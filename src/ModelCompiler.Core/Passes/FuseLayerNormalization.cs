using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Finds layer normalisation that an exporter has written out, (x − mean)/√(mean((x − mean)²) + ε), and lets it take the scale
/// and the bias that follow.
/// </summary>
internal sealed class FuseLayerNormalization : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        var replacement = node.Operator switch
        {
            Binary { Function: BinaryFunction.Div } => WrittenOut(graph, node),
            Binary { Function: BinaryFunction.Mul } => WithParameter(graph, node, index: 1),
            Binary { Function: BinaryFunction.Add } => WithParameter(graph, node, index: 2),
            _ => null,
        };
        if (replacement is null)
        {
            return false;
        }

        edit.Replace(node, replacement);
        edit.ReplaceUses(node.Output, replacement.Output);
        return true;
    }

    private static Node? WrittenOut(Graph graph, Node division)
    {
        var match = new Pattern(graph);
        return
            match.Binary(division.Input(0), BinaryFunction.Sub) is { } centred
            && match.Unary(division.Input(1), UnaryFunction.Sqrt) is { } root
            && match.WithConstant(root.Input(0), BinaryFunction.Add) is var (variance, epsilon)
            && MeanOf(graph, variance) is var (squares, axes)
            && match.Square(squares) is { } deviation
            && match.Binary(deviation, BinaryFunction.Sub) is { } again
            && again.Inputs.SequenceEqual(centred.Inputs)
            && MeanOf(graph, centred.Input(1)) is var (x, meanAxes)
            && x == centred.Input(0)
            && axes == meanAxes
            && axes.SequenceEqual(Enumerable.Range(x.Shape.Rank - axes.Count, axes.Count))
            && x.Element == ElementType.Float32
            ? GraphEdit.NewNode(division, new LayerNormalization(x.Shape.Rank - axes.Count, epsilon), x)
            : null;
    }

    private static (Value Of, EquatableArray<int> Axes)? MeanOf(Graph graph, Value value) =>
        graph.Producer(value) is { Operator: Reduce { Function: ReduceFunction.Mean, KeepDims: true } mean } node
            ? (node.Input(0), mean.Axes)
            : null;

    /// <summary>A normalisation that lacks the parameter, followed by an operator that applies one of the right shape.</summary>
    private static Node? WithParameter(Graph graph, Node node, int index)
    {
        for (var side = 0; side < 2; side++)
        {
            var parameter = node.Input(1 - side);
            if (
                graph.Producer(node.Input(side)) is { Operator: LayerNormalization norm } producer
                && graph.OnlyConsumer(producer.Output) == node
                // A scale behind a bias would have to scale the bias, too.
                && !producer.HasInput(index)
                && !producer.HasInput(2)
                && parameter.Shape == new TensorShape(node.Output.Shape.Skip(norm.Axis))
                && parameter.Element == node.Output.Element
            )
            {
                var inputs = Enumerable.Range(0, index).Select(i => producer.HasInput(i) ? producer.Input(i) : null);
                return GraphEdit.NewNode(node, norm, [.. inputs, parameter]);
            }
        }

        return null;
    }
}
