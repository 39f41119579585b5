using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>
/// Trees that are filled up to one depth, so that the successors of node i are 2i and 2i + 1: nothing says where to go on. Each leaf
/// has one weight.
/// </summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Features">Features of a row.</param>
/// <param name="Targets">Targets of a row.</param>
/// <param name="Trees">Number of trees.</param>
/// <param name="Depth">Questions on every way to a leaf.</param>
/// <param name="Aggregation">How the trees' weights become one number a target.</param>
/// <param name="Compared">The feature that each node compares: 2^depth entries a tree, of which the first has no meaning.</param>
/// <param name="Thresholds">What with.</param>
/// <param name="Missing">1 where NaN goes with x ≤ threshold; null where it never does.</param>
/// <param name="Weights">The weights: 2^depth a tree.</param>
/// <param name="WeightTargets">The target of each; null where there is one target only.</param>
internal sealed record CompleteForestKernel(
    int Rows,
    int Features,
    int Targets,
    int Trees,
    int Depth,
    TreeAggregation Aggregation,
    PackedWeights Compared,
    PackedWeights Thresholds,
    PackedWeights? Missing,
    PackedWeights Weights,
    PackedWeights? WeightTargets
) : Kernel
{
    private const int MaxDepth = 12;

    public override string Describe() =>
        $"{Trees} trees filled to depth {Depth} over {Rows}×{Features} features, {Aggregation.ToString().ToLowerInvariant()} to {Targets} targets";

    /// <summary>The kernel where filling the trees up does not make them much larger; null otherwise.</summary>
    public static LoweredNode? Lower(TreeEnsemble op, Node node, LoweringContext context)
    {
        var (forest, x) = (op.Forest, node.Input(0));
        var depth = forest.Depths.Max();
        if (depth is 0 or > MaxDepth || ((long)forest.Depths.Count << depth) > forest.Nodes.Count || !forest.HasOneWeightALeaf)
        {
            return null;
        }

        var filled = new Filled(forest, depth);
        var kernel = new CompleteForestKernel(
            x.Shape[0],
            x.Shape[1],
            op.Targets,
            forest.Depths.Count,
            depth,
            op.Aggregation,
            ForestKernel.Integers(context, node, "features", filled.Nodes.Select(n => n.Feature)),
            ForestKernel.Reals(context, node, "thresholds", filled.Nodes.Select(n => n.Threshold)),
            forest.HasMissingBelow ? ForestKernel.Flags(context, node, "missing", filled.Nodes.Select(n => n.MissingBelow)) : null,
            ForestKernel.Reals(context, node, "weights", filled.Weights.Select(w => w.Weight)),
            op.Targets == 1 ? null : ForestKernel.Integers(context, node, "targets", filled.Weights.Select(w => w.Target))
        );
        return new(kernel, (Value[])[x]);
    }

    /// <summary>The nodes and weights of all trees in their places. Below a leaf that lies higher, the way is always that of node 2i.</summary>
    private sealed class Filled
    {
        private readonly Forest _forest;
        private readonly int _size;

        public Filled(Forest forest, int depth)
        {
            (_forest, _size) = (forest, 1 << depth);
            Nodes = new ForestNode[_size * forest.Depths.Count];
            Weights = new LeafWeight[Nodes.Length];
            for (var tree = 0; tree < forest.Depths.Count; tree++)
            {
                Place(tree * _size, 1, tree);
            }
        }

        public ForestNode[] Nodes { get; }

        public LeafWeight[] Weights { get; }

        private void Place(int tree, int slot, int number)
        {
            var node = _forest.Nodes[number];
            if (slot >= _size)
            {
                Weights[tree + slot - _size] = _forest.Weights[_forest.LeafBegins[node.Leaf]];
                return;
            }

            Nodes[tree + slot] = node;
            Place(tree, 2 * slot, node.Next);
            if (node.Leaf < 0)
            {
                Place(tree, (2 * slot) + 1, node.Next + 1);
            }
        }
    }
}
