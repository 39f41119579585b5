using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using Tensor = ModelCompiler.Graphs.Tensor;

namespace ModelCompiler.Compression.Tests.Training.Graphs;

/// <summary>Small models that together have every operator with a differentiable form.</summary>
internal static partial class OperatorCases
{
    /// <summary>By name: the model, and elements of inputs that may not be any.</summary>
    public static IReadOnlyDictionary<string, Func<OnnxModelBuilder>> All { get; } = Make();

    /// <summary>Those through which finite differences are meaningful: no kinks, no steps.</summary>
    public static IReadOnlyList<string> Smooth { get; } =
    [
        "Add",
        "AveragePool",
        "AveragePool padded",
        "BatchNormalization",
        "Conv 1d",
        "DFT",
        "STFT",
        "Conv 2d grouped",
        "Conv 3d",
        "Conv uneven pads",
        "ConvTranspose 2d",
        "Concat",
        "CumSum",
        "DepthToSpace",
        "Div",
        "Einsum",
        "Expand",
        "GRU",
        "GRU reset first",
        "Gather",
        "GatherElements",
        "GatherND",
        "Gelu",
        "Gemm",
        "GlobalAveragePool",
        "GroupNormalization",
        "InstanceNormalization",
        "LSTM",
        "LSTM bidirectional",
        "LayerNormalization",
        "LogSoftmax",
        "MatMul",
        "Mish",
        "Pad reflect",
        "RNN",
        "ReduceMean",
        "ReduceProd",
        "Resize cubic",
        "Resize linear",
        "ScatterElements",
        "ScatterND",
        "Sigmoid",
        "Slice",
        "Softmax",
        "SpaceToDepth",
        "Split",
        "Tanh",
        "Tile",
        "Transpose",
    ];

    private static Dictionary<string, Func<OnnxModelBuilder>> Make()
    {
        var cases = new Dictionary<string, Func<OnnxModelBuilder>>(StringComparer.Ordinal);
        AddElementwise(cases);
        AddSpatial(cases);
        AddMovements(cases);
        AddReductions(cases);
        AddNormalisations(cases);
        AddRecurrent(cases);
        AddTransforms(cases);
        AddQuantised(cases);
        return cases;
    }

    private static void AddElementwise(Dictionary<string, Func<OnnxModelBuilder>> cases)
    {
        string[] plain =
        [
            "Abs",
            "Asinh",
            "Atan",
            "Ceil",
            "Cos",
            "Cosh",
            "Erf",
            "Exp",
            "Floor",
            "HardSwish",
            "Mish",
            "Neg",
            "Relu",
            "Round",
            "Sigmoid",
            "Sign",
            "Sin",
            "Sinh",
            "Softplus",
            "Softsign",
            "Tan",
            "Tanh",
        ];
        foreach (var op in plain.Concat(["Celu", "Elu", "HardSigmoid", "LeakyRelu", "Selu", "Shrink", "ThresholdedRelu"]))
        {
            cases.Add(op, () => Of([2, 3, 4], (m, x) => m.Node(op, [x]), opset: 18));
        }

        // Into the domain of the function first.
        foreach (var op in new[] { "Acos", "Asin", "Atanh", "Log", "Reciprocal", "Sqrt" })
        {
            cases.Add(
                op,
                () =>
                    Of(
                        [2, 3],
                        (m, x) =>
                            m.Node(
                                op,
                                [m.Node("Add", [m.Node("Mul", [m.Node("Sigmoid", [x]), m.Constant([], 0.5f)]), m.Constant([], 0.25f)])]
                            )
                    )
            );
        }

        cases.Add("Acosh", () => Of([2, 3], (m, x) => m.Node("Acosh", [m.Node("Add", [m.Node("Exp", [x]), m.Constant([], 1.5f)])])));
        cases.Add("Gelu", () => Of([2, 3], (m, x) => m.Node("Gelu", [x]), opset: 20));
        cases.Add("Gelu tanh", () => Of([2, 3], (m, x) => m.Node("Gelu", [x], ("approximate", "tanh")), opset: 20));
        cases.Add("Clip", () => Of([2, 3, 4], (m, x) => m.Node("Clip", [x, m.Constant([], -0.5f), m.Constant([], 0.75f)])));
        cases.Add(
            "Clip to 6",
            () => Of([2, 3, 4], (m, x) => m.Node("Clip", [m.Node("Mul", [x, m.Constant([], 6f)]), m.Constant([], 0f), m.Constant([], 6f)]))
        );
        foreach (var op in new[] { "Add", "Mul", "Sub", "Max", "Min", "PRelu" })
        {
            cases.Add(op, () => Of([2, 3, 4], (m, x) => m.Node(op, [x, m.Constant(RandomTensors.Floats(3, 3, 1))])));
        }

        cases.Add("Div", () => Of([2, 3], (m, x) => m.Node("Div", [x, m.Constant([3], 0.5f, -2, 3)])));
        foreach (var op in new[] { "Div", "BitwiseAnd", "BitwiseXor" })
        {
            // Integers of few bits are held as floats.
            cases.Add(
                $"{op} of bytes",
                () =>
                    Of(
                        [2, 3],
                        (m, x) => Float(m, m.Node(op, [Bytes(m, x), m.Constant(Tensor.From<byte>(ElementType.UInt8, new(3), [3, 2, 7]))])),
                        opset: 18
                    )
            );
        }

        cases.Add("Pow", () => Of([2, 3], (m, x) => m.Node("Pow", [m.Node("Exp", [x]), m.Constant([3], 0.5f, 2, 3)])));
        cases.Add("Mod", () => Of([2, 3], (m, x) => m.Node("Mod", [x, m.Constant([3], 0.5f, 0.25f, 3)], ("fmod", 1))));
        cases.Add(
            "Where",
            () => Of([2, 3], (m, x) => m.Node("Where", [m.Node("Greater", [x, m.Constant([], 0.1f)]), x, m.Node("Exp", [x])]))
        );
        cases.Add(
            "Cast",
            () =>
                Of(
                    [2, 3],
                    (m, x) => m.Node("Cast", [m.Node("Cast", [x], ("to", (int)ElementType.Float16))], ("to", (int)ElementType.Float32))
                )
        );
        cases.Add(
            "Not",
            () =>
                Of(
                    [2, 3],
                    (m, x) => m.Node("Cast", [m.Node("Not", [m.Node("Less", [x, m.Constant([], 0)])])], ("to", (int)ElementType.Float32))
                )
        );
    }

    private static void AddReductions(Dictionary<string, Func<OnnxModelBuilder>> cases)
    {
        foreach (
            var op in new[]
            {
                "ReduceMax",
                "ReduceMean",
                "ReduceMin",
                "ReduceProd",
                "ReduceL1",
                "ReduceL2",
                "ReduceLogSumExp",
                "ReduceSumSquare",
            }
        )
        {
            cases.Add(
                op,
                () => Of([2, 3, 4], (m, x) => m.Node(op, [x], ("axes", new[] { 0, 2 }), ("keepdims", op == "ReduceProd" ? 0 : 1)))
            );
        }

        cases.Add("ReduceSum", () => Of([2, 3, 4], (m, x) => m.Node("ReduceSum", [x, m.Constant(Tensor.Longs(1))], ("keepdims", 0))));
        cases.Add(
            "ArgMax",
            () =>
                Of(
                    [2, 3, 4],
                    (m, x) =>
                        m.Node("Cast", [m.Node("ArgMax", [x], ("axis", 1), ("select_last_index", 1))], ("to", (int)ElementType.Float32))
                )
        );
        cases.Add(
            "ArgMin",
            () =>
                Of(
                    [2, 3, 4],
                    (m, x) => m.Node("Cast", [m.Node("ArgMin", [x], ("axis", 2), ("keepdims", 0))], ("to", (int)ElementType.Float32))
                )
        );
        cases.Add(
            "CumSum",
            () =>
                Of(
                    [2, 5],
                    (m, x) =>
                        m.Node(
                            "CumSum",
                            [x, m.Constant(Tensor.From<int>(ElementType.Int32, TensorShape.Scalar, [1]))],
                            ("exclusive", 1),
                            ("reverse", 1)
                        ),
                    opset: 14
                )
        );
        cases.Add("TopK", () => Of([2, 6], (m, x) => m.Node("TopK", "", [x, m.Constant(Tensor.Longs(3))], [("axis", 1)], 2)[0]));
    }

    private static void AddNormalisations(Dictionary<string, Func<OnnxModelBuilder>> cases)
    {
        cases.Add(
            "BatchNormalization",
            () => Of([2, 3, 4], (m, x) => m.Node("BatchNormalization", [x, W(m, 3), W(m, 3), W(m, 3), m.Constant([3], 0.5f, 1, 2)]))
        );
        cases.Add("InstanceNormalization", () => Of([2, 3, 5], (m, x) => m.Node("InstanceNormalization", [x, W(m, 3), W(m, 3)])));
        cases.Add(
            "GroupNormalization",
            () => Of([2, 4, 3, 2], (m, x) => m.Node("GroupNormalization", [x, W(m, 4), W(m, 4)], ("num_groups", 2)), opset: 21)
        );
        cases.Add("LayerNormalization", () => Of([2, 3, 4], (m, x) => m.Node("LayerNormalization", [x, W(m, 4), W(m, 4)]), opset: 17));
        cases.Add("LRN", () => Of([2, 5, 3, 3], (m, x) => m.Node("LRN", [x], ("size", 3))));
        cases.Add("Softmax", () => Of([2, 3, 4], (m, x) => m.Node("Softmax", [x], ("axis", 1))));
        cases.Add("LogSoftmax", () => Of([2, 3, 4], (m, x) => m.Node("LogSoftmax", [x])));
        cases.Add("MatMul", () => Of([2, 3, 4], (m, x) => m.Node("MatMul", [x, W(m, 4, 5)])));
        cases.Add(
            "Gemm",
            () => Of([3, 4], (m, x) => m.Node("Gemm", [x, W(m, 5, 4), W(m, 5)], ("transB", 1), ("alpha", 0.5f), ("beta", 2f)))
        );
        cases.Add(
            "Attention",
            () =>
                Of(
                    [2, 3, 8],
                    (m, x) =>
                        m.Node(
                            "Attention",
                            [x, m.Node("MatMul", [x, W(m, 8, 8)]), x],
                            ("q_num_heads", 2),
                            ("kv_num_heads", 2),
                            ("is_causal", 1)
                        ),
                    opset: 23
                )
        );
    }

    private static void AddRecurrent(Dictionary<string, Func<OnnxModelBuilder>> cases)
    {
        cases.Add("RNN", () => Recurrent("RNN", 1, 1, []));
        cases.Add("GRU", () => Recurrent("GRU", 3, 2, [("direction", "bidirectional"), ("clip", 0.5f)]));
        cases.Add("GRU reset first", () => Recurrent("GRU", 3, 1, [("linear_before_reset", 1), ("direction", "reverse")]));
        cases.Add("LSTM", () => Recurrent("LSTM", 4, 1, [], peepholes: true));
        cases.Add("LSTM bidirectional", () => Recurrent("LSTM", 4, 2, [("direction", "bidirectional")], lengths: true));
        cases.Add(
            "LSTM coupled",
            () =>
                Recurrent(
                    "LSTM",
                    4,
                    1,
                    [
                        ("input_forget", 1),
                        ("activations", new[] { "HardSigmoid", "Softsign", "Elu" }),
                        ("activation_alpha", new[] { 0.3f, 0.75f }),
                    ]
                )
        );
    }

    private static void AddQuantised(Dictionary<string, Func<OnnxModelBuilder>> cases)
    {
        cases.Add(
            "QuantizeLinear",
            () =>
                Of(
                    [2, 3, 4],
                    (m, x) =>
                    {
                        string[] grid =
                        [
                            m.Constant([3], 0.02f, 0.3f, 0.011f),
                            m.Constant(Tensor.From<sbyte>(ElementType.Int8, new(3), [0, 5, -100])),
                        ];
                        return m.Node(
                            "DequantizeLinear",
                            [
                                m.Node("Transpose", [m.Node("QuantizeLinear", [x, .. grid], ("axis", 1))], ("perm", new[] { 1, 0, 2 })),
                                .. grid,
                            ],
                            ("axis", 0)
                        );
                    }
                )
        );
        cases.Add(
            "QuantizeLinear blocks",
            () =>
                Of(
                    [2, 6],
                    (m, x) =>
                    {
                        string[] grid =
                        [
                            m.Constant(Tensor.Floats(new(2, 3), 0.02f, 0.3f, 0.011f, 0.5f, 0.25f, 0.1f)),
                            m.Constant(Tensor.From<sbyte>(ElementType.Int8, new(2, 3), new sbyte[6])),
                        ];
                        return m.Node(
                            "DequantizeLinear",
                            [m.Node("QuantizeLinear", [x, .. grid], ("axis", 1), ("block_size", 2)), .. grid],
                            ("axis", 1),
                            ("block_size", 2)
                        );
                    },
                    opset: 21
                )
        );
    }

    private static string Bytes(OnnxModelBuilder model, string x) =>
        model.Node("Cast", [model.Node("Mul", [model.Node("Abs", [x]), model.Constant([], 200)])], ("to", (int)ElementType.UInt8));

    private static string Float(OnnxModelBuilder model, string x) => model.Node("Cast", [x], ("to", (int)ElementType.Float32));

    private static OnnxModelBuilder Recurrent(
        string op,
        int gates,
        int directions,
        (string, object)[] attributes,
        bool peepholes = false,
        bool lengths = false
    ) =>
        Of(
            [4, 2, 3],
            (m, x) =>
            {
                const int Hidden = 5;
                string?[] inputs =
                [
                    x,
                    W(m, directions, gates * Hidden, 3),
                    W(m, directions, gates * Hidden, Hidden),
                    W(m, directions, 2 * gates * Hidden),
                    lengths ? m.Constant(Tensor.From<int>(ElementType.Int32, new(2), [2, 4])) : null,
                    W(m, directions, 2, Hidden),
                    .. op == "LSTM"
                        ? [W(m, directions, 2, Hidden), .. peepholes ? (string[])[W(m, directions, 3 * Hidden)] : []]
                        : (string[])[],
                ];
                var outputs = m.Node(op, "", inputs, [.. attributes, ("hidden_size", Hidden)], op == "LSTM" ? 3 : 2);
                return m.Node("Add", [m.Node("ReduceSum", [outputs[0], m.Constant(Tensor.Longs(0))], ("keepdims", 0)), outputs[^1]]);
            },
            opset: 14
        );

    private static OnnxModelBuilder Of(int[] shape, Func<OnnxModelBuilder, string, string> body, int opset = 13)
    {
        var model = new OnnxModelBuilder(opset);
        return model.Output(body(model, model.Input("x", ElementType.Float32, shape)), ElementType.Float32);
    }

    private static string W(OnnxModelBuilder model, params int[] shape) => model.Constant(RandomTensors.Floats(shape.Sum(), shape));
}
