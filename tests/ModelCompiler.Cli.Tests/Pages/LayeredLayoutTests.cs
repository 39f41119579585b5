using CsCheck;
using ModelCompiler.Cli.Reports.Html.Layout;

namespace ModelCompiler.Cli.Tests.Pages;

/// <summary>Boxes of graphs in rows.</summary>
public sealed class LayeredLayoutTests
{
    private static readonly Gen<(BoxSize[] Sizes, Connection[] Connections)> Graphs =
        from sizes in Gen.Select(Gen.Double[20, 300], Gen.Double[10, 100], (w, h) => new BoxSize(w, h)).Array[1, 30]
        from pairs in Gen.Select(Gen.Int[0, 29], Gen.Int[0, 29]).Array[0, 60]
        select (
            sizes,
            pairs
                .Select(p => new Connection(Math.Min(p.Item1, p.Item2), Math.Max(p.Item1, p.Item2)))
                .Where(c => c.From < c.To && c.To < sizes.Length)
                .Distinct()
                .ToArray()
        );

    [Fact]
    public void Boxes_never_overlap_and_lie_within_the_picture() =>
        Graphs.Sample(
            graph =>
            {
                var placement = LayeredLayout.Place(graph.Sizes, graph.Connections)!;
                for (var i = 0; i < graph.Sizes.Length; i++)
                {
                    var a = placement.Boxes[i];
                    Assert.Equal((graph.Sizes[i].Width, graph.Sizes[i].Height), (a.Width, a.Height));
                    Assert.InRange(a.X, -0.01, placement.Width - a.Width + 0.01);
                    Assert.InRange(a.Y, 0, placement.Height - a.Height + 0.01);
                    for (var j = 0; j < i; j++)
                    {
                        var b = placement.Boxes[j];
                        var apart =
                            a.X >= b.X + b.Width + LayeredLayout.ColumnGap - 0.01
                            || b.X >= a.X + a.Width + LayeredLayout.ColumnGap - 0.01
                            || a.Y >= b.Y + b.Height + LayeredLayout.RowGap - 0.01
                            || b.Y >= a.Y + a.Height + LayeredLayout.RowGap - 0.01;
                        Assert.True(apart, $"{a} and {b}");
                    }
                }
            },
            iter: 300
        );

    [Fact]
    public void Connections_lead_down_and_pass_no_box() =>
        Graphs.Sample(
            graph =>
            {
                var placement = LayeredLayout.Place(graph.Sizes, graph.Connections)!;
                foreach (var (line, connection) in placement.Lines.Zip(graph.Connections))
                {
                    var (from, to) = (placement.Boxes[connection.From], placement.Boxes[connection.To]);
                    Assert.Equal((from.X + (from.Width / 2), from.Y + from.Height), (line[0].X, line[0].Y));
                    Assert.Equal((to.X + (to.Width / 2), to.Y), (line[^1].X, line[^1].Y));
                    Assert.All(line.Zip(line.Skip(1)), p => Assert.True(p.First.Y <= p.Second.Y));
                    for (var i = 1; i + 1 < line.Length; i += 2)
                    {
                        // Along a lane the line is straight, beside the boxes of that row.
                        Assert.Equal(line[i].X, line[i + 1].X);
                        Assert.DoesNotContain(
                            placement.Boxes,
                            b => b.X < line[i].X && line[i].X < b.X + b.Width && b.Y < line[i + 1].Y && line[i].Y < b.Y + b.Height
                        );
                    }
                }
            },
            iter: 300
        );

    [Fact]
    public void A_chain_is_a_column_with_its_branches_beside_each_other()
    {
        BoxSize[] sizes = [.. Enumerable.Repeat(new BoxSize(100, 40), 5)];
        var placement = LayeredLayout.Place(sizes, [new(0, 1), new(1, 2), new(1, 3), new(2, 4), new(3, 4)])!;

        var boxes = placement.Boxes;
        Assert.Equal(boxes[0].X, boxes[1].X, 1);
        Assert.Equal(boxes[1].X, boxes[4].X, 1);
        Assert.Equal(boxes[2].Y, boxes[3].Y);
        Assert.Equal(boxes[1].X, (boxes[2].X + boxes[3].X) / 2, 1);
    }

    [Fact]
    public void A_graph_with_more_lanes_than_anybody_could_read_is_not_placed()
    {
        var sizes = Enumerable.Repeat(new BoxSize(100, 40), 300).ToArray();
        Connection[] chain = [.. Enumerable.Range(1, 299).Select(i => new Connection(i - 1, i))];
        Connection[] toTheLast = [.. Enumerable.Range(0, 250).Select(i => new Connection(i, 299))];

        Assert.NotNull(LayeredLayout.Place(sizes, chain));
        Assert.Null(LayeredLayout.Place(sizes, [.. chain, .. toTheLast]));
    }
}
