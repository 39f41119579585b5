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
