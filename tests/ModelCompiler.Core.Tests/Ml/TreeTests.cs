using CsCheck;
using ModelCompiler.Core.Tests.Kernels;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Ml;

public sealed class TreeTests
{
    private static readonly Gen<string[]> Modes = Int8Models.Pick<string[]>([
        RandomForest.All,
        RandomForest.Ordered,
        .. RandomForest.All.Select(mode => (string[])[mode]),
    ]);

    [Theory]
    [InlineData("SUM")]
    [InlineData("AVERAGE")]
    [InlineData("MIN")]
    [InlineData("MAX")]
    public void Regressor_equals_onnxruntime(string aggregate) =>
        Gen.Select(Modes, Gen.Int[1, 9], Gen.Int[1, 5], Gen.Int[1, 3], Gen.Bool, Gen.Bool, Gen.Int[0, 1000])
            .Sample(
                (modes, trees, depth, targets, tracks, bases, seed) =>
                {
                    // ONNX Runtime forgets the base value of a target that no leaf has a weight for.
                    IEnumerable<(int, float)> Leaf(Random r) =>
                        bases
                            ? Enumerable.Range(0, targets).Select(t => (t, r.NextSingle() - 0.5f))
                            : [(r.Next(targets), r.NextSingle() - 0.5f)];
                    var forest = new RandomForest(seed, trees, depth, modes, tracks, Leaf);
                    RandomForest.Check(
                        "TreeEnsembleRegressor",
                        3,
                        ElementType.Float32,
                        7,
                        seed,
                        [ElementType.Float32],
                        [
                            .. forest.Attributes("target"),
                            ("n_targets", targets),
                            ("aggregate_function", aggregate),
                            .. bases
                                ? [("base_values", (float[])[.. Enumerable.Range(0, targets).Select(t => t + 0.25f)])]
                                : Array.Empty<(string, object)>(),
                        ]
                    );
                },
                iter: 3
            );

    [Theory]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Int32)]
    public void Classifier_of_several_classes_equals_onnxruntime(ElementType element) =>
        Gen.Select(
                Gen.Int[1, 9],
                Gen.Int[1, 3],
                Gen.Bool,
                Gen.Bool,
                Int8Models.Pick("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"),
                Gen.Int[0, 1000]
            )
            .Sample(
                (trees, each, bases, negative, transform, seed) =>
                {
                    IEnumerable<(int, float)> Leaf(Random r) =>
                        Enumerable.Range(0, 4).OrderBy(_ => r.Next()).Take(each).Select(c => (c, r.NextSingle() - (negative ? 1 : 0)));
                    var forest = new RandomForest(seed, trees, 3, RandomForest.All, true, Leaf);
                    var tensors = element == ElementType.Float64;
                    RandomForest.Check(
                        "TreeEnsembleClassifier",
                        3,
                        element,
                        7,
                        seed,
                        [ElementType.Int64, ElementType.Float32],
                        [
                            .. forest.Attributes("class", tensors),
                            ("classlabels_int64s", (long[])[5, 3, 8, 1]),
                            ("post_transform", transform),
                            .. bases
                                ? [RandomForest.Numbers("base_values", [0.25f, -0.5f, 1.25f, 0.125f], tensors)]
                                : Array.Empty<(string, object)>(),
                        ]
                    );
                },
                iter: 3
            );

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    public void Classifier_of_two_classes_equals_onnxruntime(int first, int last) =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 2], Gen.Bool, Int8Models.Pick("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"), Gen.Int[0, 1000])
            .Sample(
                (trees, bases, negative, transform, seed) =>
                {
                    IEnumerable<(int, float)> Leaf(Random r) =>
                        Enumerable
                            .Range(first, last - first + 1)
                            .Select(c => (c, (r.NextSingle() / trees) - (negative ? 0.5f / trees : 0)));
                    var forest = new RandomForest(seed, trees, 3, RandomForest.Ordered, false, Leaf);
                    RandomForest.Check(
                        "TreeEnsembleClassifier",
                        1,
                        ElementType.Float32,
                        7,
                        seed,
                        [ElementType.Int64, ElementType.Float32],
                        [
                            .. forest.Attributes("class"),
                            ("classlabels_int64s", (long[])[7, 3]),
                            ("post_transform", transform),
                            .. bases > 0 ? [("base_values", ((float[])[0.25f, -0.125f])[..bases])] : Array.Empty<(string, object)>(),
                        ]
                    );
                },
                iter: 5
            );

    /// <summary>
    /// A chain in which every kind of comparison occurs: it leaves to a leaf where it holds. ONNX Runtime takes the transforms 1 and 2,
    /// which the specification calls SOFTMAX and LOGISTIC, the other way round.
    /// </summary>
    [Theory]
    [InlineData(ElementType.Float32, 0, 3)]
    [InlineData(ElementType.Float32, 1, 0)]
    [InlineData(ElementType.Float64, 2, 0)]
    [InlineData(ElementType.Float32, 3, 3)]
    public void Ensemble_of_all_comparisons_equals_onnxruntime(ElementType element, int aggregate, int transform)
    {
        const int Nodes = 14;
        long[] Each(Func<int, long> entry) => [.. Enumerable.Range(0, Nodes).Select(i => entry(i))];
        Tensor Numbers(params double[] values) =>
            element == ElementType.Float64
                ? Tensor.From<double>(element, new TensorShape(values.Length), values)
                : Tensor.Floats(new TensorShape(values.Length), [.. values.Select(v => (float)v)]);
        for (var seed = 0; seed < 3; seed++)
        {
            var random = new Random(seed);
            var modes = Enumerable.Range(0, 7).Concat(Enumerable.Range(0, 7)).OrderBy(_ => random.Next()).Select(m => (byte)m).ToArray();
            RandomForest.Check(
                "TreeEnsemble",
                5,
                element,
                40,
                seed,
                [element],
                ("n_targets", 2),
                ("aggregate_function", aggregate),
                ("post_transform", transform),
                ("tree_roots", (long[])[0]),
                ("nodes_featureids", Each(i => i % RandomForest.Features)),
                ("nodes_modes", Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(Nodes)), modes)),
                (
                    "nodes_splits",
                    Numbers([
                        .. Each(i =>
                                modes[i] is 2 or 3 ? 3
                                : modes[i] == 5 ? 1
                                : -2
                            )
                            .Select(v => (double)v),
                    ])
                ),
                ("membership_values", Numbers(1, 3, double.NaN, 2, double.NaN)),
                ("nodes_trueleafs", Each(_ => 1)),
                ("nodes_truenodeids", Each(i => i)),
                ("nodes_falseleafs", Each(i => i == Nodes - 1 ? 1 : 0)),
                ("nodes_falsenodeids", Each(i => i + 1)),
                ("nodes_missing_value_tracks_true", Each(_ => random.Next(2))),
                ("leaf_targetids", (long[])[.. Enumerable.Range(0, Nodes + 1).Select(i => (long)(i % 2))]),
                ("leaf_weights", Numbers([.. Enumerable.Range(0, Nodes + 1).Select(i => 0.1 + (i / 20.0))]))
            );
        }
    }

    [Theory]
    [InlineData("BRANCH_LEQ")]
    [InlineData("BRANCH_EQ")]
    public void Deep_trees_equal_onnxruntime(string mode)
    {
        var forest = RandomForest.Chain(60, mode);
        (string, object)[] attributes = [.. forest.Attributes("target"), ("n_targets", 1), ("post_transform", "PROBIT")];
        RandomForest.Check("TreeEnsembleRegressor", 1, ElementType.Float32, 20, 1, [ElementType.Float32], attributes);
    }

    [Fact]
    public void Trees_with_cycles_missing_nodes_and_missing_features_are_refused()
    {
        AssertProblem(RandomForest.Chain(20, "BRANCH_LEQ", last: 3), "cycle");
        AssertProblem(RandomForest.Chain(20, "BRANCH_LEQ", last: 77), "no node 77");
        AssertProblem(RandomForest.Chain(20, "BRANCH_SOMETIMES"), "BRANCH_SOMETIMES");
        AssertProblem(RandomForest.Chain(20, "BRANCH_LEQ", feature: 1 << 20), "features were expected");

        static void AssertProblem(RandomForest forest, string text)
        {
            var model = new OnnxModelBuilder().Opset("ai.onnx.ml", 3);
            var x = model.Input("x", ElementType.Float32, 2, RandomForest.Features);
            model.Output(
                model.Node("TreeEnsembleRegressor", "ai.onnx.ml", [x], [.. forest.Attributes("target"), ("n_targets", 1)])[0],
                ElementType.Float32
            );
            Problems.AssertContains(model, text);
        }
    }
}
