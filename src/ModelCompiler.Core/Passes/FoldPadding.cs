using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Gives the zeros that a Pad puts around the spatial dimensions to the window of the convolution behind it.</summary>
internal sealed class FoldPadding : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (
            node.Operator is not Conv conv
            || graph.Producer(node.Input(0)) is not { Operator: Pad { Mode: PadMode.Constant, ValueBits: 0 } pad } producer
        )
        {
            return false;
        }

        var first = conv.Layout == DataLayout.ChannelsFirst ? 2 : 1;
        var spatial = Enumerable.Range(first, conv.Window.Rank).ToArray();
        if (Enumerable.Range(0, pad.Begin.Count).Except(spatial).Any(axis => pad.Begin[axis] + pad.End[axis] > 0))
        {
            return false;
        }

        var window = conv.Window with
        {
            PadsBegin = conv.Window.PadsBegin.Select((p, i) => checked(p + pad.Begin[spatial[i]])).ToArray(),
            PadsEnd = conv.Window.PadsEnd.Select((p, i) => checked(p + pad.End[spatial[i]])).ToArray(),
        };
        var folded = GraphEdit.NewNode(node, conv with { Window = window }, [producer.Input(0), .. node.Inputs.Skip(1)]);
        edit.Replace(node, folded);
        edit.ReplaceUses(node.Output, folded.Output);
        return true;
    }
}
