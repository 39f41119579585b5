using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Cast, CastLike and BitCast.</summary>
internal static class CastImport
{
    public static ImmutableArray<Value> Cast(OnnxNode node, GraphBuilder graph) =>
        [Add(node, graph, OnnxTensorReader.ElementTypeOf((int)node.RequiredInt("to"), node.Name))];

    public static ImmutableArray<Value> CastLike(OnnxNode node, GraphBuilder graph) => [Add(node, graph, node.Input(1).Element)];

    public static ImmutableArray<Value> BitCast(OnnxNode node, GraphBuilder graph)
    {
        var (x, to) = (node.Input(0), OnnxTensorReader.ElementTypeOf((int)node.RequiredInt("to"), node.Name));
        if (x.Element.BitsInFile() != to.BitsInFile())
        {
            throw new ShapeException($"elements of {x.Type} have {x.Element.BitsInFile()} bits, those of {to} have {to.BitsInFile()}");
        }

        if (!PackedElements.ArePacked(to))
        {
            return [graph.Add(new BitCast(to), x)];
        }

        // Held one a byte, signed ones have their sign above the bits; a conversion between integers of one size leaves the bits alone.
        var bits = to.BitsInFile() == 2 ? ElementType.UInt2 : ElementType.UInt4;
        var codes = graph.Add(x.Element.IsInteger() ? new Cast(bits) : new BitCast(bits), x);
        return [graph.Add(to.IsInteger() ? new Cast(to) : new BitCast(to), codes)];
    }

    private static Value Add(OnnxNode node, GraphBuilder graph, ElementType to)
    {
        if (to == ElementType.String)
        {
            throw OnnxTensorReader.NoElements(to);
        }

        var rounding = node.Text("round_mode", "up") switch
        {
            "up" => PowerRounding.Up,
            "down" => PowerRounding.Down,
            "nearest" => PowerRounding.Nearest,
            var other => throw node.Unsupported($"round_mode '{other}' is not supported; supported: up, down, nearest"),
        };

        // Attributes that mean nothing for the type are dropped, so that equal conversions are equal nodes.
        return graph.Add(
            new Cast(
                to,
                !to.IsNarrowFloat() || to.SizeInBytes() > 1 || node.Int("saturate", 1) != 0,
                to == ElementType.Float8E8M0 ? rounding : PowerRounding.Up
            ),
            node.Input(0)
        );
    }
}
