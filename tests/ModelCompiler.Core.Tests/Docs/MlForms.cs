using ModelCompiler.Graphs;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>Inputs and attributes that operators of ai.onnx.ml are content with, which most need.</summary>
internal static class MlForms
{
    private static readonly (string, object) Classes = ("classlabels_ints", (long[])[0, 1]);

    private static readonly (string, object)[] Vectors =
    [
        ("kernel_type", "LINEAR"),
        ("coefficients", (float[])[1, 2]),
        ("support_vectors", new float[6]),
        ("rho", (float[])[1]),
    ];

    /// <summary>One question with two answers.</summary>
    private static readonly (string, object)[] Stump =
    [
        ("nodes_treeids", (long[])[0, 0, 0]),
        ("nodes_nodeids", (long[])[0, 1, 2]),
        ("nodes_featureids", (long[])[0, 0, 0]),
        ("nodes_values", (float[])[0.5f, 0, 0]),
        ("nodes_modes", (string[])["BRANCH_LEQ", "LEAF", "LEAF"]),
        ("nodes_truenodeids", (long[])[1, 0, 0]),
        ("nodes_falsenodeids", (long[])[2, 0, 0]),
    ];

    /// <summary>One line an operator, in alphabetical order.</summary>
    public static readonly Dictionary<string, Form[]> Own = new()
    {
        ["ArrayFeatureExtractor"] = [m => m.Node([m.X(2, 3), m.Integers(1)])],
        ["FeatureVectorizer"] = [m => m.Node([m.X(2, 3), m.X(2, 2)], ("inputdimensions", (long[])[3, 2]))],
        ["Imputer"] = [m => Imputer(m, ("imputed_value_floats", (float[])[1])), m => Imputer(m, ("imputed_value_int64s", (long[])[1]))],
        ["LabelEncoder"] = [Labels("int64s", (long[])[1, 2]), Labels("floats", (float[])[1, 2]), TensorLabels],
        ["LinearClassifier"] = [m => m.Node([m.X(2, 3)], Classes, ("coefficients", new float[6]), ("intercepts", new float[2]))],
        ["LinearRegressor"] = [m => m.Node([m.X(2, 3)], ("coefficients", new float[3]))],
        ["OneHotEncoder"] = [m => m.Node([m.X(2, 3)], ("cats_int64s", (long[])[0, 1, 2]))],
        ["SVMClassifier"] = [m => m.Node([m.X(2, 3)], [Classes, .. Vectors, ("vectors_per_class", (long[])[1, 1])])],
        ["SVMRegressor"] = [m => m.Node([m.X(2, 3)], [.. Vectors, ("n_supports", 2)])],
        ["Scaler"] = [m => m.Node([m.X(2, 3)], ("offset", (float[])[1]), ("scale", (float[])[2]))],
        ["TreeEnsemble"] = [Ensemble],
        ["TreeEnsembleClassifier"] = [m => m.Node([m.X(2, 3)], [.. Stump, .. Leaves("class"), ("classlabels_int64s", (long[])[0, 1])])],
        ["TreeEnsembleRegressor"] = [m => m.Node([m.X(2, 3)], [.. Stump, .. Leaves("target"), ("n_targets", 1)])],
        ["ZipMap"] = [m => m.Node([m.X(2, 3)], ("classlabels_int64s", (long[])[0, 1, 2]))],
    };

    private static (string, object)[] Leaves(string kind) =>
        [
            ($"{kind}_treeids", (long[])[0, 0]),
            ($"{kind}_nodeids", (long[])[1, 2]),
            ($"{kind}_ids", (long[])[0, 0]),
            ($"{kind}_weights", (float[])[1, 2]),
        ];

    private static void Imputer(ProbeModel m, (string, object) values) => m.Node([m.X(2, 3)], values);

    private static Form Labels(string type, object values) =>
        m => m.Node([m.X(2, 3)], ($"keys_{type}", values), ($"values_{type}", values));

    /// <summary>From version 4 on keys and values may be tensors of any type.</summary>
    private static void TensorLabels(ProbeModel m)
    {
        var zeros = ProbeModel.ZerosOf(m.Element, 1);
        m.Node([m.X(2, 3)], ("keys_tensor", zeros), ("values_tensor", zeros), ("default_tensor", zeros));
    }

    private static void Ensemble(ProbeModel m) =>
        m.Node(
            [m.X(2, 3)],
            ("n_targets", 1),
            ("tree_roots", (long[])[0]),
            ("nodes_featureids", (long[])[0]),
            ("nodes_modes", ProbeModel.ZerosOf(ElementType.UInt8, 1)),
            ("nodes_splits", ProbeModel.ZerosOf(m.Element, 1)),
            ("nodes_trueleafs", (long[])[1]),
            ("nodes_truenodeids", (long[])[0]),
            ("nodes_falseleafs", (long[])[1]),
            ("nodes_falsenodeids", (long[])[1]),
            ("leaf_targetids", (long[])[0, 0]),
            ("leaf_weights", ProbeModel.ZerosOf(m.Element, 2))
        );
}
