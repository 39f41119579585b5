using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Ml;

/// <summary>Random decision trees as attributes of ai.onnx.ml's operators. Thresholds are small integers, so that inputs hit them.</summary>
internal sealed class RandomForest
{
    private const string Domain = "ai.onnx.ml";
    public static readonly string[] Ordered = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"];
    public static readonly string[] All = [.. Ordered, "BRANCH_EQ", "BRANCH_NEQ"];
    private readonly Random _random;
    private readonly List<long> _trees = [],
        _numbers = [],
        _features = [],
        _true = [],
        _false = [],
        _missing = [];
    private readonly List<string> _modes = [];
    private readonly List<float> _values = [];
    private readonly List<long> _leafTrees = [],
        _leafNumbers = [],
        _leafTargets = [];
    private readonly List<float> _weights = [];
    private readonly string[] _allowed;
    private readonly bool _missingTracks;
    private readonly Func<Random, IEnumerable<(int Target, float Weight)>> _leaf;

    public RandomForest(
        int seed,
        int trees,
        int depth,
        string[] allowed,
        bool missingTracks,
        Func<Random, IEnumerable<(int Target, float Weight)>> leaf
    )
    {
        (_random, _allowed, _missingTracks, _leaf) = (new Random(seed), allowed, missingTracks, leaf);
        for (var tree = 0; tree < trees; tree++)
        {
            var next = 0;
            Add(tree, depth, ref next);
        }
    }

    private RandomForest(string mode)
        : this(0, 0, 0, [mode], false, _ => []) { }

    public const int Features = 4;

    /// <summary>
    /// One tree in which every node has a leaf for its true branch; <paramref name="last"/> is what follows the last node where it is
    /// not a leaf, <paramref name="feature"/> what the last node compares.
    /// </summary>
    public static RandomForest Chain(int length, string mode, int? last = null, int feature = 0)
    {
        var chain = new RandomForest(mode);
        for (var i = 0; i < length; i++)
        {
            chain.AddNode(
                mode,
                i < length - 1 ? i % Features : feature,
                -3 + (i / 10f),
                length + i,
                i < length - 1 ? i + 1 : last ?? 2 * length
            );
        }

        for (var i = 0; i <= length; i++)
        {
            chain.AddNode("LEAF", 0, 0, 0, 0);
            chain.AddWeight(0, length + i, 0, (i + 1f) / (length + 2));
        }

        return chain;
    }

    /// <summary>The attributes of a TreeEnsembleRegressor (prefix target) or TreeEnsembleClassifier (prefix class).</summary>
    public (string Name, object Value)[] Attributes(string prefix, bool asTensors = false) =>
        [
            ("nodes_treeids", _trees.ToArray()),
            ("nodes_nodeids", _numbers.ToArray()),
            ("nodes_featureids", _features.ToArray()),
            ("nodes_modes", _modes.ToArray()),
            Numbers("nodes_values", _values, asTensors),
            ("nodes_truenodeids", _true.ToArray()),
            ("nodes_falsenodeids", _false.ToArray()),
            ("nodes_missing_value_tracks_true", _missing.ToArray()),
            ($"{prefix}_treeids", _leafTrees.ToArray()),
            ($"{prefix}_nodeids", _leafNumbers.ToArray()),
            ($"{prefix}_ids", _leafTargets.ToArray()),
            Numbers($"{prefix}_weights", _weights, asTensors),
        ];

    /// <summary>A list of floats, or a tensor of doubles.</summary>
    public static (string Name, object Value) Numbers(string attribute, IEnumerable<float> values, bool asTensor)
    {
        double[] doubles = [.. values.Select(v => (double)v)];
        return asTensor
            ? (attribute + "_as_tensor", Tensor.From<double>(ElementType.Float64, new TensorShape(doubles.Length), doubles))
            : (attribute, values.ToArray());
    }

    /// <summary>A model of one node, whose input holds small integers, halves and, where wanted, NaN.</summary>
    public static void Check(
        string op,
        int opset,
        ElementType element,
        int rows,
        int seed,
        ElementType[] outputs,
        params (string Name, object Value)[] attributes
    )
    {
        var model = new OnnxModelBuilder().Opset(Domain, opset);
        var x = model.Input("x", element, rows, Features);
        foreach (var (name, type) in model.Node(op, Domain, [x], attributes, outputs.Length).Zip(outputs))
        {
            model.Output(name, type);
        }

        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = Inputs(element, rows, seed) }, targets: [Target.Auto]);
    }

    private static Array Inputs(ElementType element, int rows, int seed)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, rows * Features).Select(_ => random.Next(8) == 0 ? float.NaN : random.Next(-7, 8) / 2f).ToArray();
        return element switch
        {
            ElementType.Float64 => values.Select(v => (double)v).ToArray(),
            ElementType.Int64 => values.Select(v => float.IsNaN(v) ? 0 : (long)v).ToArray(),
            ElementType.Int32 => values.Select(v => float.IsNaN(v) ? 0 : (int)v).ToArray(),
            _ => values,
        };
    }

    private int Add(int tree, int depth, ref int next)
    {
        var number = next++;
        if (depth == 0 || (number > 0 && _random.Next(6) == 0))
        {
            AddNode("LEAF", 0, 0, 0, 0, tree, number);
            foreach (var (target, weight) in _leaf(_random))
            {
                AddWeight(tree, number, target, weight);
            }

            return number;
        }

        var place = _trees.Count;
        AddNode(_allowed[_random.Next(_allowed.Length)], _random.Next(Features), _random.Next(-3, 4), 0, 0, tree, number);
        _true[place] = Add(tree, depth - 1, ref next);
        _false[place] = Add(tree, depth - 1, ref next);
        return number;
    }

    private void AddNode(string mode, int feature, float value, int whenTrue, int whenFalse, int tree = 0, int? number = null)
    {
        _numbers.Add(number ?? _numbers.Count);
        _trees.Add(tree);
        _modes.Add(mode);
        _features.Add(feature);
        _values.Add(value);
        _true.Add(whenTrue);
        _false.Add(whenFalse);
        _missing.Add(_missingTracks ? _random.Next(2) : 0);
    }

    private void AddWeight(int tree, int number, int target, float weight)
    {
        _leafTrees.Add(tree);
        _leafNumbers.Add(number);
        _leafTargets.Add(target);
        _weights.Add(weight);
    }
}
