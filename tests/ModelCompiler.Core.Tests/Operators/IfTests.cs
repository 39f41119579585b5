using CsCheck;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels;
using ModelCompiler.Lowering.Kernels.ControlFlow;
using ModelCompiler.Lowering.Kernels.Int8;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class IfTests
{
    private static readonly Gen<(int Rows, int Columns, bool Condition)> Cases = Gen.Select(Gen.Int[1, 5], Gen.Int[1, 40], Gen.Bool);

    [Fact]
    public void Branches_read_values_around_them() =>
        Cases.Sample(
            c =>
            {
                var model = new OnnxModelBuilder();
                var x = model.Input("x", ElementType.Float32, c.Rows, c.Columns);
                var condition = model.Input("condition", ElementType.Bool, 1);
                var around = model.Node("Exp", [x]);
                var then = OnnxModelBuilder.Subgraph("then");
                then.Output(then.Node("MatMul", [x, then.Constant([c.Columns, 3], Weights(3 * c.Columns))]), ElementType.Float32);
                var otherwise = OnnxModelBuilder.Subgraph("else");
                var first = otherwise.Node("ReduceSum", [around, otherwise.Constant(Tensor.Longs(1))], ("keepdims", 1));
                var second = otherwise.Node("Expand", [first, otherwise.Constant(Tensor.Longs(c.Rows, 3))]);
                otherwise.Output(second, ElementType.Float32);
                var chosen = model.Node("If", [condition], ("then_branch", then), ("else_branch", otherwise));
                model.Output(model.Node("Neg", [chosen]), ElementType.Float32);
                Differential.Check(model, inputs: Given(c.Condition), targets: [Target.Auto]);
            },
            iter: 6
        );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Branches_give_inputs_constants_and_values_around_them(bool condition)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3);
        var chosen = model.Input("condition", ElementType.Bool);
        var around = model.Node("Tanh", [x]);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(then.Node("Identity", [x]), ElementType.Float32);
        then.Output(then.Node("Identity", [around]), ElementType.Float32);
        then.Output(then.Node("Constant", [], ("value", Tensor.Longs(1, 2))), ElementType.Int64);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Constant([2, 3], 1, 2, 3, 4, 5, 6), ElementType.Float32);
        otherwise.Output(otherwise.Node("Neg", [around]), ElementType.Float32);
        otherwise.Output(
            otherwise.Node(
                "Cast",
                [
                    otherwise.Node(
                        "Slice",
                        [
                            otherwise.Node("Reshape", [x, otherwise.Constant(Tensor.Longs(-1))]),
                            otherwise.Constant(Tensor.Longs(0)),
                            otherwise.Constant(Tensor.Longs(2)),
                        ]
                    ),
                ],
                ("to", 7)
            ),
            ElementType.Int64
        );
        var outputs = model.Node("If", "", [chosen], [("then_branch", then), ("else_branch", otherwise)], 3);
        model.Output(outputs[0], ElementType.Float32).Output(outputs[1], ElementType.Float32).Output(outputs[2], ElementType.Int64);
        Differential.Check(model, inputs: Given(condition));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Branches_of_branches_of_convolutions(bool outer, bool inner)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4, 9, 9);
        var first = model.Input("condition", ElementType.Bool);
        var second = model.Input("inner", ElementType.Bool);
        var innerThen = Convolution("a", x, 3);
        var innerElse = Convolution("b", x, 1);
        var then = OnnxModelBuilder.Subgraph("then");
        var nested = then.Node("If", [second], ("then_branch", innerThen), ("else_branch", innerElse));
        then.Output(then.Node("Relu", [nested]), ElementType.Float32);
        model.Output(model.Node("If", [first], ("then_branch", then), ("else_branch", Convolution("c", x, 5))), ElementType.Float32);
        Differential.Check(
            model,
            inputs: new Dictionary<string, Array> { ["condition"] = new[] { outer }, ["inner"] = new[] { inner } },
            targets: [Target.Auto]
        );
    }

    [Fact]
    public void Known_condition_leaves_one_branch_whose_shape_may_be_its_own()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 1, 3);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(then.Node("Squeeze", [x, then.Constant(Tensor.Longs(1))]), ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Node("Identity", [x]), ElementType.Float32);
        var isOne = model.Node(
            "Equal",
            [model.Node("Size", [model.Node("Shape", [x])]), model.Constant(Tensor.Longs(3).Reshape(TensorShape.Scalar))]
        );
        model.Output(model.Node("If", [isOne], ("then_branch", then), ("else_branch", otherwise)), ElementType.Float32);
        Differential.Check(model);
        Assert.DoesNotContain(Steps(model), s => s.Kernel is IBodyKernel);
    }

    [Fact]
    public void Branches_share_scratch_memory_and_each_is_fused_by_itself()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4, 9, 9);
        var condition = model.Input("condition", ElementType.Bool);
        model.Output(
            model.Node("If", [condition], ("then_branch", Convolution("a", x, 3)), ("else_branch", Convolution("b", x, 5))),
            ElementType.Float32
        );
        var step = Assert.Single(Steps(model));
        var kernel = Assert.IsType<BranchKernel>(step.Kernel);
        Assert.Equal(Math.Max(kernel.Then.ArenaBytes, kernel.Else.ArenaBytes), step.Scratch!.Type.Bytes);
        Assert.All(kernel.Bodies.SelectMany(b => b.Steps), s => Assert.IsNotType<ElementwiseKernel>(s.Kernel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Quantised_branches_compute_with_integers_dequantised_around_them(bool condition)
    {
        var model = new OnnxModelBuilder();
        var (scale, zero) = (model.Constant([], 0.05f), model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [128])));
        var x = model.Node("QuantizeLinear", [model.Input("x", ElementType.Float32, 1, 4, 8, 8), scale, zero]);
        var real = model.Node("DequantizeLinear", [x, scale, zero]);
        var weights = Enumerable.Range(0, 64).Select(i => (sbyte)((i * 37 % 200) - 100)).ToArray();
        var constant = model.Constant(Tensor.From<sbyte>(ElementType.Int8, new TensorShape(16, 4, 1, 1), weights));
        var kernel = model.Node(
            "DequantizeLinear",
            [constant, model.Constant([], 0.01f), model.Constant(Tensor.From<sbyte>(ElementType.Int8, TensorShape.Scalar, [0]))]
        );
        var then = OnnxModelBuilder.Subgraph("then");
        var y = then.Node("QuantizeLinear", [then.Node("Conv", [real, kernel]), scale, zero]);
        then.Output(then.Node("DequantizeLinear", [y, scale, zero]), ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        var z = otherwise.Node("QuantizeLinear", [otherwise.Node("Conv", [otherwise.Node("Relu", [real]), kernel]), scale, zero]);
        otherwise.Output(otherwise.Node("DequantizeLinear", [z, scale, zero]), ElementType.Float32);
        var chosen = model.Node("If", [model.Input("condition", ElementType.Bool)], ("then_branch", then), ("else_branch", otherwise));
        model.Output(chosen, ElementType.Float32);
        Differential.Check(model, inputs: Given(condition), tolerance: new(Absolute: 0.0501));
        var kernelOfThen = Assert.Single(Steps(model).Select(s => s.Kernel).OfType<BranchKernel>()).Then;
        Assert.Contains(kernelOfThen.Steps, s => s.Kernel is PointwiseInt8Kernel);
    }

    [Fact]
    public void Branches_of_different_shapes_are_named_in_the_diagnostic()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3);
        var condition = model.Input("condition", ElementType.Bool);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(then.Node("Identity", [x]), ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Node("Transpose", [x]), ElementType.Float32);
        model.Output(model.Node("If", [condition], ("then_branch", then), ("else_branch", otherwise)), ElementType.Float32);
        var problem = Assert.Single(Compile(model).Problems);
        Assert.Equal(ProblemKinds.UnsupportedForm, problem.Kind);
        Assert.Contains("Float32[2,3] where it is true, Float32[3,2] where it is false", problem.Message);
    }

    [Fact]
    public void Branch_that_cannot_run_throws_where_it_is_chosen_and_the_other_serves()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3);
        var condition = model.Input("condition", ElementType.Bool);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(then.Node("MatMul", [x, then.Constant([3, 2], Weights(6))]), ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Node("MatMul", [x, otherwise.Constant([4, 2], Weights(8))]), ElementType.Float32);
        model.Output(model.Node("If", [condition], ("then_branch", then), ("else_branch", otherwise)), ElementType.Float32);
        var compiled = Compile(model);
        Assert.Equal(ProblemKinds.FailingBranch, Assert.Single(compiled.Problems).Kind);
        Assert.DoesNotContain("model.onnx", compiled.Implementation);
        using var network = CompiledNetwork.Load(compiled, new CompileOptions());
        float[] elements = [1, 2, 3, 4, 5, 6];
        var expected = Weights(6);
        var actual = (float[])network.Run(elements, new[] { true })[0].Elements;
        Assert.Equal((1 * expected[0]) + (2 * expected[2]) + (3 * expected[4]), actual[0], 1e-5);
        Assert.Contains("[4,2]", Assert.ThrowsAny<Exception>(() => network.Run(elements, new[] { false })).ToString());
    }

    [Fact]
    public void Sizes_that_depend_on_the_data_do_not_leave_branches()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3);
        var condition = model.Input("condition", ElementType.Bool);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(then.Node("NonZero", [x]), ElementType.Int64);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Constant(Tensor.From<long>(ElementType.Int64, new TensorShape(2, 6), new long[12])), ElementType.Int64);
        model.Output(model.Node("If", [condition], ("then_branch", then), ("else_branch", otherwise)), ElementType.Int64);
        Assert.Contains("depends on the data", Assert.Single(Compile(model).Problems).Message);
    }

    [Fact]
    public void Names_of_a_subgraph_end_with_it()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2);
        var condition = model.Input("condition", ElementType.Bool);
        var then = OnnxModelBuilder.Subgraph("then");
        var hidden = then.Node("Neg", [x]);
        then.Output(hidden, ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Node("Identity", [x]), ElementType.Float32);
        model.Node("If", [condition], ("then_branch", then), ("else_branch", otherwise));
        model.Output(model.Node("Neg", [hidden]), ElementType.Float32);
        Assert.Contains(Compile(model).Problems, p => p.Kind == ProblemKinds.BrokenGraph && p.Message.Contains(hidden));
    }

    private static OnnxModelBuilder Convolution(string name, string x, int size)
    {
        var body = OnnxModelBuilder.Subgraph(name);
        var pad = size / 2;
        var y = body.Node(
            "Conv",
            [x, body.Constant([4, 4, size, size], Weights(16 * size * size))],
            ("pads", new[] { pad, pad, pad, pad })
        );
        return body.Output(body.Node("Relu", [body.Node("Add", [y, body.Constant([4, 1, 1], 1, 2, 3, 4)])]), ElementType.Float32);
    }

    private static float[] Weights(int count) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i) / 4)];

    private static Dictionary<string, Array> Given(bool condition) => new() { ["condition"] = new[] { condition } };

    private static EquatableArray<Step> Steps(OnnxModelBuilder model) =>
        ModelCompilation.Lower(new ModelSource("model.onnx", model.ToBytes(), _ => null), new CompileOptions()).Program!.Steps;

    private static CompiledModel Compile(OnnxModelBuilder model) =>
        ModelCompilation.Compile(new ModelSource("model.onnx", model.ToBytes(), _ => null), new CompileOptions());
}
