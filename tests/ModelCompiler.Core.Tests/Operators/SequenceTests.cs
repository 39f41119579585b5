using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Sequences and optionals, of which nothing is left in the compiled network.</summary>
public sealed class SequenceTests
{
    [Theory]
    [InlineData(null, 0, 1)]
    [InlineData(null, 1, 0)]
    [InlineData(null, -1, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(7, 0, 1)]
    public void Parts_of_a_tensor_are_counted_picked_and_joined(int? size, int axis, int keeps)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 4, 5);
        var split = size is { } s ? Scalar(model, s) : null;
        var parts = model.Node("SplitToSequence", [x, split], ("axis", axis), ("keepdims", keeps));
        model.Output(model.Node("SequenceLength", [parts]), ElementType.Int64);
        model.Output(model.Node("SequenceAt", [parts, Scalar(model, -1)]), ElementType.Float32);
        model.Output(model.Node("ConcatFromSequence", [parts], ("axis", keeps * axis)), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Parts_of_given_sizes()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Int32, 3, 9);
        var parts = model.Node("SplitToSequence", [x, model.Constant(Tensor.Longs(2, 3, 4))], ("axis", 1));
        foreach (var index in new[] { 0, 1, 2 })
        {
            model.Output(model.Node("SequenceAt", [parts, Scalar(model, index)]), ElementType.Int32);
        }

        Differential.Check(model);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-3)]
    public void Position_given_at_run_time_picks_of_elements_of_one_type(long position)
    {
        var model = new OnnxModelBuilder();
        var inputs = new[] { "a", "b", "c" }.Select(n => model.Input(n, ElementType.Float32, 2, 3)).ToArray();
        var sequence = model.Node("SequenceConstruct", inputs);
        model.Output(model.Node("SequenceAt", [sequence, model.Input("position", ElementType.Int64)]), ElementType.Float32);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["position"] = new[] { position } });
    }

    [Theory]
    [InlineData(0, -1)]
    [InlineData(-2, 1)]
    [InlineData(3, null)]
    [InlineData(null, 0)]
    public void Elements_are_inserted_and_erased(int? insert, int? erase)
    {
        var model = new OnnxModelBuilder();
        var inputs = new[] { "a", "b", "c" }.Select(n => model.Input(n, ElementType.Float32, 2)).ToArray();
        var sequence = model.Node("SequenceConstruct", inputs);
        var longer = model.Node("SequenceInsert", [sequence, model.Node("Neg", ["a"]), insert is { } i ? Scalar(model, i) : null]);
        var shorter = model.Node("SequenceErase", [longer, erase is { } e ? Scalar(model, e) : null]);
        model.Output(model.Node("ConcatFromSequence", [longer], ("axis", 1), ("new_axis", 1)), ElementType.Float32);
        model.Output(model.Node("ConcatFromSequence", [shorter], ("axis", -2), ("new_axis", 1)), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Sequences_pass_through_loops_and_branches()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3);
        var empty = model.Node("SequenceEmpty", []);
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("iteration", ElementType.Int64);
        body.Input("goes_on", ElementType.Bool);
        body.SequenceInput("carried", ElementType.Float32);
        var number = body.Node("Cast", ["iteration"], ("to", 1));
        body.Output("goes_on", ElementType.Bool);
        body.SequenceOutput(body.Node("SequenceInsert", ["carried", body.Node("Mul", [x, number])]), ElementType.Float32);
        var built = model.Node("Loop", [Scalar(model, 4), null, empty], ("body", body));
        var then = OnnxModelBuilder.Subgraph("then");
        then.SequenceOutput(then.Node("SequenceErase", [built, Scalar(then, 0)]), ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.SequenceOutput(otherwise.Node("SequenceErase", [built]), ElementType.Float32);
        var chosen = model.Node("If", [model.Input("condition", ElementType.Bool)], ("then_branch", then), ("else_branch", otherwise));
        model.Output(model.Node("ConcatFromSequence", [chosen], ("axis", 0)), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Subgraph_runs_for_each_element()
    {
        var model = new OnnxModelBuilder(17);
        var x = model.Input("x", ElementType.Float32, 3, 4);
        var parts = model.Node("SplitToSequence", [x], ("axis", 0));
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("item", ElementType.Float32, 1, 4);
        body.Input("all", ElementType.Float32, 3, 4);
        body.Output(body.Node("Add", ["item", "all"]), ElementType.Float32).Output(body.Node("Shape", ["item"]), ElementType.Int64);
        var outputs = model.Node("SequenceMap", "", [parts, x], [("body", body)], 2);
        model.Output(model.Node("ConcatFromSequence", [outputs[0]], ("axis", 0)), ElementType.Float32);
        model.Output(model.Node("ConcatFromSequence", [outputs[1]], ("axis", 0)), ElementType.Int64);
        Differential.Check(model);
    }

    [Fact]
    public void Sequences_are_inputs_and_outputs_of_the_network_one_an_element()
    {
        var model = new OnnxModelBuilder();
        model.SequenceInput("items", ElementType.Float32, 2, 3);
        var x = model.Input("x", ElementType.Float32, 2, 3);
        model.SequenceOutput(model.Node("SequenceInsert", ["items", model.Node("Neg", [x]), Scalar(model, 1)]), ElementType.Float32);
        var compiled = Compile(model, new DimensionBinding("items", 2));
        Assert.Equal(["items_0", "items_1", "x"], compiled.Inputs.Select(i => i.Name));
        Assert.Equal(3, compiled.Outputs.Length);
        Differential.Check(model, dimensions: (DimensionBinding[])[new("items", 2)]);
    }

    [Fact]
    public void Sequence_whose_length_is_not_bound_is_named()
    {
        var model = new OnnxModelBuilder();
        model.SequenceInput("items", ElementType.Float32, 2, 3);
        model.Output(model.Node("ConcatFromSequence", ["items"], ("axis", 0)), ElementType.Float32);
        var problem = Assert.Single(Compile(model).Problems);
        Assert.Equal(ProblemKinds.UnboundDimension, problem.Kind);
        Assert.Contains("Dimensions=\"items=…\"", problem.Message);
    }

    [Fact]
    public void Tensor_operators_refuse_sequences()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2);
        model.Output(model.Node("Neg", [model.Node("SequenceConstruct", [x, x])]), ElementType.Float32);
        var problem = Assert.Single(Compile(model).Problems);
        Assert.Equal(ProblemKinds.UnsupportedForm, problem.Kind);
        Assert.Contains("is a sequence of 2 tensors; a tensor was expected", problem.Message);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-4)]
    public void Position_outside_of_a_sequence_is_refused(int position)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2);
        var sequence = model.Node("SequenceConstruct", [x, x, x]);
        model.Output(model.Node("SequenceAt", [sequence, Scalar(model, position)]), ElementType.Float32);
        Assert.Contains("is not in a sequence of 3 tensors", Assert.Single(Compile(model).Problems).Message);
    }

    [Fact]
    public void Optionals_are_their_content_or_nothing()
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", ElementType.Float32, 2);
        var some = model.Node("Optional", [x]);
        model.Output(model.Node("OptionalGetElement", [some]), ElementType.Float32);
        model.Output(model.Node("OptionalHasElement", [some]), ElementType.Bool);
        model.Output(model.Node("OptionalHasElement", []), ElementType.Bool);
        Differential.Check(model);
    }

    private static string Scalar(OnnxModelBuilder model, int value) => model.Constant(Tensor.Longs(value).Reshape(TensorShape.Scalar));

    private static CompiledModel Compile(OnnxModelBuilder model, params DimensionBinding[] dimensions) =>
        ModelCompilation.Compile(new ModelSource("model.onnx", model.ToBytes(), _ => null), new CompileOptions { Dimensions = dimensions });
}
