using ModelCompiler.Graphs;
using ModelCompiler.Sizes;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Sizes;

/// <summary>
/// Which operators may run for each item of a batch. Those that may are compared with ONNX Runtime, which runs all items at once;
/// of the others the compiler says where items meet.
/// </summary>
public sealed class BatchProofTests
{
    private static readonly Dictionary<string, Action<OnnxModelBuilder, string, Random>> Independent = new()
    {
        ["Add of a row"] = (m, x, r) => Give(m, m.Node("Add", [x, SizedNetworks.Weights(m, r, 4, 6)])),
        ["Add of another batch"] = (m, x, r) => Give(m, m.Node("Add", [x, m.Node("Sin", [x])])),
        ["Where"] = (m, x, r) =>
            Give(m, m.Node("Where", [m.Node("Greater", [x, m.Constant([], 0)]), x, m.Constant([6], 1, 2, 3, 4, 5, 6)])),
        ["Softmax of rows"] = (m, x, r) => Give(m, m.Node("Softmax", [x], ("axis", 2L))),
        ["LayerNormalization"] = (m, x, r) => Give(m, m.Node("LayerNormalization", [x, SizedNetworks.Weights(m, r, 4, 6)], ("axis", 1L))),
        ["ReduceMax without dimensions"] = (m, x, r) => Give(m, m.Node("ReduceMax", [x], ("axes", new long[] { 1 }), ("keepdims", 0L))),
        ["ArgMax"] = (m, x, r) => Give(m, m.Node("ArgMax", [x], ("axis", 1L)), ElementType.Int64),
        ["TopK"] = (m, x, r) => Give(m, m.Node("TopK", "", [x, m.Constant(Tensor.Longs(2))], [("axis", 2L)], outputs: 2)[0]),
        ["CumSum"] = (m, x, r) => Give(m, m.Node("CumSum", [x, m.Constant(Tensor.Longs(1))])),
        ["MatMul with weights"] = (m, x, r) => Give(m, m.Node("MatMul", [x, SizedNetworks.Weights(m, r, 6, 3)])),
        ["MatMul of a vector"] = (m, x, r) => Give(m, m.Node("MatMul", [x, SizedNetworks.Weights(m, r, 6)])),
        ["MatMul of a vector from the left"] = (m, x, r) => Give(m, m.Node("MatMul", [SizedNetworks.Weights(m, r, 4), x])),
        ["MatMul from the left"] = (m, x, r) => Give(m, m.Node("MatMul", [SizedNetworks.Weights(m, r, 3, 4), x])),
        ["MatMul of two batches"] = (m, x, r) => Give(m, m.Node("MatMul", [x, m.Node("Transpose", [x], ("perm", new long[] { 0, 2, 1 }))])),
        ["Rows of all items"] = (m, x, r) =>
            Give(
                m,
                m.Node(
                    "Reshape",
                    [
                        m.Node("Gemm", [m.Node("Reshape", [x, m.Constant(Tensor.Longs(-1, 6))]), SizedNetworks.Weights(m, r, 6, 5)]),
                        m.Constant(Tensor.Longs(-1, 4, 5)),
                    ]
                )
            ),
        ["Rows as the output"] = (m, x, r) => Give(m, m.Node("Relu", [m.Node("Reshape", [x, m.Constant(Tensor.Longs(-1, 3))])])),
        ["Items behind each other in another order"] = (m, x, r) =>
        {
            var inner = m.Node("Transpose", [x], ("perm", new long[] { 1, 0, 2 }));
            var product = m.Node("MatMul", [inner, SizedNetworks.Weights(m, r, 6, 3)]);
            Give(m, m.Node("Transpose", [product], ("perm", new long[] { 1, 0, 2 })));
        },
        ["Concat of features"] = (m, x, r) => Give(m, m.Node("Concat", [x, m.Node("Neg", [x])], ("axis", 2L))),
        ["Slice of features"] = (m, x, r) =>
            Give(m, m.Node("Slice", [x, m.Constant(Tensor.Longs(1)), m.Constant(Tensor.Longs(3)), m.Constant(Tensor.Longs(1))])),
        ["Split of features"] = (m, x, r) =>
        {
            var parts = m.Node("Split", "", [x], [("axis", 2L)], outputs: 2);
            Give(m, m.Node("Mul", [parts[0], parts[1]]));
        },
        ["Gather of features"] = (m, x, r) => Give(m, m.Node("Gather", [x, m.Constant(Tensor.Longs(3, 0))], ("axis", 1L))),
        ["Gather of rows by item"] = (m, x, r) =>
            Give(m, m.Node("Gather", [SizedNetworks.Weights(m, r, 4, 5), m.Node("ArgMax", [x], ("axis", 1L), ("keepdims", 0L))])),
        ["Pad of features"] = (m, x, r) => Give(m, m.Node("Pad", [x, m.Constant(Tensor.Longs(0, 1, 0, 0, 0, 2))])),
        ["Tile of features"] = (m, x, r) => Give(m, m.Node("Tile", [x, m.Constant(Tensor.Longs(1, 2, 1))])),
        ["Expand to the batch"] = (m, x, r) =>
        {
            var shape = m.Node("Concat", [Batch(m, x), m.Constant(Tensor.Longs(4, 2))], ("axis", 0L));
            Give(m, m.Node("Concat", [x, m.Node("Expand", [SizedNetworks.Weights(m, r, 1, 4, 2), shape])], ("axis", 2L)));
        },
        ["Expand of what is computed"] = (m, x, r) =>
        {
            var other = m.Node("Relu", [m.Input("other", ElementType.Float32, 4, 2)]);
            var shape = m.Node("Concat", [Batch(m, x), m.Constant(Tensor.Longs(4, 2))], ("axis", 0L));
            Give(m, m.Node("Concat", [x, m.Node("Expand", [other, shape])], ("axis", 2L)));
        },
        ["OneHot"] = (m, x, r) =>
            Give(
                m,
                m.Node(
                    "OneHot",
                    [m.Node("ArgMax", [x], ("axis", 2L), ("keepdims", 0L)), m.Constant(Tensor.Longs(6)), m.Constant([2], 0, 1)]
                )
            ),
        ["Resize"] = (m, x, r) => Give(m, m.Node("Resize", [Image(m, x), "", m.Constant([4], 1, 1, 2, 1)], ("mode", "linear"))),
        ["GlobalAveragePool"] = (m, x, r) => Give(m, m.Node("GlobalAveragePool", [Image(m, x)])),
        ["ConvTranspose"] = (m, x, r) => Give(m, m.Node("ConvTranspose", [Image(m, x), SizedNetworks.Weights(m, r, 1, 2, 2, 2)])),
        ["InstanceNormalization"] = (m, x, r) =>
            Give(m, m.Node("InstanceNormalization", [x, SizedNetworks.Weights(m, r, 4), SizedNetworks.Weights(m, r, 4)])),
        ["An output that all items share"] = (m, x, r) =>
        {
            Give(m, m.Node("Exp", [m.Input("other", ElementType.Float32, 3)]));
            Give(m, m.Node("Abs", [x]));
        },
        ["Quantised"] = (m, x, r) =>
        {
            string[] grid = [m.Constant([], 0.05f), m.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [3]))];
            Give(m, m.Node("DequantizeLinear", [m.Node("QuantizeLinear", [x, .. grid]), .. grid]));
        },
    };

    private static readonly Dictionary<string, (string Where, Action<OnnxModelBuilder, string> Build)> Meeting = new()
    {
        ["Softmax of the batch"] = ("(Softmax)", (m, x) => Give(m, m.Node("Softmax", [x], ("axis", 0L)))),
        ["ReduceSum of all"] = ("(ReduceSum)", (m, x) => Give(m, m.Node("Add", [x, m.Node("ReduceSum", [x])]))),
        ["CumSum along the batch"] = ("(CumSum)", (m, x) => Give(m, m.Node("CumSum", [x, m.Constant(Tensor.Longs(0))]))),
        ["ArgMax of the batch"] = ("(ArgMax)", (m, x) => Give(m, m.Node("ArgMax", [x], ("axis", 0L)), ElementType.Int64)),
        ["Slice of the batch"] = (
            "(Slice)",
            (m, x) => Give(m, m.Node("Slice", [x, m.Constant(Tensor.Longs(1)), m.Constant(Tensor.Longs(9))]))
        ),
        ["The batch backwards"] = (
            "(Slice)",
            (m, x) =>
                Give(
                    m,
                    m.Node(
                        "Slice",
                        [
                            x,
                            m.Constant(Tensor.Longs(-1)),
                            m.Constant(Tensor.Longs(long.MinValue)),
                            m.Constant(Tensor.Longs(0)),
                            m.Constant(Tensor.Longs(-1)),
                        ]
                    )
                )
        ),
        ["Gather of an item"] = ("(Slice)", (m, x) => Give(m, m.Node("Add", [x, m.Node("Gather", [x, m.Constant(Tensor.Longs(0))])]))),
        ["Concat of batches"] = ("(Concat)", (m, x) => Give(m, m.Node("Concat", [x, x], ("axis", 0L)))),
        ["All items with all"] = (
            "(MatMul)",
            (m, x) =>
            {
                var rows = m.Node("Reshape", [x, m.Constant(Tensor.Longs(0, 24))]);
                Give(m, m.Node("MatMul", [rows, m.Node("Transpose", [rows], ("perm", new long[] { 1, 0 }))]));
            }
        ),
        ["Sums over the batch"] = (
            "(MatMul)",
            (m, x) =>
            {
                var rows = m.Node("Reshape", [x, m.Constant(Tensor.Longs(0, 24))]);
                Give(m, m.Node("MatMul", [m.Node("Transpose", [rows], ("perm", new long[] { 1, 0 })), rows]));
            }
        ),
        ["Differences of all items"] = (
            "(Sub)",
            (m, x) =>
                Give(
                    m,
                    m.Node(
                        "Sub",
                        [m.Node("Unsqueeze", [x, m.Constant(Tensor.Longs(0))]), m.Node("Unsqueeze", [x, m.Constant(Tensor.Longs(1))])]
                    )
                )
        ),
        ["Division by the number of items"] = ("(Div)", (m, x) => Give(m, m.Node("Div", [x, m.Node("Cast", [Batch(m, x)], ("to", 1L))]))),
        ["The number of an item"] = (
            "(Add)",
            (m, x) =>
            {
                var numbers = m.Node("Range", [m.Constant(Scalar(0)), m.Node("Squeeze", [Batch(m, x)]), m.Constant(Scalar(1))]);
                var column = m.Node("Reshape", [m.Node("Cast", [numbers], ("to", 1L)), m.Constant(Tensor.Longs(-1, 1, 1))]);
                Give(m, m.Node("Add", [x, column]));
            }
        ),
        ["Rows across items"] = (
            "(Softmax)",
            (m, x) =>
            {
                var folded = m.Node("Reshape", [x, m.Constant(Tensor.Longs(-1, 6))]);
                Give(m, m.Node("Softmax", [folded], ("axis", 0L)));
            }
        ),
        ["Dynamic quantisation"] = (
            "(DynamicQuantizeLinear)",
            (m, x) => Give(m, m.Node("DynamicQuantizeLinear", "", [x], [], outputs: 3)[0], ElementType.UInt8)
        ),
        ["An output in another order"] = (
            "do not follow each other",
            (m, x) => Give(m, m.Node("Transpose", [x], ("perm", new long[] { 1, 0, 2 })))
        ),
        ["A batch normalised by itself"] = (
            "(Reduce",
            (m, x) =>
                Give(
                    m,
                    m.Node(
                        "BatchNormalization",
                        "",
                        [x, .. Enumerable.Range(0, 4).Select(_ => m.Constant([4], 1, 1, 1, 1))],
                        [("training_mode", 1L)],
                        outputs: 3
                    )[0]
                )
        ),
    };

    public static TheoryData<string> IndependentNames => [.. Independent.Keys];

    public static TheoryData<string> MeetingNames => [.. Meeting.Keys];

    [Theory]
    [MemberData(nameof(IndependentNames))]
    public void Items_that_do_not_meet_run_one_after_the_other(string name)
    {
        var model = new OnnxModelBuilder(17);
        Independent[name](model, model.SymbolicInput("x", ElementType.Float32, "batch", 4, 6), new Random(1));

        var compiled = Differential.CheckSizes(
            model,
            ["batch=1..40"],
            [
                [1],
                [2],
                [7],
            ],
            targets: [Target.Auto]
        );

        Assert.Equal(0, compiled.Sizes!.ItemRange);
    }

    [Theory]
    [MemberData(nameof(MeetingNames))]
    public void Items_that_meet_cannot_be_looped_over(string name)
    {
        var model = new OnnxModelBuilder(17);
        Meeting[name].Build(model, model.SymbolicInput("x", ElementType.Float32, "batch", 4, 6));

        var problem = Assert.Single(Plan(model, "batch=1..2000").Problems);

        Assert.Equal("MC0014", problem.Kind.Code);
        Assert.Contains("batch 1 to 2000 would be 2000 programs; up to 512 are possible", problem.Message, StringComparison.Ordinal);
        Assert.Contains(Meeting[name].Where, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Items_that_meet_and_few_sizes_agree_with_onnxruntime()
    {
        foreach (
            var name in new[] { "Softmax of the batch", "All items with all", "Division by the number of items", "The batch backwards" }
        )
        {
            var model = new OnnxModelBuilder(17);
            Meeting[name].Build(model, model.SymbolicInput("x", ElementType.Float32, "batch", 4, 6));

            var compiled = Differential.CheckSizes(
                model,
                ["batch=1..3"],
                [
                    [1],
                    [2],
                    [3],
                ],
                targets: [Target.Auto]
            );

            Assert.Null(compiled.Sizes!.ItemRange);
        }
    }

    [Fact]
    public void A_size_of_which_no_input_has_the_dimension_is_a_fault()
    {
        var model = new OnnxModelBuilder();
        Give(model, model.Node("Abs", [model.SymbolicInput("x", ElementType.Float32, "batch", 4)]));

        var problem = Assert.Single(Plan(model, "batch=1..4", "time=1..3").Problems);

        Assert.Equal("MC0009", problem.Kind.Code);
        Assert.Contains("no input has a dimension 'time'", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_that_give_other_inputs_are_a_fault()
    {
        var model = new OnnxModelBuilder();
        var items = model.SequenceInput("items", ElementType.Float32, 4);
        Give(model, model.Node("ConcatFromSequence", [items], ("axis", 0L)));

        Assert.Contains("it decides how many inputs", Assert.Single(Plan(model, "items=1..3").Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Outputs_that_the_data_size_need_one_size()
    {
        var model = new OnnxModelBuilder();
        Give(model, model.Node("NonZero", [model.SymbolicInput("x", ElementType.Float32, "batch", 4)]), ElementType.Int64);

        Assert.Contains("only the data give", Assert.Single(Plan(model, "batch=1..3").Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_elements_than_a_tensor_may_have_are_a_fault()
    {
        var model = new OnnxModelBuilder();
        Give(model, model.Node("Abs", [model.SymbolicInput("x", ElementType.Float32, "batch", 1000, 1000)]));

        Assert.Equal("MC0002", Assert.Single(Plan(model, "batch=1..2000000000").Problems).Kind.Code);
    }

    private static PlannedModel Plan(OnnxModelBuilder model, params string[] ranges) =>
        ModelCompilation.Plan(
            new ModelSource("test.onnx", model.ToBytes(), _ => null),
            new CompileOptions().With([.. ranges.Select(r => DimensionRange.Parse(r)!)])
        );

    private static void Give(OnnxModelBuilder model, string value, ElementType element = ElementType.Float32) =>
        model.Output(value, element);

    private static string Image(OnnxModelBuilder model, string x) => model.Node("Unsqueeze", [x, model.Constant(Tensor.Longs(1))]);

    private static string Batch(OnnxModelBuilder model, string x) =>
        model.Node("Gather", [model.Node("Shape", [x]), model.Constant(Tensor.Longs(0))]);

    private static Tensor Scalar(long value) => Tensor.From<long>(ElementType.Int64, TensorShape.Scalar, [value]);
}
