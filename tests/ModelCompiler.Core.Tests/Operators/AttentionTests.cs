using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class AttentionTests
{
    [Theory]
    [InlineData(0, 0f)]
    [InlineData(1, 0f)]
    [InlineData(0, 2f)]
    public void Attention_equals_onnxruntime(int causal, float cap)
    {
        var model = new OnnxModelBuilder(23);
        var q = model.Input("q", ElementType.Float32, 2, 4, 5, 8);
        var k = model.Input("k", ElementType.Float32, 2, 2, 5, 8);
        var v = model.Input("v", ElementType.Float32, 2, 2, 5, 6);
        model.Output(model.Node("Attention", [q, k, v], ("is_causal", causal), ("softcap", cap), ("scale", 0.3f)), ElementType.Float32);
        Differential.Check(model);
    }

    /// <summary>The same as Attention with a cap and a mask, where the functions say so.</summary>
    [Theory]
    [InlineData(ElementType.Float32, 2)]
    [InlineData(ElementType.Float64, 1)]
    public void Functions_of_scores_and_probabilities_are_inlined(ElementType type, int group)
    {
        const float Cap = 1.5f;
        var (model, reference) = (new OnnxModelBuilder(23), new OnnxModelBuilder(23));
        var (q, k, v, bias) = Inputs(model);
        var score = OnnxModelBuilder.Subgraph("score");
        var scores = score.Input("scores", type, 2, 2 * group, 5, 7);
        var capped = score.Node("Mul", [score.Node("Tanh", [score.Node("Div", [scores, Number(score, Cap)])]), Number(score, Cap)]);
        score.Output(score.Node("Add", [capped, Converted(score, bias)]), type);
        var probability = OnnxModelBuilder.Subgraph("probability");
        var probabilities = probability.Input("probabilities", type, 2, 2 * group, 5, 7);
        probability.Output(probability.Node("Mul", [probabilities, Number(probability, 0.5f)]), type);
        string[] converted = [Converted(model, q), Converted(model, k), Converted(model, v)];
        (string, object)[] attributes = [("score_mod", score), ("prob_mod", probability), ("scale", 0.7f)];
        var attended = model.Node("FlexAttention", "ai.onnx.preview", converted, attributes)[0];
        model.Output(model.Node("Cast", [attended], ("to", (int)ElementType.Float32)), ElementType.Float32);

        (q, k, v, bias) = Inputs(reference);
        var expected = reference.Node("Attention", [q, k, v, bias], ("softcap", Cap), ("scale", 0.7f));
        reference.Output(reference.Node("Mul", [expected, reference.Constant([], 0.5f)]), ElementType.Float32);
        Reference.Check(model, reference);

        (string, string, string, string) Inputs(OnnxModelBuilder builder) =>
            (
                builder.Input("q", ElementType.Float32, 2, 2 * group, 5, 8),
                builder.Input("k", ElementType.Float32, 2, 2, 7, 8),
                builder.Input("v", ElementType.Float32, 2, 2, 7, 6),
                builder.Input("bias", ElementType.Float32, 5, 7)
            );

        string Converted(OnnxModelBuilder builder, string value) => builder.Node("Cast", [value], ("to", (int)type));

        string Number(OnnxModelBuilder builder, float value) => Converted(builder, builder.Constant([], value));
    }

    [Fact]
    public void A_function_that_changes_the_shape_is_refused()
    {
        var model = new OnnxModelBuilder(23);
        var score = OnnxModelBuilder.Subgraph("score");
        score.Output(score.Node("Transpose", [score.Input("scores", ElementType.Float32, 1, 1, 2, 3)]), ElementType.Float32);
        string[] inputs = [.. new[] { 2, 3, 3 }.Select((length, i) => model.Input($"x{i}", ElementType.Float32, 1, 1, length, 4))];
        model.Output(model.Node("FlexAttention", "ai.onnx.preview", inputs, [("score_mod", score)])[0], ElementType.Float32);
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new());
        Assert.Contains(compiled.Problems, p => p.Kind.Code == "MC0005" && p.Message.Contains("score_mod", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Bool)]
    public void Heads_that_are_no_floats_are_refused(ElementType type)
    {
        var model = new OnnxModelBuilder(23);
        string[] inputs = [.. "qkv".Select(n => model.Input($"{n}", type, 1, 1, 2, 4))];
        model.Output(model.Node("FlexAttention", "ai.onnx.preview", inputs, [])[0], type);
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new());
        Assert.Contains(compiled.Problems, p => p.Kind.Code == "MC0005" && p.Message.Contains("floats", StringComparison.Ordinal));
    }

    [Fact]
    public void Attention_with_masks_and_caches_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder(23);
        var q = model.Input("q", ElementType.Float32, 2, 3, 12);
        var k = model.Input("k", ElementType.Float32, 2, 3, 12);
        var v = model.Input("v", ElementType.Float32, 2, 3, 9);
        var (pastKeys, pastValues) = (
            model.Input("pk", ElementType.Float32, 2, 3, 4, 4),
            model.Input("pv", ElementType.Float32, 2, 3, 4, 3)
        );
        var mask = model.Input("mask", ElementType.Float32, 3, 7);
        (string, object)[] heads = [("q_num_heads", 3), ("kv_num_heads", 3)];
        foreach (var output in model.Node("Attention", "", [q, k, v, mask, pastKeys, pastValues], heads, outputs: 3))
        {
            model.Output(output, ElementType.Float32);
        }

        model.Output(model.Node("Attention", [q, k, v, model.Constant(Triangle())], heads), ElementType.Float32);
        Differential.Check(model);

        static Tensor Triangle() => Tensor.FromBytes(new TensorType(ElementType.Bool, new TensorShape(3, 3)), [1, 0, 0, 1, 1, 0, 1, 1, 1]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Rotary_embedding_equals_onnxruntime(int interleaved)
    {
        var model = new OnnxModelBuilder(23);
        var x = model.Input("x", ElementType.Float32, 2, 3, 4, 8);
        var (cos, sin) = (model.Input("cos", ElementType.Float32, 2, 4, 4), model.Input("sin", ElementType.Float32, 2, 4, 4));
        model.Output(model.Node("RotaryEmbedding", [x, cos, sin], ("interleaved", interleaved)), ElementType.Float32);
        var y = model.Input("y", ElementType.Float32, 2, 4, 24);
        var (cosTable, sinTable) = (model.Input("ct", ElementType.Float32, 9, 2), model.Input("st", ElementType.Float32, 9, 2));
        var positions = model.Input("positions", ElementType.Int64, 2, 4);
        (string, object)[] attributes = [("interleaved", interleaved), ("num_heads", 3), ("rotary_embedding_dim", 4)];
        model.Output(model.Node("RotaryEmbedding", [y, cosTable, sinTable, positions], attributes), ElementType.Float32);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["positions"] = (long[])[0, 1, 2, 3, 8, 2, 7, 5] });
    }
}
