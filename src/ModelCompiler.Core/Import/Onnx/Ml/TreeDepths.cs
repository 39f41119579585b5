using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>Steps from each node to the farthest leaf. Without recursion: files may hold chains of any length.</summary>
internal static class TreeDepths
{
    private const int Unknown = -1;
    private const int Open = -2;

    /// <exception cref="ShapeException">A node leads back to itself.</exception>
    public static int[] Of(IReadOnlyList<OrderedNode> nodes)
    {
        int[] depths = [.. nodes.Select(n => n.IsLeaf ? 0 : Unknown)];
        var path = new Stack<int>();
        for (var start = 0; start < nodes.Count; start++)
        {
            path.Push(start);
            while (path.Count > 0)
            {
                var number = path.Peek();
                if (depths[number] >= 0)
                {
                    path.Pop();
                    continue;
                }

                var (above, below) = (depths[nodes[number].Above], depths[nodes[number].Below]);
                if (above == Open || below == Open)
                {
                    throw new ShapeException($"the trees have a cycle through node {number}");
                }

                if (above >= 0 && below >= 0)
                {
                    depths[path.Pop()] = 1 + Math.Max(above, below);
                    continue;
                }

                depths[number] = Open;
                path.Push(above < 0 ? nodes[number].Above : nodes[number].Below);
            }
        }

        return depths;
    }
}
