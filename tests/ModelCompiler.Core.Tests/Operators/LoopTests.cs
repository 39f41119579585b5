using CsCheck;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.ControlFlow;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class LoopTests
{
    private static readonly Gen<(int Trips, int Rows, int Columns)> Cases = Gen.Select(
        Gen.OneOf(Gen.Int[0, 5], Gen.Int[65, 90]),
        Gen.Int[1, 4],
        Gen.Int[1, 20]
    );

    [Fact]
    public void Loops_of_constant_length_carry_values_and_stack_slices() =>
        Cases.Sample(
            c =>
            {
                var model = new OnnxModelBuilder();
                var x = model.Input("x", ElementType.Float32, c.Rows, c.Columns);
                var offset = model.Node("Tanh", [x]);
                var body = Body("body", c.Rows, c.Columns);
                var next = body.Node("Add", [body.Node("Mul", ["carried", body.Constant([], 0.75f)]), offset]);
                var number = body.Node("Cast", ["iteration"], ("to", 1));
                body.Output(body.Node("Identity", ["goes_on"]), ElementType.Bool).Output(next, ElementType.Float32);
                body.Output(body.Node("Add", [body.Node("ReduceSum", ["carried"], ("keepdims", 0)), number]), ElementType.Float32);
                body.Output(body.Node("Add", [next, number]), ElementType.Float32);
                var outputs = model.Node("Loop", "", [Trips(model, c.Trips), null, x], [("body", body)], 3);
                Differential.Check(Outputs(model, outputs));
                Assert.Equal(c.Trips > 64, Kernels(model).Any(k => k is LoopKernel));
            },
            iter: 8
        );

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(7, true)]
    [InlineData(7, false)]
    [InlineData(-3, true)]
    public void Number_of_iterations_and_first_condition_given_at_run_time(long trips, bool start)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3);
        var body = Body("body", 2, 3);
        body.Output("goes_on", ElementType.Bool);
        body.Output(body.Node("MatMul", ["carried", body.Constant([3, 3], 0.5f, 0, 1, 0.25f, -1, 0, 0, 0.5f, 0.75f)]), ElementType.Float32);
        var inputs = new[] { model.Input("trips", ElementType.Int64), model.Input("start", ElementType.Bool), x };
        var outputs = model.Node("Loop", "", inputs, [("body", body)], 1);
        var given = new Dictionary<string, Array> { ["trips"] = new[] { trips }, ["start"] = new[] { start } };
        Differential.Check(Outputs(model, outputs), inputs: given);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(5L, true)]
    [InlineData(long.MaxValue, true)]
    [InlineData(40L, false)]
    public void Condition_computed_at_run_time_ends_the_loop(long? trips, bool hasStart)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 3);
        var counter = model.Constant(Tensor.Longs(0));
        var body = Body("body", 1, 3);
        body.Input("counter", ElementType.Int64, 1);
        var next = body.Node("Mul", ["carried", body.Constant([], 0.7f)]);
        var largest = body.Node("ReduceMax", [body.Node("Abs", [next])], ("keepdims", 0));
        body.Output(body.Node("Greater", [largest, body.Constant([], 0.1f)]), ElementType.Bool);
        body.Output(next, ElementType.Float32);
        body.Output(body.Node("Add", ["counter", body.Constant(Tensor.Longs(1))]), ElementType.Int64);
        var outputs = model.Node(
            "Loop",
            "",
            [trips is { } n ? Trips(model, n) : null, hasStart ? True(model) : null, x, counter],
            [("body", body)],
            2
        );
        model.Output(outputs[0], ElementType.Float32).Output(outputs[1], ElementType.Int64);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(70)]
    public void Shapes_that_change_with_the_iteration_are_unrolled(int trips)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 100);
        var start = model.Node("Slice", [x, model.Constant(Tensor.Longs(0)), model.Constant(Tensor.Longs(1))]);
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("iteration", ElementType.Int64);
        body.Input("goes_on", ElementType.Bool);
        body.SymbolicInput("carried", ElementType.Float32, "n");
        var end = body.Node(
            "Unsqueeze",
            [body.Node("Add", ["iteration", body.Constant(Tensor.Longs(2).Reshape(TensorShape.Scalar))]), body.Constant(Tensor.Longs(0))]
        );
        var part = body.Node("Slice", [x, body.Node("Sub", [end, body.Constant(Tensor.Longs(1))]), end]);
        body.Output("goes_on", ElementType.Bool);
        body.Output(body.Node("Concat", ["carried", body.Node("Neg", [part])], ("axis", 0)), ElementType.Float32);
        body.Output(part, ElementType.Float32);
        var outputs = model.Node("Loop", "", [Trips(model, trips), True(model), start], [("body", body)], 2);
        Differential.Check(Outputs(model, outputs));
    }

    [Fact]
    public void Constant_condition_ends_an_unrolled_loop()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2);
        var body = Body("body", 2, 2);
        body.Output(body.Node("Less", ["iteration", body.Constant(Tensor.Longs(3).Reshape(TensorShape.Scalar))]), ElementType.Bool);
        body.Output(body.Node("Add", ["carried", x]), ElementType.Float32);
        body.Output(body.Node("Neg", ["carried"]), ElementType.Float32);
        var outputs = model.Node("Loop", "", [null, True(model), x], [("body", body)], 2);
        Differential.Check(Outputs(model, outputs));
        Assert.Empty(Kernels(model).OfType<LoopKernel>());
    }

    [Fact]
    public void Loops_in_loops_with_branches()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 3, 5);
        var inner = OnnxModelBuilder.Subgraph("inner");
        inner.Input("inner_iteration", ElementType.Int64);
        inner.Input("inner_goes_on", ElementType.Bool);
        inner.Input("inner_carried", ElementType.Float32, 3, 5);
        inner.Output("inner_goes_on", ElementType.Bool);
        inner.Output(inner.Node("Sub", [inner.Node("Mul", ["inner_carried", inner.Constant([], 0.9f)]), "carried"]), ElementType.Float32);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(then.Node("Loop", "", ["iteration", null, x], [("body", inner)], 1)[0], ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Node("Tanh", ["carried"]), ElementType.Float32);
        var body = Body("body", 3, 5);
        var isOdd = body.Node(
            "Cast",
            [body.Node("Mod", ["iteration", body.Constant(Tensor.Longs(2).Reshape(TensorShape.Scalar))])],
            ("to", 9)
        );
        var chosen = body.Node("If", [isOdd], ("then_branch", then), ("else_branch", otherwise));
        body.Output("goes_on", ElementType.Bool).Output(chosen, ElementType.Float32).Output(chosen, ElementType.Float32);
        var outputs = model.Node("Loop", "", [model.Input("trips", ElementType.Int64), null, x], [("body", body)], 1);
        body.Proto.Graph.Output.RemoveAt(2);
        Differential.Check(Outputs(model, outputs), inputs: new Dictionary<string, Array> { ["trips"] = (long[])[6] });
    }

    [Fact]
    public void Carried_values_that_change_places()
    {
        var model = new OnnxModelBuilder();
        var (x, y) = (model.Input("x", ElementType.Float32, 7), model.Input("y", ElementType.Float32, 7));
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("iteration", ElementType.Int64);
        body.Input("goes_on", ElementType.Bool);
        body.Input("a", ElementType.Float32, 7);
        body.Input("b", ElementType.Float32, 7);
        body.Input("fixed", ElementType.Float32, 7);
        body.Output("goes_on", ElementType.Bool).Output("b", ElementType.Float32);
        body.Output(body.Node("Add", ["a", "fixed"]), ElementType.Float32);
        body.Output(body.Node("Identity", ["fixed"]), ElementType.Float32);
        var outputs = model.Node("Loop", "", [model.Input("trips", ElementType.Int64), null, x, y, x], [("body", body)], 3);
        Differential.Check(Outputs(model, outputs), inputs: new Dictionary<string, Array> { ["trips"] = (long[])[5] });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(90)]
    public void Slices_of_as_many_iterations_as_the_condition_allows(long wanted)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2);
        var limit = model.Input("limit", ElementType.Int64);
        var start = model.Node("Greater", [limit, model.Constant(Tensor.Longs(0).Reshape(TensorShape.Scalar))]);
        var body = Body("body", 2, 2);
        var number = body.Node("Add", ["iteration", body.Constant(Tensor.Longs(1).Reshape(TensorShape.Scalar))]);
        body.Output(body.Node("Less", [number, limit]), ElementType.Bool);
        body.Output(body.Node("Mul", ["carried", body.Constant([], 0.9f)]), ElementType.Float32);
        body.Output(body.Node("Neg", ["carried"]), ElementType.Float32);
        body.Output(body.Node("Identity", ["iteration"]), ElementType.Int64);
        var outputs = model.Node("Loop", "", [Trips(model, 80), start, x], [("body", body)], 3);
        model.Output(outputs[0], ElementType.Float32);
        model.Output(model.Node("Exp", [outputs[1]]), ElementType.Float32).Output(outputs[2], ElementType.Int64);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["limit"] = new[] { wanted } });
    }

    [Fact]
    public void Slices_of_a_number_known_at_run_time_only_are_refused()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2);
        var body = Body("body", 2, 2);
        body.Output("goes_on", ElementType.Bool)
            .Output("carried", ElementType.Float32)
            .Output(body.Node("Neg", ["carried"]), ElementType.Float32);
        var outputs = model.Node("Loop", "", [model.Input("trips", ElementType.Int64), null, x], [("body", body)], 2);
        AssertProblem(
            Outputs(model, outputs),
            ProblemKinds.UnsupportedForm,
            $"output '{outputs[1]}' is a tensor with a slice for each iteration"
        );
    }

    [Fact]
    public void Number_of_iterations_that_is_bound_is_no_input()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2);
        var body = Body("body", 2, 2);
        body.Output("goes_on", ElementType.Bool).Output(body.Node("Mul", ["carried", x]), ElementType.Float32);
        body.Output(body.Node("Neg", ["carried"]), ElementType.Float32);
        var outputs = model.Node("Loop", "", [model.Input("trips", ElementType.Int64), null, x], [("body", body)], 2);
        Differential.Check(Outputs(model, outputs), dimensions: (DimensionBinding[])[new("trips", 5)], targets: [Target.Auto]);
    }

    [Fact]
    public void Loops_with_large_weights_are_not_unrolled()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 128);
        var weights = model.Constant([128, 128], [.. Enumerable.Range(0, 128 * 128).Select(i => MathF.Sin(i) / 64)]);
        var body = Body("body", 1, 128);
        body.Output("goes_on", ElementType.Bool)
            .Output(body.Node("Tanh", [body.Node("MatMul", ["carried", weights])]), ElementType.Float32);
        Outputs(model, model.Node("Loop", "", [Trips(model, 10), null, x], [("body", body)], 1));
        Differential.Check(model, targets: [Target.Auto]);
        Assert.Single(Kernels(model).OfType<LoopKernel>());
    }

    [Fact]
    public void Long_loop_over_constants_is_a_constant_that_shapes_may_depend_on()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 200);
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("iteration", ElementType.Int64);
        body.Input("goes_on", ElementType.Bool);
        body.Input("carried", ElementType.Int64);
        body.Output("goes_on", ElementType.Bool);
        body.Output(body.Node("Add", ["carried", body.Constant(Tensor.Longs(1).Reshape(TensorShape.Scalar))]), ElementType.Int64);
        body.Output(body.Node("Identity", ["carried"]), ElementType.Int64);
        var start = model.Constant(Tensor.Longs(0).Reshape(TensorShape.Scalar));
        var range = model.Node("Loop", "", [Trips(model, 100), null, start], [("body", body)], 2)[1];
        var shape = model.Node(
            "Slice",
            [
                range,
                model.Constant(Tensor.Longs(2)),
                model.Constant(Tensor.Longs(101)),
                model.Constant(Tensor.Longs(0)),
                model.Constant(Tensor.Longs(98)),
            ]
        );
        model.Output(
            model.Node("Reshape", [x, model.Node("Concat", [shape, model.Constant(Tensor.Longs(-1))], ("axis", 0))]),
            ElementType.Float32
        );
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Fact]
    public void Slices_that_nobody_reads_may_be_of_any_number()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2);
        var body = Body("body", 2, 2);
        body.Output("goes_on", ElementType.Bool).Output(body.Node("Mul", ["carried", x]), ElementType.Float32);
        body.Output(body.Node("Neg", ["carried"]), ElementType.Float32);
        var outputs = model.Node("Loop", "", [model.Input("trips", ElementType.Int64), null, x], [("body", body)], 2);
        var given = new Dictionary<string, Array> { ["trips"] = (long[])[3] };
        Differential.Check(Outputs(model, outputs[..1]), inputs: given, targets: [Target.Auto]);
    }

    [Fact]
    public void Loop_without_an_end_is_refused()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2);
        var body = Body("body", 2, 2);
        body.Output("goes_on", ElementType.Bool).Output(body.Node("Neg", ["carried"]), ElementType.Float32);
        AssertProblem(
            Outputs(model, model.Node("Loop", "", [null, null, x], [("body", body)], 1)),
            ProblemKinds.UnsupportedForm,
            "never ends"
        );
    }

    [Fact]
    public void Faults_of_a_body_are_reported_once()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2);
        var body = Body("body", 2, 2);
        body.Output("goes_on", ElementType.Bool).Output(body.Node("Telepathy", ["carried"]), ElementType.Float32);
        AssertProblem(
            Outputs(model, model.Node("Loop", "", [Trips(model, 3), null, x], [("body", body)], 1)),
            ProblemKinds.UnsupportedOperator,
            "Telepathy"
        );
    }

    [Fact]
    public void Loops_nested_to_make_any_number_of_nodes_end_with_a_diagnostic()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2);
        var inner = "carried";
        var body = Body("body0", 2, 2);
        body.Output("goes_on", ElementType.Bool).Output(body.Node("Neg", [inner]), ElementType.Float32);
        for (var depth = 1; depth < 12; depth++)
        {
            var outer = Body($"body{depth}", 2, 2);
            outer.Output("goes_on", ElementType.Bool);
            outer.Output(outer.Node("Loop", "", [Trips(outer, 60), null, "carried"], [("body", body)], 1)[0], ElementType.Float32);
            body = outer;
        }

        Outputs(model, model.Node("Loop", "", [Trips(model, 60), null, x], [("body", body)], 1));
        var compiled = ModelCompilation.Compile(new ModelSource("model.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.True(
            compiled.Succeeded || compiled.Problems.Any(p => p.Kind == ProblemKinds.HostileModel),
            string.Join("\n", compiled.Problems)
        );
    }

    private static OnnxModelBuilder Body(string name, int rows, int columns)
    {
        var body = OnnxModelBuilder.Subgraph(name);
        body.Input("iteration", ElementType.Int64);
        body.Input("goes_on", ElementType.Bool);
        body.Input("carried", ElementType.Float32, rows, columns);
        return body;
    }

    private static string Trips(OnnxModelBuilder model, long trips) => model.Constant(Tensor.Longs(trips).Reshape(TensorShape.Scalar));

    private static string True(OnnxModelBuilder model) => model.Constant(Tensor.From<byte>(ElementType.Bool, TensorShape.Scalar, [1]));

    private static OnnxModelBuilder Outputs(OnnxModelBuilder model, IEnumerable<string> outputs)
    {
        foreach (var output in outputs)
        {
            model.Output(output, ElementType.Float32);
        }

        return model;
    }

    private static IEnumerable<Kernel> Kernels(OnnxModelBuilder model) =>
        ModelCompilation
            .Lower(new ModelSource("model.onnx", model.ToBytes(), _ => null), new CompileOptions())
            .Program!.Steps.Select(s => s.Kernel);

    private static void AssertProblem(OnnxModelBuilder model, ProblemKind kind, string part)
    {
        var compiled = ModelCompilation.Compile(new ModelSource("model.onnx", model.ToBytes(), _ => null), new CompileOptions());
        var problem = Assert.Single(compiled.Problems);
        Assert.Equal(kind, problem.Kind);
        Assert.Contains(part, problem.Message);
    }
}
