using ModelCompiler.Graphs;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>Gives the node of a model inputs and attributes.</summary>
internal delegate void Form(ProbeModel model);

/// <summary>Inputs and attributes that operators of ai.onnx are content with: of those that need their own, else of any.</summary>
internal static class OperatorForms
{
    private const ElementType Float = ElementType.Float32;
    private const ElementType Long = ElementType.Int64;

    /// <summary>What most operators have one of.</summary>
    public static readonly Form[] Usual =
    [
        m => m.Node([m.X(2, 3, 4, 4)]),
        m => m.Node([m.X(2, 3, 4, 4), m.X(2, 3, 4, 4)]),
        m => m.Node([m.X(3, 4), m.X(4, 5)]),
        m => m.Node([m.X(2, 3), m.X(2, 3)]),
        m => m.Node([m.X(3, 3)]),
        m => m.Node([m.X(2, 3, 4), m.X(4), m.X(4)]),
        m => m.Node([m.X(2, 3, 4, 4), m.X(3), m.X(3)]),
        m => m.Node([m.X(2, 3, 4), .. Enumerable.Range(0, 4).Select(_ => m.X(3))]),
        m => m.Node([m.X(1, 4, 5, 5), m.X(4, 4, 3, 3)]),
        m => m.Node([m.X(1, 2, 4, 4)], ("kernel_shape", (long[])[2, 2])),
        m => m.Node([m.X(2, 3), m.Integers(2, 3)]),
        m => m.Node([m.X(2, 3), m.Integers(1)]),
        m => m.Node([m.X(2, 3), m.Builder.Constant(Tensor.Longs(0, 1).Reshape(new TensorShape(1, 2)))]),
        m => m.Node([m.X(4), m.Integers(0), m.Integers(2)]),
        m => m.Node([m.X(2, 3), m.Integers(0, 0, 1, 1)]),
        m => m.Node([m.X(2, 2), m.Builder.Constant(Tensor.Longs(0, 1).Reshape(new TensorShape(1, 2))), m.X(1, 2)]),
        m => m.Node([m.X(2, 3)], ("to", (int)Float)),
        m => m.Node([m.X(1, 4, 4, 4)], ("blocksize", 2)),
        m => m.Node([m.X(2, 3), m.In(Float, 1)]),
        m => m.Node([m.X(2, 3), m.Ones()]),
        m => m.Node([m.X(1, 2, 3, 4), m.X(1, 2, 3, 4), m.X(1, 2, 3, 4)]),
        // What became an input later was an attribute at first.
        m => m.Node([m.X(2, 3)], ("axes", (long[])[0]), ("starts", (long[])[0]), ("ends", (long[])[1])),
        m => m.Node([m.X(2, 3)], ("k", 1), ("pads", (long[])[0, 0, 1, 1])),
    ];

    /// <summary>What the others need: one line an operator, in alphabetical order.</summary>
    public static readonly Dictionary<string, Form[]> Own = new()
    {
        ["AffineGrid"] = [m => m.Node([m.X(1, 2, 3), m.Integers(1, 1, 3, 4)])],
        ["BitCast"] = [.. "1 2 3 5 6 10 11 16".Split().Select(to => (Form)(m => m.Node([m.X(2, 3)], ("to", long.Parse(to, null)))))],
        ["BitShift"] = [m => m.Node([m.X(3), m.X(3)], ("direction", "LEFT"))],
        ["BlackmanWindow"] = [Window],
        ["CausalConvWithState"] = [m => m.Node([m.X(2, 5, 4), m.X(5, 1, 3)])],
        ["Col2Im"] = [m => m.Node([m.X(1, 4, 4), m.Integers(3, 3), m.Integers(2, 2)])],
        ["Compress"] = [m => m.Node([m.X(4), m.In(ElementType.Bool, 4)])],
        ["ConcatFromSequence"] = [m => m.Node([m.Sequence()], ("axis", 0))],
        ["Constant"] = [m => m.Node([], ("value", ProbeModel.ZerosOf(m.Element, 2)))],
        ["ConstantOfShape"] = [m => m.Node([m.Integers(2, 3)], ("value", ProbeModel.ZerosOf(m.Element, 1)))],
        ["DFT"] = [m => m.Node([m.X(1, 4, 1)])],
        ["DeformConv"] = [m => m.Node([m.X(1, 4, 5, 5), m.X(4, 4, 3, 3), m.X(1, 18, 3, 3)])],
        ["DequantizeLinear"] = [m => m.Node([m.X(2, 3), m.Ones()])],
        ["Einsum"] = [m => m.Node([m.X(2, 3), m.X(3, 4)], ("equation", "ij,jk->ik"))],
        ["GRU"] = [m => m.Node([m.X(3, 2, 4), m.X(1, 15, 4), m.X(1, 15, 5)], ("hidden_size", 5))],
        ["GridSample"] = [m => m.Node([m.X(1, 1, 4, 4), m.X(1, 3, 3, 2)]), m => m.Node([m.X(1, 1, 4, 4), m.In(Float, 1, 3, 3, 2)])],
        ["GroupNormalization"] = [m => m.Node([m.X(2, 4, 3), m.X(4), m.X(4)], ("num_groups", 2)), Groups],
        ["HammingWindow"] = [Window],
        ["HannWindow"] = [Window],
        ["If"] = [Branches],
        ["ImageScaler"] = [m => m.Node([m.X(1, 3, 2, 2)], ("scale", 2f), ("bias", (float[])[1, 2, 3]))],
        ["LRN"] = [m => m.Node([m.X(1, 3, 4, 4)], ("size", 3))],
        ["LSTM"] = [m => m.Node([m.X(3, 2, 4), m.X(1, 20, 4), m.X(1, 20, 5)], ("hidden_size", 5))],
        ["LinearAttention"] = [LinearAttention],
        ["Loop"] = [Repetition],
        ["MaxRoiPool"] = [m => m.Node([m.X(1, 2, 4, 4), m.X(3, 5)], ("pooled_shape", (long[])[2, 2]))],
        ["MaxUnpool"] = [m => m.Node([m.X(1, 1, 2, 2), m.In(Long, 1, 1, 2, 2)], ("kernel_shape", (long[])[2, 2]))],
        ["MelWeightMatrix"] = [MelWeights],
        ["NegativeLogLikelihoodLoss"] = [m => m.Node([m.X(2, 3), m.In(Long, 2)])],
        ["NonMaxSuppression"] = [m => m.Node([m.X(1, 4, 4), m.X(1, 1, 4), m.Integer(2)])],
        ["OneHot"] = [m => m.Node([m.X(3), m.Integer(4), m.Ones(2)])],
        ["OptionalHasElement"] = [m => m.Node([m.X(2)])],
        ["QLinearConv"] = [m => m.Node([.. m.Quantised(m.X(1, 4, 5, 5)), .. m.Quantised(m.Zeros(4, 4, 3, 3)), m.Ones(), m.Zeros()])],
        ["QLinearMatMul"] = [m => m.Node([.. m.Quantised(m.X(3, 4)), .. m.Quantised(m.Zeros(4, 5)), m.Ones(), m.Zeros()])],
        ["QuantizeLinear"] = [m => m.Node([m.X(2, 3), m.Ones(), m.Zeros(ElementType.UInt8)]), m => m.Node([m.X(2, 3), m.X()])],
        ["RNN"] = [m => m.Node([m.X(3, 2, 4), m.X(1, 5, 4), m.X(1, 5, 5)], ("hidden_size", 5))],
        ["Range"] = [m => m.Node([m.Number(0), m.Number(3), m.Number(1)])],
        ["Resize"] = [m => m.Node([m.X(1, 1, 4, 4), null, m.Scales()]), m => m.Node([m.X(1, 1, 4, 4), m.Scales()])],
        ["ReverseSequence"] = [m => m.Node([m.X(4, 3), m.In(Long, 3)])],
        ["RoiAlign"] = [m => m.Node([m.X(2, 3, 4, 4), m.X(1, 4), m.In(Long, 1)])],
        ["RotaryEmbedding"] = [m => m.Node([m.X(2, 3, 4, 8), m.X(2, 4, 4), m.X(2, 4, 4)])],
        ["STFT"] = [m => m.Node([m.X(1, 8, 1), m.Integer(2), null, m.Integer(4)])],
        ["Scan"] = [m => Steps(m, [m.X(2), m.X(3, 2)]), m => Steps(m, [null, m.X(1, 2), m.X(1, 3, 2)])],
        ["ScatterND"] = [m => m.Node([m.X(2, 3), m.Builder.Constant(Tensor.Longs(1).Reshape(new TensorShape(1, 1))), m.X(1, 3)])],
        ["SequenceAt"] = [m => m.Node([m.Sequence(), m.Integer(1)])],
        ["SequenceEmpty"] = [Empty],
        ["SequenceErase"] = [m => m.Node([m.Sequence(), m.Integer(1)])],
        ["SequenceInsert"] = [m => m.Node([m.Sequence(), m.X(2, 3)])],
        ["SequenceLength"] = [m => m.Node([m.Sequence()])],
        ["SequenceMap"] = [m => m.Node([m.Sequence()], ("body", m.Body([(m.Element, [2, 3])])))],
        ["SoftmaxCrossEntropyLoss"] = [m => m.Node([m.X(2, 3), m.In(Long, 2)])],
        ["TfIdfVectorizer"] = [Counts],
        ["TensorScatter"] = [m => m.Node([m.X(2, 3, 4), m.X(2, 2, 4), m.In(Long, 2)])],
        ["Upsample"] = [m => m.Node([m.X(1, 1, 4, 4)], ("scales", (float[])[1, 1, 2, 2])), m => m.Node([m.X(1, 1, 4, 4), m.Scales()])],
        ["Where"] = [m => m.Node([m.In(ElementType.Bool, 2), m.X(2), m.X(2)])],
    };

    private static string Scales(this ProbeModel m) => m.Builder.Constant([4], 1, 1, 2, 2);

    private static void Window(ProbeModel m) => m.Node([m.Integer(10)], ("output_datatype", (int)m.Element));

    /// <summary>Before opset 21 there is a scale for each group.</summary>
    private static void Groups(ProbeModel m) => m.Node([m.X(2, 4, 3), m.X(2), m.X(2)], ("num_groups", 2));

    private static void LinearAttention(ProbeModel m) =>
        m.Node(
            [m.X(2, 3, 12), m.X(2, 3, 12), m.X(2, 3, 12)],
            ("q_num_heads", 2),
            ("kv_num_heads", 2),
            ("update_rule", "linear"),
            ("scale", 0.5f)
        );

    private static void MelWeights(ProbeModel m) =>
        m.Node(
            [m.Integer(4), m.Integer(16), m.Integer(8000), m.Builder.Constant([], 0), m.Builder.Constant([], 4000)],
            ("output_datatype", (int)m.Element)
        );

    private static void Branches(ProbeModel m)
    {
        var (condition, x) = (m.In(ElementType.Bool), m.X(2, 3));
        m.Node([condition], ("then_branch", m.Body([], x)), ("else_branch", m.Body([], x)));
    }

    private static void Repetition(ProbeModel m) =>
        m.Node([m.Integer(3), null, m.X(2)], ("body", m.Body([(Long, []), (ElementType.Bool, []), (m.Element, [2])], skipped: 1)));

    private static void Steps(ProbeModel m, string?[] inputs) =>
        m.Node(inputs, ("num_scan_inputs", 1), ("body", m.Body([(m.Element, [2]), (m.Element, [2])])));

    /// <summary>An empty sequence is nothing that a model gives out, its length is.</summary>
    private static void Empty(ProbeModel m)
    {
        m.Node([], ("dtype", (int)m.Element));
        var sequence = m.Builder.Proto.Graph.Output[0].Name;
        m.Builder.Proto.Graph.Output.Clear();
        m.Builder.Output(m.Builder.Node("SequenceLength", [sequence]), Long);
    }

    private static void Counts(ProbeModel m) =>
        m.Node(
            [m.X(2, 6)],
            ("mode", "TF"),
            ("min_gram_length", 1),
            ("max_gram_length", 1),
            ("max_skip_count", 0),
            ("ngram_counts", (long[])[0]),
            ("ngram_indexes", (long[])[0, 1]),
            ("pool_int64s", (long[])[2, 3])
        );
}
