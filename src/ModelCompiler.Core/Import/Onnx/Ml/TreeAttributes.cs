using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>Reads the trees of a node, in both forms that ai.onnx.ml has for them.</summary>
internal static class TreeAttributes
{
    private static readonly Dictionary<string, BranchMode> Modes = new(StringComparer.Ordinal)
    {
        ["BRANCH_LEQ"] = BranchMode.LessOrEqual,
        ["BRANCH_LT"] = BranchMode.Less,
        ["BRANCH_GTE"] = BranchMode.GreaterOrEqual,
        ["BRANCH_GT"] = BranchMode.Greater,
        ["BRANCH_EQ"] = BranchMode.Equal,
        ["BRANCH_NEQ"] = BranchMode.NotEqual,
        ["LEAF"] = BranchMode.Leaf,
    };

    /// <summary>TreeEnsembleRegressor and TreeEnsembleClassifier: parallel lists, in which tree and number name a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="weights">How the attributes about weights begin: target or class.</param>
    /// <param name="targets">Number of targets or classes.</param>
    /// <param name="element">Element type of the thresholds.</param>
    public static Forest Read(OnnxNode node, string weights, int targets, ElementType element)
    {
        var (trees, numbers) = (Ints(node, "nodes_treeids"), Ints(node, "nodes_nodeids", "nodes_treeids"));
        var places = new Dictionary<(long Tree, long Number), int>();
        for (var i = 0; i < trees.Length; i++)
        {
            places[(trees[i], numbers[i])] = places.ContainsKey((trees[i], numbers[i]))
                ? throw new ShapeException($"tree {trees[i]} has two nodes of the number {numbers[i]}")
                : i;
        }

        var nodes = ReadNodes(node, trees, places);
        ReadWeights(node, weights, targets, places, nodes);
        int[] roots = [.. Enumerable.Range(0, trees.Length).GroupBy(i => trees[i]).Select(tree => tree.First())];
        return ForestBuilder.Build(nodes, roots, element);
    }

    private static TreeNode[] ReadNodes(OnnxNode node, long[] trees, Dictionary<(long Tree, long Number), int> places)
    {
        var modes = node.Texts("nodes_modes") ?? [];
        var features = Ints(node, "nodes_featureids", "nodes_treeids");
        var values = Reals(node, "nodes_values");
        var (whenTrue, whenFalse) = (Ints(node, "nodes_truenodeids", "nodes_treeids"), Ints(node, "nodes_falsenodeids", "nodes_treeids"));
        var missing = node.Ints("nodes_missing_value_tracks_true") ?? [];
        CheckLength("nodes_modes", modes.Length, trees.Length);
        CheckLength("nodes_values", values.Length, trees.Length);
        return [.. Enumerable.Range(0, trees.Length).Select(Node)];

        TreeNode Node(int i)
        {
            var mode = Modes.TryGetValue(modes[i], out var known)
                ? known
                : throw node.Unsupported($"mode '{modes[i]}' is not supported; supported: {string.Join(", ", Modes.Keys)}");
            return mode == BranchMode.Leaf
                ? new TreeNode()
                : new TreeNode
                {
                    Mode = mode,
                    Feature = Feature(features[i]),
                    Values = [values[i]],
                    True = Place(places, trees[i], whenTrue[i]),
                    False = Place(places, trees[i], whenFalse[i]),
                    MissingIsTrue = i < missing.Length && missing[i] != 0,
                };
        }
    }

    private static void ReadWeights(
        OnnxNode node,
        string prefix,
        int targets,
        Dictionary<(long Tree, long Number), int> places,
        TreeNode[] nodes
    )
    {
        var trees = Ints(node, $"{prefix}_treeids");
        var (numbers, ids) = (Ints(node, $"{prefix}_nodeids", $"{prefix}_treeids"), Ints(node, $"{prefix}_ids", $"{prefix}_treeids"));
        var weights = Reals(node, $"{prefix}_weights");
        CheckLength($"{prefix}_weights", weights.Length, trees.Length);
        for (var i = 0; i < trees.Length; i++)
        {
            var leaf = nodes[Place(places, trees[i], numbers[i])];
            if (leaf.Mode == BranchMode.Leaf)
            {
                leaf.Weights.Add(new LeafWeight(Target(ids[i], targets), weights[i]));
            }
        }
    }

    /// <summary>TreeEnsemble (opset 5): inner nodes and leaves are lists of their own.</summary>
    public static Forest ReadLists(OnnxNode node, int targets, ElementType element)
    {
        var features = Ints(node, "nodes_featureids");
        var (whenTrue, whenFalse) = (Successors(node, "true", features.Length), Successors(node, "false", features.Length));
        var values = new MemberLists(node);
        var missing = node.Ints("nodes_missing_value_tracks_true") ?? [];
        var (ids, weights) = (Ints(node, "leaf_targetids"), Reals(node, "leaf_weights"));
        CheckLength("leaf_weights", weights.Length, ids.Length);
        var nodes = new TreeNode[features.Length + ids.Length];
        for (var i = 0; i < features.Length; i++)
        {
            var mode = values.Mode(i);
            nodes[i] = new TreeNode
            {
                Mode = mode,
                Feature = Feature(features[i]),
                Values = values.Next(i, mode),
                True = Index(whenTrue[i], nodes.Length),
                False = Index(whenFalse[i], nodes.Length),
                MissingIsTrue = i < missing.Length && missing[i] != 0,
            };
        }

        for (var i = 0; i < ids.Length; i++)
        {
            nodes[features.Length + i] = new TreeNode { Weights = { new LeafWeight(Target(ids[i], targets), weights[i]) } };
        }

        return ForestBuilder.Build(nodes, [.. Ints(node, "tree_roots").Select(r => Index(r, features.Length))], element);
    }

    /// <summary>Numbers of the successors, leaves behind the inner nodes.</summary>
    private static long[] Successors(OnnxNode node, string which, int inner)
    {
        var numbers = Ints(node, $"nodes_{which}nodeids", "nodes_featureids");
        var leaves = Ints(node, $"nodes_{which}leafs", "nodes_featureids");
        return
        [
            .. numbers.Zip(
                leaves,
                (number, leaf) =>
                    leaf == 0 && number >= inner ? throw new ShapeException($"there is no node {number} among {inner}")
                    : leaf == 0 || number < 0 ? number
                    : number > int.MaxValue ? throw new ShapeException($"there is no leaf {number}")
                    : inner + number
            ),
        ];
    }

    /// <summary>The numbers of an attribute: a list, or a tensor of a name that ends in _as_tensor; none where it is left out.</summary>
    public static double[] Reals(OnnxNode node, string attribute)
    {
        var tensor = node.Tensor(attribute + "_as_tensor") ?? node.Tensor(attribute);
        if (tensor is null)
        {
            return [.. (node.Floats(attribute) ?? []).Select(f => (double)f)];
        }

        return tensor.Element switch
        {
            ElementType.Float32 => [.. tensor.ToFloats().Select(f => (double)f)],
            ElementType.Float64 => tensor.As<double>().ToArray(),
            ElementType.Float16 => [.. CastEvaluator.Widened(tensor).Select(f => (double)f)],
            _ => throw node.Unsupported($"attribute '{attribute}' is {tensor.Type}; supported: Float16, Float32, Float64"),
        };
    }

    private static long[] Ints(OnnxNode node, string attribute) =>
        node.Ints(attribute) ?? throw new ShapeException($"attribute '{attribute}' is missing");

    private static long[] Ints(OnnxNode node, string attribute, string asLongAs)
    {
        var numbers = Ints(node, attribute);
        CheckLength(attribute, numbers.Length, Ints(node, asLongAs).Length);
        return numbers;
    }

    private static void CheckLength(string attribute, int found, int expected)
    {
        if (found != expected)
        {
            throw new ShapeException($"attribute '{attribute}' has {found} entries; {expected} were expected");
        }
    }

    private static int Place(Dictionary<(long Tree, long Number), int> places, long tree, long number) =>
        places.TryGetValue((tree, number), out var place) ? place : throw new ShapeException($"tree {tree} has no node {number}");

    private static int Index(long number, int count) =>
        number >= 0 && number < count ? (int)number : throw new ShapeException($"there is no node {number} among {count}");

    private static int Feature(long feature) =>
        feature is >= 0 and < TensorShape.MaxElements ? (int)feature : throw new ShapeException($"there is no feature {feature}");

    private static int Target(long target, int targets) =>
        target >= 0 && target < targets ? (int)target : throw new ShapeException($"there is no target {target} among {targets}");
}
