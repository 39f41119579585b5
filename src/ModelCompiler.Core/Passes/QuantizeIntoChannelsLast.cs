using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// Quantises an image of few planes and brings its channels last in one step, where a network begins with both: neither is the
/// image read twice, nor do its integers lie in memory twice.
/// </summary>
internal sealed class QuantizeIntoChannelsLast : RewritePass
{
    // The integers of a position are put together in a register of four bytes.
    private const int MostPlanes = 4;

    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Operator is not Transpose transpose
            || graph.Producer(node.Input(0))
                is not { Operator: QuantizeLinear { Grid: { IsPerTensor: true } grid, Element: var element } } quantize
            || element is not (ElementType.Int8 or ElementType.UInt8)
            || graph.OnlyConsumer(quantize.Output) != node
            || node.Input(0).Shape is not { Rank: > 2 } shape
            || shape[1] is < 2 or > MostPlanes
            || transpose != QuantizeChannelsLast.Transposition(shape.Rank)
        )
        {
            return false;
        }

        var both = GraphEdit.NewNode(
            quantize,
            new QuantizeChannelsLast(new Quantization(grid.Scales[0], grid.ZeroPoints[0], element)),
            quantize.Input(0)
        );
        edit.Remove(quantize);
        edit.Replace(node, both);
        edit.ReplaceUses(node.Output, both.Output);
        return true;
    }
}
