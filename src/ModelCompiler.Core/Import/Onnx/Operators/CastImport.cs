using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Cast and CastLike.</summary>
internal static class CastImport
{
    public static ImmutableArray<Value> Cast(OnnxNode node, GraphBuilder graph) =>
        [Add(node, graph, OnnxTensorReader.ElementTypeOf((int)node.RequiredInt("to"), node.Name))];

    public static ImmutableArray<Value> CastLike(OnnxNode node, GraphBuilder graph) => [Add(node, graph, node.Input(1).Element)];

    private static Value Add(OnnxNode node, GraphBuilder graph, ElementType to)
    {
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
