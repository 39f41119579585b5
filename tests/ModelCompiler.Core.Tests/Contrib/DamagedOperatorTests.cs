using Google.Protobuf;
using ModelCompiler.Core.Tests.Ml;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Contrib;

/// <summary>Damaged attributes and shapes of operators with many: a diagnostic every time, never a failure of the compiler.</summary>
public sealed class DamagedOperatorTests
{
    private const ElementType Float = ElementType.Float32;

    [Fact]
    public void Trees() => Damage(Tree());

    [Fact]
    public void Support_vectors() => Damage(SupportVectors());

    [Fact]
    public void Encoders() => Damage(Encoders_and_scalers());

    [Fact]
    public void Attention() => Damage(Attentions());

    [Fact]
    public void Products_of_few_bits() => Damage(FewBits());

    private static void Damage(OnnxModelBuilder model)
    {
        var random = new Random(1);
        Assert.True(Compile(model.Proto).Succeeded, string.Join("\n", Compile(model.Proto).Problems));
        for (var i = 0; i < 400; i++)
        {
            var damaged = model.Proto.Clone();
            for (var changes = random.Next(1, 3); changes > 0; changes--)
            {
                Change(damaged.Graph, random);
            }

            Assert.DoesNotContain(Compile(damaged).Problems, p => p.Kind == ProblemKinds.InternalError);
        }
    }

    private static void Change(GraphProto graph, Random random)
    {
        long[] numbers = [0, 1, -1, 2, 7, 1000, int.MaxValue, long.MinValue, long.MaxValue, 1L << 31, random.Next(100)];
        var number = numbers[random.Next(numbers.Length)];
        var node = graph.Node[random.Next(graph.Node.Count)];
        var attributes = node.Attribute;
        var attribute = attributes.Count > 0 ? attributes[random.Next(attributes.Count)] : null;
        switch (random.Next(7))
        {
            case 0 when attribute is not null:
                attributes.Remove(attribute);
                break;
            case 1 when attribute is { Ints.Count: > 0 }:
                attribute.Ints[random.Next(attribute.Ints.Count)] = number;
                break;
            case 2 when attribute is { Floats.Count: > 0 }:
                attribute.Floats.RemoveAt(random.Next(attribute.Floats.Count));
                break;
            case 3 when attribute is { Type: AttributeProto.Types.AttributeType.Int }:
                attribute.I = number;
                break;
            case 4 when node.Input.Count > 0:
                node.Input[random.Next(node.Input.Count)] = random.Next(2) == 0 ? "" : graph.Input[0].Name;
                break;
            case 5 when graph.Initializer.Count > 0:
                var tensor = graph.Initializer[random.Next(graph.Initializer.Count)];
                tensor.Dims.Insert(0, 1);
                break;
            default:
                var shape = graph.Input[random.Next(graph.Input.Count)].Type.TensorType.Shape;
                shape.Dim[random.Next(shape.Dim.Count)].DimValue = random.Next(1, 9);
                break;
        }
    }

    private static CompiledModel Compile(ModelProto model) =>
        ModelCompilation.Compile(new ModelSource("damaged.onnx", model.ToByteArray(), _ => null), new CompileOptions());

    private static OnnxModelBuilder Tree()
    {
        var model = MlModel.New();
        var x = model.Input("x", Float, 2, RandomForest.Features);
        var forest = new RandomForest(3, 3, 3, RandomForest.All, true, r => [(r.Next(3), r.NextSingle())]);
        (string, object)[] bases = [("base_values", (float[])[1, 2, 3])];
        MlModel.Add(model, "TreeEnsembleRegressor", [x], [Float], [.. forest.Attributes("target"), .. bases, ("n_targets", 3)]);
        (string, object)[] labels = [("classlabels_int64s", (long[])[1, 2, 3])];
        MlModel.Add(model, "TreeEnsembleClassifier", [x], [ElementType.Int64, Float], [.. forest.Attributes("class"), .. labels]);
        return model;
    }

    private static OnnxModelBuilder SupportVectors()
    {
        var model = MlModel.New();
        var x = model.Input("x", Float, 2, 4);
        (string, object)[] common =
        [
            ("coefficients", MlModel.Random(1, 14)),
            ("support_vectors", MlModel.Random(2, 28)),
            ("rho", (float[])[1, 2, 3]),
            ("kernel_type", "RBF"),
            ("kernel_params", (float[])[1, 2, 3]),
        ];
        (string, object)[] classes =
        [
            ("classlabels_ints", (long[])[1, 2, 3]),
            ("vectors_per_class", (long[])[2, 4, 1]),
            ("prob_a", (float[])[1, 2, 3]),
            ("prob_b", (float[])[1, 2, 3]),
        ];
        MlModel.Add(model, "SVMClassifier", [x], [ElementType.Int64, Float], [.. common, .. classes]);
        (string, object)[] linear =
        [
            ("coefficients", MlModel.Random(1, 12)),
            ("intercepts", (float[])[1, 2, 3]),
            ("classlabels_ints", (long[])[1, 2, 3]),
        ];
        MlModel.Add(model, "LinearClassifier", [x], [ElementType.Int64, Float], linear);
        return model;
    }

    private static OnnxModelBuilder Encoders_and_scalers()
    {
        var model = MlModel.New();
        var (x, n) = (model.Input("x", Float, 2, 4), model.Input("n", ElementType.Int64, 2, 4));
        MlModel.Add(model, "Scaler", [x], [Float], ("offset", (float[])[1, 2, 3, 4]), ("scale", (float[])[1, 2, 3, 4]));
        MlModel.Add(model, "Imputer", [x], [Float], ("imputed_value_floats", (float[])[1, 2, 3, 4]));
        MlModel.Add(model, "OneHotEncoder", [n], [Float], ("cats_int64s", (long[])[1, 2, 3]));
        MlModel.Add(model, "LabelEncoder", [n], [Float], ("keys_int64s", (long[])[1, 2, 3]), ("values_floats", (float[])[1, 2, 3]));
        MlModel.Add(model, "FeatureVectorizer", [x, n], [Float], ("inputdimensions", (long[])[3, 5]));
        MlModel.Add(model, "ArrayFeatureExtractor", [x, model.Constant(Tensor.Longs(1, 2))], [Float]);
        return model;
    }

    private static OnnxModelBuilder Attentions()
    {
        var model = new OnnxModelBuilder();
        var (q, k, v) = (model.Input("q", Float, 2, 3, 8), model.Input("k", Float, 2, 3, 8), model.Input("v", Float, 2, 3, 8));
        var mask = model.Input("mask", ElementType.Int32, 2, 3);
        model.Output(model.Microsoft("MultiHeadAttention", [q, k, v, null, mask], ("num_heads", 2), ("unidirectional", 1)), Float);
        var (w, b) = (model.Input("w", Float, 8, 24), model.Input("b", Float, 24));
        (string, object)[] sizes = [("num_heads", 2), ("qkv_hidden_sizes", (long[])[8, 8, 8])];
        model.Output(model.Microsoft("Attention", [q, w, b, mask], sizes), Float);
        var (cos, sin) = (model.Input("cos", Float, 9, 2), model.Input("sin", Float, 9, 2));
        var total = model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(1), [3]));
        string?[] grouped = [q, k, v, null, null, model.Input("counts", ElementType.Int32, 2), total, cos, sin];
        (string, object)[] heads = [("num_heads", 2), ("kv_num_heads", 2), ("do_rotary", 1), ("local_window_size", 2)];
        model.Output(model.Microsoft("GroupQueryAttention", grouped, heads), Float);
        var positions = model.Input("positions", ElementType.Int64, 2, 3);
        model.Output(model.Microsoft("RotaryEmbedding", [q, positions, cos, sin], ("num_heads", 2), ("rotary_embedding_dim", 4)), Float);
        model.Output(model.Microsoft("SkipLayerNormalization", [q, k, model.Input("gamma", Float, 8)]), Float);
        return model;
    }

    private static OnnxModelBuilder FewBits()
    {
        var model = new OnnxModelBuilder();
        string Bytes(params int[] shape) =>
            model.Constant(
                Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(shape)), new byte[new TensorShape(shape).Elements])
            );
        var a = model.Input("a", Float, 3, 40);
        (string, object)[] blocks = [("K", 40), ("N", 5), ("bits", 4), ("block_size", 32)];
        model.Output(model.Microsoft("MatMulNBits", [a, Bytes(5, 2, 16), model.Constant([10], new float[10]), Bytes(5)], blocks), Float);
        (string, object)[] values = [("K", 40), ("N", 4), ("block_size", 16), ("quant_type", 1)];
        model.Output(model.Microsoft("MatMulBnb4", [a, Bytes(80), model.Constant([10], new float[10])], values), Float);
        var i = model.Input("i", ElementType.Int64, 2);
        (string, object)[] axes = [("gather_axis", 0), ("quantize_axis", 1), ("block_size", 16)];
        model.Output(model.Microsoft("GatherBlockQuantized", [Bytes(7, 16), i, model.Constant([7, 2], new float[14])], axes), Float);
        model.Output(model.Microsoft("Inverse", [model.Input("m", Float, 3, 3)]), Float);
        model.Output(model.Microsoft("UnfoldTensor", [a], ("dim", 1), ("size", 3), ("step", 2)), Float);
        return model;
    }
}
