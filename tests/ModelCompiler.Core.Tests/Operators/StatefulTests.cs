using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Operators that carry a state from step to step.</summary>
public sealed class StatefulTests
{
    [Theory]
    [InlineData("linear", 1, false, 4)]
    [InlineData("gated", 2, true, 7)]
    [InlineData("delta", 1, true, 3)]
    [InlineData("gated_delta", 2, false, 8)]
    [InlineData("gated_delta", 4, true, 5)]
    public void Linear_attention_equals_onnxruntime(string rule, int group, bool hasPast, int values)
    {
        const int Heads = 2;
        const int Keys = 6;
        var model = new OnnxModelBuilder(21);
        var hasDecay = rule.StartsWith("gated", StringComparison.Ordinal);
        var hasRate = rule.EndsWith("delta", StringComparison.Ordinal);
        string?[] inputs =
        [
            model.Input("q", ElementType.Float32, 2, 3, Heads * group * Keys),
            model.Input("k", ElementType.Float32, 2, 3, Heads * Keys),
            model.Input("v", ElementType.Float32, 2, 3, Heads * values),
            hasPast ? model.Input("past", ElementType.Float32, 2, Heads, Keys, values) : null,
            hasDecay ? model.Input("decay", ElementType.Float32, 2, 3, group == 2 ? Heads : Heads * Keys) : null,
            hasRate ? model.Input("rate", ElementType.Float32, 2, 3, group == 1 ? 1 : Heads) : null,
        ];
        (string, object)[] attributes =
        [
            ("q_num_heads", Heads * group),
            ("kv_num_heads", Heads),
            ("update_rule", rule),
            .. group == 1 ? new (string, object)[] { ("scale", 0.3f) } : [],
        ];
        var outputs = model.Node("LinearAttention", "com.microsoft", inputs, attributes, outputs: 2);
        model.Output(outputs[0], ElementType.Float32).Output(outputs[1], ElementType.Float32);
        // Decays below 1 and rates in [0, 1), as models have them: else the states grow without bound.
        var random = new Random(1);
        var given = new Dictionary<string, Array>
        {
            ["decay"] = Enumerable.Range(0, 6 * (group == 2 ? Heads : Heads * Keys)).Select(_ => -random.NextSingle()).ToArray(),
            ["rate"] = Enumerable.Range(0, 6 * (group == 1 ? 1 : Heads)).Select(_ => random.NextSingle() / 9).ToArray(),
        };
        Differential.Check(model, inputs: given, tolerance: new(1e-4, 1e-4));
    }

    [Theory]
    [InlineData(4, 8, true, true, "silu")]
    [InlineData(3, 1, true, false, "none")]
    [InlineData(4, 2, false, true, "swish")]
    public void Causal_convolutions_equal_onnxruntime(int taps, int length, bool hasPast, bool hasBias, string activation)
    {
        var model = new OnnxModelBuilder(21);
        string?[] inputs =
        [
            model.Input("x", ElementType.Float32, 2, 5, length),
            model.Input("w", ElementType.Float32, 5, 1, taps),
            hasBias ? model.Input("bias", ElementType.Float32, 5) : null,
            hasPast ? model.Input("past", ElementType.Float32, 2, 5, taps - 1) : null,
        ];
        var outputs = model.Node("CausalConvWithState", "com.microsoft", inputs, [("activation", activation)], outputs: 2);
        model.Output(outputs[0], ElementType.Float32).Output(outputs[1], ElementType.Float32);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(1, 1, true, true)]
    [InlineData(2, 3, false, true)]
    [InlineData(3, 1, true, false)]
    public void Deformable_convolutions_equal_onnxruntime(int groups, int offsetGroups, bool hasMask, bool hasBias)
    {
        var model = new OnnxModelBuilder(19);
        string?[] inputs =
        [
            model.Input("x", ElementType.Float32, 2, 6, 7, 8),
            model.Input("w", ElementType.Float32, 6, 6 / groups, 3, 2),
            model.Input("offsets", ElementType.Float32, 2, offsetGroups * 12, 4, 7),
            hasBias ? model.Input("bias", ElementType.Float32, 6) : null,
            hasMask ? model.Input("mask", ElementType.Float32, 2, offsetGroups * 6, 4, 7) : null,
        ];
        (string, object)[] attributes =
        [
            ("group", groups),
            ("offset_group", offsetGroups),
            ("strides", (long[])[2, 1]),
            ("dilations", (long[])[1, 2]),
            ("pads", (long[])[1, 0, 1, 1]),
        ];
        model.Output(model.Node("DeformConv", inputs, attributes), ElementType.Float32);
        Differential.Check(model, tolerance: new(1e-4, 1e-4));
    }

    /// <summary>ai.onnx has both operators too, which ONNX Runtime does not know yet.</summary>
    [Fact]
    public void Operators_of_onnx_equal_those_of_microsoft()
    {
        var (model, reference) = (new OnnxModelBuilder(27), new OnnxModelBuilder(21));
        Add(model, "");
        Add(reference, "com.microsoft");
        Reference.Check(model, reference);

        static void Add(OnnxModelBuilder to, string domain)
        {
            string[] heads = [.. "qkv".Select(n => to.Input($"{n}", ElementType.Float32, 2, 3, 8))];
            (string, object)[] attributes = [("q_num_heads", 2), ("kv_num_heads", 2), ("update_rule", "linear"), ("scale", 0.2f)];
            string[] convolved = [to.Input("x", ElementType.Float32, 2, 5, 4), to.Input("w", ElementType.Float32, 5, 1, 3)];
            string[] results =
            [
                .. to.Node("LinearAttention", domain, heads, attributes, outputs: 2),
                .. to.Node("CausalConvWithState", domain, convolved, [], outputs: 2),
            ];
            foreach (var result in results)
            {
                to.Output(result, ElementType.Float32);
            }
        }
    }
}
