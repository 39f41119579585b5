using ModelCompiler.Graphs;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>Inputs and attributes that operators of com.microsoft and ai.onnx.preview are content with, where they need their own.</summary>
internal static class ContribForms
{
    private const ElementType Byte = ElementType.UInt8;

    /// <summary>One line an operator, in alphabetical order.</summary>
    public static readonly Dictionary<string, Form[]> Own = new()
    {
        ["Attention"] = [m => m.Node([m.X(2, 3, 8), m.X(8, 24), m.X(24)], ("num_heads", 2))],
        ["CausalConvWithState"] = OperatorForms.Own["CausalConvWithState"],
        ["DequantizeLinear"] = OperatorForms.Own["DequantizeLinear"],
        ["DynamicQuantizeMatMul"] = [m => m.Node([m.X(3, 4), m.Zeros(Byte, 4, 5), m.Ones()])],
        ["EmbedLayerNormalization"] = [m => m.Node([m.Words(), null, m.X(20, 8), m.X(6, 8), null, m.X(8), m.X(8)])],
        ["FlexAttention"] = [m => m.Node([m.X(2, 3, 4, 8), m.X(2, 3, 4, 8), m.X(2, 3, 4, 8)])],
        ["GatherBlockQuantized"] = [m => Gather(m, 16), m => Gather(m, 32)],
        ["GridSample"] = OperatorForms.Own["GridSample"],
        ["GroupNorm"] = [m => m.Node([m.X(2, 3, 5, 8), m.X(8), m.X(8)], ("groups", 2), ("activation", 0))],
        ["GroupQueryAttention"] = [GroupedQueries],
        ["LinearAttention"] = OperatorForms.Own["LinearAttention"],
        ["MatMulBnb4"] = [m => m.Node([m.X(3, 40), m.Zeros(Byte, 80), m.Ones(10)], Blocks(40, 4, 16, ("quant_type", 1)))],
        ["MatMulInteger16"] = [m => m.Node([m.X(3, 4), m.X(4, 5)])],
        ["MatMulIntegerToFloat"] = [m => m.Node([m.X(3, 4), m.Zeros(Byte, 4, 5), m.Ones(), m.Ones()])],
        ["MatMulNBits"] = [m => m.Node([m.X(3, 40), m.Zeros(Byte, 5, 2, 16), m.Ones(10)], Blocks(40, 5, 32, ("bits", 4)))],
        ["MultiHeadAttention"] = [m => m.Node([m.X(2, 3, 8), m.X(2, 3, 8), m.X(2, 3, 8)], ("num_heads", 2))],
        ["NhwcFusedConv"] = [m => m.Node([m.X(1, 5, 5, 4), m.X(4, 4, 3, 3)])],
        ["QAttention"] = [m => m.Node([m.X(2, 3, 8), m.Zeros(Byte, 8, 24), m.Ones(24), m.Ones(), m.Ones()], ("num_heads", 2))],
        ["QEmbedLayerNormalization"] = [QuantisedEmbeddings],
        ["QGemm"] = [m => m.Node([.. m.Quantised(m.X(3, 4)), .. m.Quantised(m.Zeros(4, 5)), null, m.Ones(), m.Zeros()])],
        ["QLinearAdd"] = [Pair],
        ["QLinearAveragePool"] = [m => m.Node(Table(m, 1, 2, 4, 4), ("kernel_shape", (long[])[2, 2]))],
        ["QLinearConcat"] = [m => m.Node([m.Ones(), m.Zeros(), .. m.Quantised(m.X(2, 3)), .. m.Quantised(m.X(2, 3))], ("axis", 0))],
        ["QLinearConv"] = OperatorForms.Own["QLinearConv"],
        ["QLinearGlobalAveragePool"] = [m => m.Node(Table(m, 1, 2, 4, 4))],
        ["QLinearLeakyRelu"] = [m => m.Node(Table(m, 2, 3))],
        ["QLinearMul"] = [Pair],
        ["QLinearReduceMean"] = [m => m.Node(Table(m, 2, 3), ("axes", (long[])[1]), ("keepdims", 1))],
        ["QLinearSigmoid"] = [m => m.Node(Table(m, 2, 3))],
        ["QLinearSoftmax"] = [m => m.Node(Table(m, 2, 3), ("opset", 13))],
        ["QLinearWhere"] = [Choice],
        ["QuantizeLinear"] = OperatorForms.Own["QuantizeLinear"],
        ["Range"] = OperatorForms.Own["Range"],
        ["RotaryEmbedding"] = [m => m.Node([m.X(2, 3, 8), m.In(ElementType.Int64, 2, 3), m.X(9, 4), m.X(9, 4)])],
        ["SkipGroupNorm"] = [m => m.Node([m.X(2, 3, 5, 8), m.X(8), m.X(8), m.X(2, 3, 5, 8)], ("groups", 2), ("activation", 0))],
        ["UnfoldTensor"] = [m => m.Node([m.X(2, 6)], ("size", 2))],
    };

    private static string Words(this ProbeModel m) => m.In(ElementType.Int32, 2, 4);

    private static (string, object)[] Blocks(int k, int n, int size, (string, object) kind) =>
        [("K", k), ("N", n), ("block_size", size), kind];

    private static void Gather(ProbeModel m, int columns) =>
        m.Node(
            [m.Zeros(7, columns), m.In(ElementType.Int64, 2), m.Ones(7, 2)],
            ("gather_axis", 0),
            ("quantize_axis", 1),
            ("block_size", 16)
        );

    private static void GroupedQueries(ProbeModel m)
    {
        var total = m.Builder.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(1), [3]));
        string?[] inputs = [m.X(2, 3, 8), m.X(2, 3, 8), m.X(2, 3, 8), null, null, m.In(ElementType.Int32, 2), total];
        m.Node(inputs, ("num_heads", 2), ("kv_num_heads", 2));
    }

    private static void QuantisedEmbeddings(ProbeModel m) =>
        m.Node([m.Words(), null, m.X(20, 8), m.X(6, 8), null, m.X(8), m.X(8), null, .. Enumerable.Range(0, 5).Select(_ => m.Ones())]);

    private static string[] Table(ProbeModel m, params int[] shape) => [.. m.Quantised(m.X(shape)), m.Ones(), m.Zeros()];

    private static void Pair(ProbeModel m) => m.Node([.. m.Quantised(m.X(2, 3)), .. m.Quantised(m.X(2, 3)), m.Ones(), m.Zeros()]);

    private static void Choice(ProbeModel m) =>
        m.Node([m.In(ElementType.Bool, 2, 3), .. m.Quantised(m.X(2, 3)), .. m.Quantised(m.X(2, 3)), m.Ones(), m.Zeros()]);
}
