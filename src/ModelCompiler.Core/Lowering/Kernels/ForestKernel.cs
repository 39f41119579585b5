using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Walks each row of features down the trees without branches.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Features">Features of a row.</param>
/// <param name="Targets">Targets of a row.</param>
/// <param name="Trees">Number of trees; tree i begins with node i.</param>
/// <param name="Aggregation">How the trees' weights become one number a target.</param>
/// <param name="Nodes">The nodes, in arrays side by side.</param>
/// <param name="Depth">Steps down the deepest tree, and so down all.</param>
/// <param name="StopsAtLeaves">Whether a walk ends when it is at a leaf: pays in trees whose leaves are mostly far above the lowest.</param>
/// <param name="Leaves">The leaves' weights.</param>
internal sealed record ForestKernel(
    int Rows,
    int Features,
    int Targets,
    int Trees,
    TreeAggregation Aggregation,
    ForestNodes Nodes,
    int Depth,
    bool StopsAtLeaves,
    ForestLeaves Leaves
) : Kernel
{
    /// <summary>Walks of this many steps run to the end, because a branch that is mispredicted costs about as much.</summary>
    private const int ShortWalk = 12;

    public override string Describe() =>
        $"{Trees} trees of depth {Depth} over {Rows}×{Features} features, {Aggregation.ToString().ToLowerInvariant()} to {Targets} targets";

    public static LoweredNode? Lower(TreeEnsemble op, Node node, LoweringContext context)
    {
        if (CompleteForestKernel.Lower(op, node, context) is { } complete)
        {
            return complete;
        }

        var (forest, x) = (op.Forest, node.Input(0));
        var deepest = forest.Depths.DefaultIfEmpty(0).Max();
        var kernel = new ForestKernel(
            x.Shape[0],
            x.Shape[1],
            op.Targets,
            forest.Depths.Count,
            op.Aggregation,
            ForestNodes.Pack(forest, node, context),
            deepest,
            deepest > ShortWalk,
            ForestLeaves.Pack(op, node, context)
        );
        return new(kernel, (Value[])[x]);
    }

    /// <summary>Numbers that are not negative, in one or two bytes each where they fit.</summary>
    public static PackedWeights Integers(LoweringContext context, Node node, string purpose, IEnumerable<int> numbers)
    {
        int[] all = [.. numbers];
        return all.All(n => n <= byte.MaxValue) ? context.AddWeights<byte>(node, purpose, ElementType.UInt8, [.. all.Select(n => (byte)n)])
            : all.All(n => n <= ushort.MaxValue)
                ? context.AddWeights<ushort>(node, purpose, ElementType.UInt16, [.. all.Select(n => (ushort)n)])
            : context.AddWeights<int>(node, purpose, ElementType.Int32, all);
    }

    /// <summary>Truth values as bytes.</summary>
    public static PackedWeights Flags(LoweringContext context, Node node, string purpose, IEnumerable<bool> flags) =>
        context.AddWeights<byte>(node, purpose, ElementType.UInt8, [.. flags.Select(f => f ? (byte)1 : (byte)0)]);

    /// <summary>Numbers of the element type of the features.</summary>
    public static PackedWeights Reals(LoweringContext context, Node node, string purpose, IEnumerable<double> numbers) =>
        node.Input(0).Element == ElementType.Float64
            ? context.AddWeights<double>(node, purpose, ElementType.Float64, [.. numbers])
            : context.AddWeights<float>(node, purpose, ElementType.Float32, [.. numbers.Select(n => (float)n)]);
}

/// <summary>What is known of each node of a forest.</summary>
/// <param name="Features">The feature that it compares.</param>
/// <param name="Thresholds">What with.</param>
/// <param name="Next">Where x &gt; threshold goes; one further for x ≤ threshold.</param>
/// <param name="Missing">1 where NaN goes with x ≤ threshold; null where it never does.</param>
internal sealed record ForestNodes(PackedWeights Features, PackedWeights Thresholds, PackedWeights Next, PackedWeights? Missing)
{
    public static ForestNodes Pack(Forest forest, Node node, LoweringContext context) =>
        new(
            ForestKernel.Integers(context, node, "features", forest.Nodes.Select(n => n.Feature)),
            ForestKernel.Reals(context, node, "thresholds", forest.Nodes.Select(n => n.Threshold)),
            ForestKernel.Integers(context, node, "next", forest.Nodes.Select(n => n.Next)),
            forest.HasMissingBelow ? ForestKernel.Flags(context, node, "missing", forest.Nodes.Select(n => n.MissingBelow)) : null
        );
}

/// <summary>The weights of a forest's leaves: by node where each leaf has one, else in lists.</summary>
/// <param name="Weights">The weights, one a node or one after the other.</param>
/// <param name="Targets">The target of each; null where there is one target only.</param>
/// <param name="Leaves">For each node where the entry of its leaf is in <see cref="Begins"/>; null where weights are there by node.</param>
/// <param name="Begins">Where the weights of each leaf begin; one more entry says where the last ones end.</param>
internal sealed record ForestLeaves(PackedWeights Weights, PackedWeights? Targets, PackedWeights? Leaves, PackedWeights? Begins)
{
    public static ForestLeaves Pack(TreeEnsemble op, Node node, LoweringContext context)
    {
        var forest = op.Forest;
        if (forest.HasOneWeightALeaf)
        {
            LeafWeight Of(ForestNode n) => n.Leaf < 0 ? default : forest.Weights[forest.LeafBegins[n.Leaf]];
            return new(
                ForestKernel.Reals(context, node, "weights", forest.Nodes.Select(n => Of(n).Weight)),
                op.Targets == 1 ? null : ForestKernel.Integers(context, node, "targets", forest.Nodes.Select(n => Of(n).Target)),
                null,
                null
            );
        }

        return new(
            ForestKernel.Reals(context, node, "weights", forest.Weights.Select(w => w.Weight)),
            op.Targets == 1 ? null : ForestKernel.Integers(context, node, "targets", forest.Weights.Select(w => w.Target)),
            ForestKernel.Integers(context, node, "leaves", forest.Nodes.Select(n => Math.Max(n.Leaf, 0))),
            ForestKernel.Integers(context, node, "begins", forest.LeafBegins)
        );
    }
}
