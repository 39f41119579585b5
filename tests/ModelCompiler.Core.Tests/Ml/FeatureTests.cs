using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Ml;

public sealed class FeatureTests
{
    private static readonly ElementType[] Float = [ElementType.Float32];

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Int32)]
    public void Scaling_and_normalising_equal_onnxruntime(ElementType element)
    {
        var model = MlModel.New();
        var x = model.Input("x", element, 3, 4);
        MlModel.Add(model, "Scaler", [x], Float, ("offset", (float[])[1, 2, 3, 4]), ("scale", (float[])[0.5f, 3, 2, -1]));
        MlModel.Add(model, "Scaler", [x], Float, ("offset", (float[])[1]), ("scale", (float[])[0.5f]));
        foreach (var norm in new[] { "MAX", "L1", "L2" })
        {
            MlModel.Add(model, "Normalizer", [x], Float, ("norm", norm));
        }

        var rows = Elements((float[])[1, -2, 3, 4, 0, 0, 0, 0, -1, -2, -5, -2], element);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = rows }, targets: [Target.Auto]);
    }

    [Fact]
    public void Imputing_and_binarising_equal_onnxruntime()
    {
        var model = MlModel.New();
        var (x, n) = (model.Input("x", ElementType.Float32, 2, 3), model.Input("n", ElementType.Int64, 2, 3));
        (string, object) imputed = ("imputed_value_floats", (float[])[7, 8, 9]);
        MlModel.Add(model, "Imputer", [x], Float, imputed, ("replaced_value_float", float.NaN));
        MlModel.Add(model, "Imputer", [x], Float, ("imputed_value_floats", (float[])[7]), ("replaced_value_float", 2f));
        (string, object) integers = ("imputed_value_int64s", (long[])[7, 8, 9]);
        MlModel.Add(model, "Imputer", [n], [ElementType.Int64], integers, ("replaced_value_int64", -1));
        MlModel.Add(model, "Binarizer", [model.Input("y", ElementType.Float32, 9)], Float, ("threshold", 1.5f));
        var inputs = new Dictionary<string, Array>
        {
            ["x"] = (float[])[1, 2, float.NaN, float.NaN, 1.5f, -1],
            ["n"] = (long[])[-1, -1, 3, 2, 1, -1],
        };
        Differential.Check(model, inputs: inputs, targets: [Target.Auto]);
    }

    [Fact]
    public void Joining_and_extracting_features_equal_onnxruntime()
    {
        var model = MlModel.New();
        var (a, b) = (model.Input("a", ElementType.Float32, 3, 4), model.Input("b", ElementType.Float32, 3, 2));
        MlModel.Add(model, "FeatureVectorizer", [a, b], Float, ("inputdimensions", (long[])[4, 2]));
        MlModel.Add(model, "FeatureVectorizer", [a, b, a], Float, ("inputdimensions", (long[])[3, 5, 4]));
        var indices = model.Constant(Tensor.Longs(3, 0, 3).Reshape(new TensorShape(1, 3)));
        MlModel.Add(model, "ArrayFeatureExtractor", [a, indices], Float);
        var row = model.Input("row", ElementType.Int64, 5);
        MlModel.Add(model, "ArrayFeatureExtractor", [row, model.Input("i", ElementType.Int64, 2)], [ElementType.Int64]);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["i"] = (long[])[4, 1] }, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Float32)]
    public void One_hot_encoding_equals_onnxruntime(ElementType element)
    {
        var model = MlModel.New();
        var x = model.Input("x", element, 2, 3);
        MlModel.Add(model, "OneHotEncoder", [x], Float, ("cats_int64s", (long[])[3, 1, 7]), ("zeros", 1));
        var values = Elements((float[])[3, 1, 7, 5, -1, 3], element);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = values }, targets: [Target.Auto]);
    }

    [Fact]
    public void Label_encoding_equals_onnxruntime()
    {
        var model = MlModel.New(4);
        var (x, n) = (model.Input("x", ElementType.Float32, 7), model.Input("n", ElementType.Int64, 7));
        (string, object)[] dense = [("keys_int64s", (long[])[3, 1, 2, 6]), ("values_floats", (float[])[0.5f, 1.5f, 2.5f, 3.5f])];
        (string, object)[] sparse = [("keys_int64s", (long[])[3, 1 << 20, -(1L << 40)]), ("values_int64s", (long[])[10, 20, 30])];
        (string, object)[] floats = [("keys_floats", (float[])[0.5f, float.NaN, -1]), ("values_int64s", (long[])[10, 20, 30])];
        MlModel.Add(model, "LabelEncoder", [n], Float, [.. dense, ("default_float", 9f)]);
        MlModel.Add(model, "LabelEncoder", [n], [ElementType.Int64], sparse);
        MlModel.Add(model, "LabelEncoder", [x], [ElementType.Int64], [.. floats, ("default_int64", 5)]);
        var inputs = new Dictionary<string, Array>
        {
            ["x"] = (float[])[0.5f, float.NaN, -1, 3, 0, 0.5f, -1],
            ["n"] = (long[])[3, 1, 1 << 20, -(1L << 40), 6, 4, 0],
        };
        Differential.Check(model, inputs: inputs, targets: [Target.Auto]);
    }

    [Fact]
    public void Strings_are_refused()
    {
        var model = MlModel.New(2);
        var x = model.Input("x", ElementType.Int64, 2);
        (string, object)[] names = [("keys_int64s", (long[])[1, 2]), ("values_strings", (string[])["cat", "dog"])];
        MlModel.Add(model, "LabelEncoder", [x], [ElementType.String], names);
        Problems.AssertContains(model, "are strings are not supported");
    }

    private static Array Elements(float[] values, ElementType element) =>
        element switch
        {
            ElementType.Float64 => values.Select(v => (double)v).ToArray(),
            ElementType.Int64 => values.Select(v => (long)v).ToArray(),
            ElementType.Int32 => values.Select(v => (int)v).ToArray(),
            _ => values,
        };
}
