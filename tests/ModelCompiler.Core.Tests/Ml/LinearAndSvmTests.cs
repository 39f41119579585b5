using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Ml;

public sealed class LinearAndSvmTests
{
    private static readonly string[] Transforms = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"];
    private static readonly ElementType[] LabelAndScores = [ElementType.Int64, ElementType.Float32];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Linear_regressor_equals_onnxruntime(int targets)
    {
        var model = MlModel.New();
        var x = model.Input("x", ElementType.Float32, 5, 4);
        foreach (var transform in Transforms)
        {
            MlModel.Add(
                model,
                "LinearRegressor",
                [x],
                [ElementType.Float32],
                ("coefficients", MlModel.Random(1, targets * 4)),
                ("intercepts", MlModel.Random(2, targets)),
                ("targets", targets),
                ("post_transform", transform)
            );
        }

        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(1, 2, ElementType.Float32)]
    [InlineData(2, 2, ElementType.Float64)]
    [InlineData(3, 3, ElementType.Int64)]
    public void Linear_classifier_equals_onnxruntime(int scores, int labels, ElementType element)
    {
        var model = MlModel.New();
        var x = model.Input("x", element, 5, 4);
        foreach (var transform in Transforms)
        {
            MlModel.Add(
                model,
                "LinearClassifier",
                [x],
                LabelAndScores,
                ("coefficients", MlModel.Random(1, scores * 4)),
                ("intercepts", MlModel.Random(2, scores)),
                ("classlabels_ints", ((long[])[4, 9, 2])[..labels]),
                ("post_transform", transform)
            );
        }

        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData("LINEAR")]
    [InlineData("POLY")]
    [InlineData("RBF")]
    [InlineData("SIGMOID")]
    public void Svm_regressor_equals_onnxruntime(string kernel)
    {
        var model = MlModel.New();
        var x = model.Input("x", ElementType.Float32, 6, 4);
        foreach (var oneClass in new[] { 0, 1 })
        {
            MlModel.Add(
                model,
                "SVMRegressor",
                [x],
                [ElementType.Float32],
                ("coefficients", MlModel.Random(1, 7)),
                ("support_vectors", MlModel.Random(2, 7 * 4)),
                ("n_supports", 7),
                ("rho", (float[])[0.3f]),
                ("kernel_type", kernel),
                ("kernel_params", (float[])[0.4f, 0.2f, 3]),
                ("one_class", oneClass),
                ("post_transform", "LOGISTIC")
            );
        }

        (string, object)[] linear =
        [
            ("coefficients", MlModel.Random(1, 4)),
            ("rho", (float[])[0.3f]),
            ("kernel_type", "LINEAR"),
            ("kernel_params", (float[])[0, 0, 0]),
        ];
        MlModel.Add(model, "SVMRegressor", [x], [ElementType.Float32], linear);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(2, "RBF", false)]
    [InlineData(2, "POLY", true)]
    [InlineData(4, "SIGMOID", false)]
    [InlineData(4, "LINEAR", true)]
    [InlineData(3, "RBF", true)]
    public void Svm_classifier_equals_onnxruntime(int classes, string kernel, bool probabilities)
    {
        var each = ((long[])[2, 4, 2, 4])[..classes];
        var (pairs, vectors) = (classes * (classes - 1) / 2, (int)each.Sum());
        var model = MlModel.New();
        var x = model.Input("x", ElementType.Float32, 9, 4);
        foreach (var transform in Transforms)
        {
            MlModel.Add(
                model,
                "SVMClassifier",
                [x],
                LabelAndScores,
                [
                    ("classlabels_ints", ((long[])[4, 9, 2, 7])[..classes]),
                    ("coefficients", MlModel.Random(1, (classes - 1) * vectors)),
                    ("support_vectors", MlModel.Random(2, vectors * 4)),
                    ("vectors_per_class", each),
                    ("rho", MlModel.Random(3, pairs)),
                    ("kernel_type", kernel),
                    ("kernel_params", (float[])[0.4f, 0.2f, 2]),
                    ("post_transform", transform),
                    .. probabilities
                        ? [("prob_a", MlModel.Random(4, pairs)), ("prob_b", MlModel.Random(5, pairs))]
                        : Array.Empty<(string, object)>(),
                ]
            );
        }

        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(2, -1f)]
    [InlineData(2, 0f)]
    [InlineData(3, -1f)]
    public void Svm_classifier_without_vectors_equals_onnxruntime(int classes, float least)
    {
        var model = MlModel.New();
        var x = model.Input("x", ElementType.Float32, 9, 4);
        foreach (var transform in Transforms)
        {
            MlModel.Add(
                model,
                "SVMClassifier",
                [x],
                LabelAndScores,
                ("classlabels_ints", ((long[])[4, 9, 2, 7])[..classes]),
                ("coefficients", MlModel.Random(1, classes * 4, least)),
                ("rho", (float[])[0.1f]),
                ("kernel_type", "LINEAR"),
                ("kernel_params", (float[])[0, 0, 0]),
                ("post_transform", transform)
            );
        }

        Differential.Check(model, targets: [Target.Auto]);
    }

    /// <summary>ONNX Runtime gives maps from labels to scores; compiled models give the scores in the order of the labels.</summary>
    [Fact]
    public void Maps_of_scores_become_rows_of_scores()
    {
        var model = MlModel.New();
        var x = model.Input("x", ElementType.Float32, 5, 4);
        (string, object)[] classifier =
        [
            ("coefficients", MlModel.Random(1, 12)),
            ("intercepts", MlModel.Random(2, 3)),
            ("classlabels_ints", (long[])[4, 9, 2]),
        ];
        var outputs = model.Node("LinearClassifier", MlModel.Domain, [x], classifier, 2);
        MlModel.Add(model, "ZipMap", [outputs[1]], [ElementType.Float32], ("classlabels_int64s", (long[])[4, 9, 2]));
        model.Output(outputs[1], ElementType.Float32);
        var options = new CompileOptions { ClassName = "Maps" };
        using var network = CompiledNetwork.Load(ModelCompilation.Compile(new("maps.onnx", model.ToBytes(), _ => null), options), options);
        var results = network.Run([MlModel.Random(3, 20)]);
        Assert.Equal(results[1].Elements, results[0].Elements);
        Assert.Equal(new TensorShape(5, 3), results[0].Type.Shape);
    }

    [Fact]
    public void Labels_that_are_strings_are_refused()
    {
        foreach (var op in new[] { "LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier" })
        {
            var model = MlModel.New();
            var x = model.Input("x", ElementType.Float32, 1, 4);
            MlModel.Add(
                model,
                op,
                [x],
                LabelAndScores,
                ("classlabels_strings", (string[])["cat", "dog"]),
                ("intercepts", (float[])[1, 2]),
                ("coefficients", MlModel.Random(1, 8))
            );
            Problems.AssertContains(model, "encoded as integers");
        }
    }
}
