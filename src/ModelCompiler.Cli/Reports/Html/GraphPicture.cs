using System.Xml.Linq;
using ModelCompiler.Cli.Reports.Html.Layout;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>The graph of a compiled model: a box a step, from the inputs at the top to the outputs at the bottom.</summary>
internal static class GraphPicture
{
    /// <summary>Of a larger model nobody would read the graph, and its lanes would take minutes to place.</summary>
    private const int MostNodes = 2000;

    private const double Margin = 12;
    private const double LineHeight = 15;
    private const double Padding = 9;

    // The pictures' font is monospaced: 11 CSS pixels high, 6.7 wide with some room for other machines' fonts.
    private const int Characters = 38;
    private const double BoxWidth = (Characters * 6.7) + (2 * Padding);

    public static XElement Draw(ModelFacts model)
    {
        var boxes = model.Flow.Nodes.Select(n => Content.Of(n, model)).ToArray();
        var placement =
            boxes.Length > MostNodes
                ? null
                : LayeredLayout.Place(
                    [.. boxes.Select(b => new BoxSize(BoxWidth, (b.Lines.Count * LineHeight) + (2 * Padding)))],
                    [.. model.Flow.Edges.Select(e => new Connection(e.From, e.To))]
                );
        if (placement is null)
        {
            return new XElement("p", $"The graph has {boxes.Length} elements and is too large to be drawn; the table below lists them.");
        }

        var most = Math.Max(1, model.Program.Steps.Select(s => s.Macs).DefaultIfEmpty(0).Max());
        return Svg.Picture(
            $"Graph of {model.Name}: {model.Program.Steps.Count} steps",
            "graph",
            placement.Width + (2 * Margin),
            placement.Height + (2 * Margin),
            placement.Lines.Zip(model.Flow.Edges, (line, edge) => Edge(line, edge, boxes)),
            placement.Boxes.Zip(boxes, (box, content) => Node(box, content, most))
        );
    }

    private static XElement Edge(Point[] line, FlowEdge edge, Content[] boxes)
    {
        var commands = $"M{At(line[0])}";
        for (var i = 1; i < line.Length; i++)
        {
            // From a box or lane to the next a curve that leaves and arrives vertically; along a lane a straight line.
            var (start, end) = (line[i - 1], line[i]);
            var middle = (start.Y + end.Y) / 2;
            commands += i % 2 == 1 ? $"C{At(start with { Y = middle })} {At(end with { Y = middle })} {At(end)}" : $"L{At(end)}";
        }

        return Svg.Path(commands, "edge", $"{boxes[edge.From].Title} → {boxes[edge.To].Title}: {edge.Type}");
    }

    private static string At(Point point) => $"{Svg.Number(point.X + Margin)},{Svg.Number(point.Y + Margin)}";

    private static XElement Node(Box box, Content content, long most)
    {
        var (x, y) = (box.X + Margin, box.Y + Margin);
        var share = (double)content.Macs / most;
        return Svg.Group(
            "node " + content.Style,
            new XElement("title", string.Join("\n", content.Details)),
            Svg.Rectangle(x, y, box.Width, box.Height, "box", radius: content.IsPort ? 16 : 5),
            // How much of the arithmetic is here, as a bar along the lower edge.
            share > 0
                ? Svg.Rectangle(x + 1, y + box.Height - 4, Math.Max(2, share * (box.Width - 2)), 3, "share")
                : null,
            content.Lines.Select((text, i) => Svg.Text(x + Padding, y + Padding + (i * LineHeight) + 11, text, i == 0 ? "name" : "detail"))
        );
    }

    /// <summary>What a box says.</summary>
    /// <param name="Title">The whole name.</param>
    /// <param name="Lines">What stands in it.</param>
    /// <param name="Details">What is shown above it.</param>
    /// <param name="Style">A class.</param>
    /// <param name="Macs">Multiply-accumulates.</param>
    private sealed record Content(string Title, IReadOnlyList<string> Lines, IReadOnlyList<string> Details, string Style, long Macs)
    {
        public bool IsPort => Style == "port";

        public static Content Of(FlowNode node, ModelFacts model) =>
            node.Kind switch
            {
                FlowKind.Input => Port("input", model.Program.Inputs[node.Index]),
                FlowKind.Output => Port("output", model.Program.Outputs.Concat(model.Program.Counts).ElementAt(node.Index)),
                _ => Layer(node.Index, model),
            };

        private static Content Port(string kind, ModelPort port)
        {
            var type = $"{port.Type.Element}{port.Sizes}";
            return new(port.Name, [Svg.End(port.Name, Characters), Svg.Start($"{kind} {type}", Characters)], [port.Name, type], "port", 0);
        }

        private static Content Layer(int index, ModelFacts model)
        {
            var (step, layer) = (model.Program.Steps[index], model.Inspected.Layers[index]);
            var shapes = string.Join(" ", step.Outputs.Select(o => o.Type.Shape.ToString()));
            string[] costs =
            [
                step.Macs > 0 ? Amount.Of(step.Macs) + " MAC" : "",
                model.Weights[index].BakedBytes > 0 ? Amount.Bytes(model.Weights[index].BakedBytes) : "",
            ];
            var lines = step.Kernel is ChainKernel chain
                ? chain.Stages.SelectMany(s => new[] { Svg.End(s.Name, Characters), "  " + Svg.Start(s.Kernel.Describe(), Characters - 2) })
                : [Svg.End(step.Name, Characters), Svg.Start(step.Kernel.Describe(), Characters)];
            return new(
                step.Name,
                [.. lines, Svg.Start(string.Join(" · ", costs.Prepend(shapes).Where(t => t.Length > 0)), Characters)],
                [
                    step.Name,
                    layer.Kernel,
                    "reads " + string.Join(", ", layer.Inputs),
                    "writes " + string.Join(", ", layer.Outputs),
                    .. costs.Where(t => t.Length > 0),
                ],
                step.Kernel is ChainKernel ? "chain"
                    : step.Macs > 0 ? "product"
                    : "other",
                step.Macs
            );
        }
    }
}
