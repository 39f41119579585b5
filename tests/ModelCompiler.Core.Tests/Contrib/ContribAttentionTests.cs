using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Contrib;

/// <summary>The attention operators of com.microsoft.</summary>
public sealed class ContribAttentionTests
{
    private const ElementType Float = ElementType.Float32;
    private const int Batch = 2;
    private const int Length = 3;
    private const int Heads = 2;
    private const int Size = 4;
    private const int Past = 2;

    [Theory]
    [InlineData("none", 0, false)]
    [InlineData("none", 1, true)]
    [InlineData("ends", 0, false)]
    [InlineData("ends", 1, false)]
    [InlineData("keys", 1, true)]
    [InlineData("full", 0, true)]
    public void Multi_head_attention_equals_onnxruntime(string mask, int causal, bool cached)
    {
        var model = new OnnxModelBuilder();
        var total = Length + (cached ? Past : 0);
        string?[] inputs =
        [
            model.Input("q", Float, Batch, Length, Heads * Size),
            model.Input("k", Float, Batch, Length, Heads * Size),
            model.Input("v", Float, Batch, Length, Heads * Size),
            model.Input("bias", Float, 3 * Heads * Size),
            Mask(model, mask, total, out var given),
            model.Input("extra", Float, 1, Heads, Length, total),
            cached ? model.Input("pk", Float, Batch, Heads, Past, Size) : null,
            cached ? model.Input("pv", Float, Batch, Heads, Past, Size) : null,
        ];
        (string, object)[] attributes = [("num_heads", Heads), ("unidirectional", causal), ("mask_filter_value", -100f)];
        foreach (var output in model.Node("MultiHeadAttention", "com.microsoft", inputs, attributes, outputs: cached ? 3 : 1))
        {
            model.Output(output, Float);
        }

        Differential.Check(model, inputs: given, targets: [Target.Auto]);
    }

    [Fact]
    public void Attention_to_other_sequences_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var q = model.Input("q", Float, Batch, Length, Heads * Size);
        var (k, v) = (model.Input("k", Float, Batch, 5, Heads * Size), model.Input("v", Float, Batch, 5, Heads * 6));
        model.Output(model.Microsoft("MultiHeadAttention", [q, k, v], ("num_heads", Heads), ("scale", 0.3f)), Float);
        var (keys, values) = (model.Input("keys", Float, Batch, Heads, 5, Size), model.Input("values", Float, Batch, Heads, 5, Size));
        model.Output(model.Microsoft("MultiHeadAttention", [q, keys, values], ("num_heads", Heads)), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData("none", 0, false)]
    [InlineData("ends", 0, false)]
    [InlineData("spans", 0, false)]
    [InlineData("keys", 1, true)]
    [InlineData("full", 1, false)]
    [InlineData("images", 1, true)]
    public void Attention_with_projection_equals_onnxruntime(string mask, int causal, bool cached)
    {
        var model = new OnnxModelBuilder();
        string?[] inputs =
        [
            model.Input("x", Float, Batch, Length, 5),
            model.Input("w", Float, 5, 3 * Heads * Size),
            model.Input("b", Float, 3 * Heads * Size),
            Mask(model, mask, Length + (cached ? Past : 0), out var given),
            cached ? model.Input("past", Float, 2, Batch, Heads, Past, Size) : null,
        ];
        (string, object)[] attributes = [("num_heads", Heads), ("unidirectional", causal)];
        foreach (var output in model.Node("Attention", "com.microsoft", inputs, attributes, outputs: cached ? 2 : 1))
        {
            model.Output(output, Float);
        }

        Differential.Check(model, inputs: given, targets: [Target.Auto]);
    }

    [Fact]
    public void Attention_with_values_of_another_size_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var (x, w, b) = (model.Input("x", Float, Batch, Length, 5), model.Input("w", Float, 5, 22), model.Input("b", Float, 22));
        (string, object)[] attributes = [("num_heads", 2), ("qkv_hidden_sizes", (long[])[8, 8, 6]), ("scale", 0.2f)];
        model.Output(model.Microsoft("Attention", [x, w, b], attributes), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(ElementType.UInt8, ElementType.Int8, true)]
    [InlineData(ElementType.UInt8, ElementType.UInt8, false)]
    public void Quantised_attention_equals_onnxruntime(ElementType x, ElementType w, bool cached)
    {
        var model = new OnnxModelBuilder();
        string Scale(float value) => model.Constant(Tensor.Floats(TensorShape.Scalar, value));
        string Zero(ElementType element, byte value) =>
            model.Constant(Tensor.FromBytes(new TensorType(element, TensorShape.Scalar), [value]));
        string?[] inputs =
        [
            model.Input("x", x, Batch, Length, 5),
            model.Input("w", w, 5, 3 * Heads * Size),
            model.Input("b", Float, 3 * Heads * Size),
            Scale(0.01f),
            Scale(0.02f),
            Mask(model, cached ? "keys" : "ends", Length + (cached ? Past : 0), out var given),
            Zero(x, 100),
            Zero(w, 3),
            cached ? model.Input("past", Float, 2, Batch, Heads, Past, Size) : null,
        ];
        (string, object)[] attributes = [("num_heads", Heads), ("unidirectional", cached ? 1 : 0)];
        foreach (var output in model.Node("QAttention", "com.microsoft", inputs, attributes, outputs: cached ? 2 : 1))
        {
            model.Output(output, Float);
        }

        Differential.Check(model, inputs: given, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 4)]
    public void Rotary_embedding_equals_onnxruntime(int interleaved, int part)
    {
        var model = new OnnxModelBuilder();
        var half = part > 0 ? part / 2 : 3;
        var (cos, sin) = (model.Input("cos", Float, 9, half), model.Input("sin", Float, 9, half));
        (string, object)[] attributes =
        [
            ("interleaved", interleaved),
            .. part > 0 ? [("rotary_embedding_dim", part), ("num_heads", 4)] : Array.Empty<(string, object)>(),
        ];
        var (x, positions) = (model.Input("x", Float, 2, 5, 24), model.Input("positions", ElementType.Int64, 2, 5));
        model.Output(model.Microsoft("RotaryEmbedding", [x, positions, cos, sin], attributes), Float);
        var (y, first) = (model.Input("y", Float, 2, 4, 5, 6), model.Input("first", ElementType.Int64, 1));
        model.Output(model.Microsoft("RotaryEmbedding", [y, first, cos, sin], attributes), Float);
        var given = new Dictionary<string, Array> { ["positions"] = (long[])[0, 1, 2, 3, 4, 8, 2, 7, 5, 0], ["first"] = (long[])[3] };
        Differential.Check(model, inputs: given, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData("prompt", false, false, 0)]
    [InlineData("prompt", true, true, 0)]
    [InlineData("prompt", true, false, 2)]
    [InlineData("next", false, false, 0)]
    [InlineData("next", true, true, 3)]
    [InlineData("buffer", true, false, 0)]
    public void Group_query_attention_equals_onnxruntime(string phase, bool rotary, bool packed, int window)
    {
        const int Groups = 2;
        const int AllHeads = 4;
        const int HeadSize = 16;
        var model = new OnnxModelBuilder();
        var (length, cached, total) = phase switch
        {
            "prompt" => (5, 0, 5),
            "next" => (1, 4, 5),
            _ => (1, 8, 5),
        };
        string Total() => model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(1), [total]));
        string?[] inputs =
        [
            model.Input("q", Float, Batch, length, (packed ? AllHeads + (2 * Groups) : AllHeads) * HeadSize),
            packed ? null : model.Input("k", Float, Batch, length, Groups * HeadSize),
            packed ? null : model.Input("v", Float, Batch, length, Groups * HeadSize),
            cached > 0 ? model.Input("pk", Float, Batch, Groups, cached, HeadSize) : null,
            cached > 0 ? model.Input("pv", Float, Batch, Groups, cached, HeadSize) : null,
            model.Input("counts", ElementType.Int32, Batch),
            Total(),
            rotary ? model.Input("cos", Float, 10, HeadSize / 2) : null,
            rotary ? model.Input("sin", Float, 10, HeadSize / 2) : null,
        ];
        (string, object)[] attributes =
        [
            ("num_heads", AllHeads),
            ("kv_num_heads", Groups),
            ("do_rotary", rotary ? 1 : 0),
            ("local_window_size", window > 0 ? window : -1),
        ];
        foreach (var output in model.Node("GroupQueryAttention", "com.microsoft", inputs, attributes, outputs: 3))
        {
            model.Output(output, Float);
        }

        // All of a prompt counts; of a cache one element less in the first batch.
        var counts = phase == "prompt" ? (int[])[4, 4] : [3, 4];
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["counts"] = counts }, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData("softcap", 2f)]
    [InlineData("smooth_softmax", 1)]
    [InlineData("scale", 0.1f)]
    [InlineData("head_sink", null)]
    public void Variants_of_group_query_attention_equal_onnxruntime(string variant, object? value)
    {
        var model = new OnnxModelBuilder();
        string?[] inputs =
        [
            model.Input("q", Float, Batch, 3, 32),
            model.Input("k", Float, Batch, 3, 16),
            model.Input("v", Float, Batch, 3, 16),
            null,
            null,
            model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(Batch), [2, 2])),
            model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(1), [3])),
            null,
            null,
            null,
            model.Input("bias", Float, 1, 4, 3, 3),
            value is null ? model.Input("sink", Float, 4) : null,
        ];
        (string, object)[] attributes =
        [
            ("num_heads", 4),
            ("kv_num_heads", 2),
            .. value is null ? Array.Empty<(string, object)>() : [(variant, value)],
        ];
        model.Output(model.Node("GroupQueryAttention", "com.microsoft", inputs, attributes, outputs: 3)[0], Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    private static string? Mask(OnnxModelBuilder model, string kind, int total, out Dictionary<string, Array> given)
    {
        var random = new Random(total);
        var (shape, values) = kind switch
        {
            "ends" => ((int[])[Batch], (int[])[total - 1, total]),
            "spans" => ([2 * Batch], [total - 1, total, 0, 1]),
            "keys" => ([Batch, total], [.. Enumerable.Range(0, Batch * total).Select(i => i % total == 0 ? 1 : random.Next(2))]),
            _ => (
                [Batch, Length, total],
                [.. Enumerable.Range(0, Batch * Length * total).Select(i => i % total == 0 ? 1 : random.Next(2))]
            ),
        };
        given = kind == "none" ? [] : new() { ["mask"] = values };
        return kind == "none" ? null : model.Input("mask", ElementType.Int32, shape);
    }
}
