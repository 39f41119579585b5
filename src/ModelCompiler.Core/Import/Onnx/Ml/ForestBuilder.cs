using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>Lays trees out for steps without branches: all comparisons become x ≤ t, successors move side by side.</summary>
/// <remarks>
/// Nodes that several others lead to are kept once, and so are their successors: the result is never larger than a small multiple of
/// the file, whatever the file says.
/// </remarks>
internal sealed class ForestBuilder
{
    private readonly List<OrderedNode> _ordered;
    private readonly List<ForestNode> _placed = [];
    private readonly List<int> _leafBegins = [0];
    private readonly List<LeafWeight> _weights = [];
    private readonly IReadOnlyList<TreeNode> _source;
    private int[] _pairs = [];

    private ForestBuilder(IReadOnlyList<TreeNode> source, ElementType element)
    {
        _source = source;
        _ordered = OrderedNodes.Of(source, element);
    }

    /// <summary>The trees that begin with the given nodes.</summary>
    /// <exception cref="ShapeException">There is no tree, or one has a cycle.</exception>
    public static Forest Build(IReadOnlyList<TreeNode> nodes, IReadOnlyList<int> roots, ElementType element) =>
        roots.Count > 0 ? new ForestBuilder(nodes, element).Place(roots) : throw new ShapeException("the ensemble has no trees");

    private Forest Place(IReadOnlyList<int> roots)
    {
        var depths = TreeDepths.Of(_ordered);
        var leaves = new int[_source.Count];
        _pairs = [.. Enumerable.Repeat(-1, _ordered.Count)];
        _placed.AddRange(roots.Select(_ => default(ForestNode)));
        for (var tree = 0; tree < roots.Count; tree++)
        {
            var waiting = new Queue<(int Position, int Node)>([(tree, roots[tree])]);
            while (waiting.Count > 0)
            {
                var (position, number) = waiting.Dequeue();
                var node = _ordered[number];
                _placed[position] = node.IsLeaf
                    ? new(0, double.NaN, false, position, LeafOf(number, leaves))
                    : new(node.Feature, node.Threshold, node.MissingBelow, Successors(number, node, waiting), -1);
            }
        }

        return new Forest(roots.Select(r => depths[r]).ToArray(), _placed.ToArray(), _leafBegins.ToArray(), _weights.ToArray());
    }

    /// <summary>Where the two successors of a node lie; they are put there when their turn comes.</summary>
    private int Successors(int number, OrderedNode node, Queue<(int Position, int Node)> waiting)
    {
        if (_pairs[number] < 0)
        {
            _pairs[number] = _placed.Count;
            _placed.AddRange([default, default]);
            waiting.Enqueue((_pairs[number], node.Above));
            waiting.Enqueue((_pairs[number] + 1, node.Below));
        }

        return _pairs[number];
    }

    /// <summary>The number of a leaf among the leaves; <paramref name="leaves"/> holds those given so far plus 1.</summary>
    private int LeafOf(int number, int[] leaves)
    {
        if (leaves[number] == 0)
        {
            _weights.AddRange(_source[number].Weights);
            _leafBegins.Add(_weights.Count);
            leaves[number] = _leafBegins.Count - 1;
        }

        return leaves[number] - 1;
    }
}
