using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Passes;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Passes;

public sealed class ElementwisePassesTests
{
    [Fact]
    public void Layer_normalisation_that_is_written_out_becomes_one_node()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 5, 24);
        var centred = model.Node("Sub", [x, model.Node("ReduceMean", [x], ("axes", new[] { -1 }))]);
        var squares = model.Node("Pow", [centred, model.Constant([], 2f)]);
        var variance = model.Node("ReduceMean", [squares], ("axes", new[] { -1 }));
        var root = model.Node("Sqrt", [model.Node("Add", [variance, model.Constant([], 1e-5f)])]);
        var scaled = model.Node("Mul", [model.Node("Div", [centred, root]), model.Constant([24], Sequence(24))]);
        model.Output(model.Node("Add", [scaled, model.Constant([24], Sequence(24))]), ElementType.Float32);

        var node = Assert.Single(Compiled(model).Nodes);
        Assert.Equal(3, node.Inputs.Length);
        Assert.Equal(new LayerNormalization(2, 1e-5f), node.Operator);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gelu_that_is_written_out_becomes_one_node(bool halvesFirst)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 5, 7);
        var erf = model.Node("Erf", [model.Node("Div", [x, model.Constant([], MathF.Sqrt(2))])]);
        var gate = model.Node("Add", [erf, model.Constant([], 1f)]);
        var half = model.Constant([], 0.5f);
        model.Output(
            halvesFirst ? model.Node("Mul", [model.Node("Mul", [x, half]), gate]) : model.Node("Mul", [model.Node("Mul", [x, gate]), half]),
            ElementType.Float32
        );

        Assert.Equal(new Unary(UnaryFunction.Gelu), Assert.Single(Compiled(model).Nodes).Operator);
        Differential.Check(model);
    }

    [Fact]
    public void Hard_swish_and_swish_that_are_written_out_become_one_node()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 5, 7);
        string[] bounds = [model.Constant([], 0f), model.Constant([], 6f)];
        var clipped = model.Node("Clip", [model.Node("Add", [x, model.Constant([], 3f)]), .. bounds]);
        model.Output(model.Node("Div", [model.Node("Mul", [x, clipped]), bounds[1]]), ElementType.Float32);
        model.Output(model.Node("Mul", [model.Node("HardSigmoid", [x], ("alpha", 1 / 6f)), x]), ElementType.Float32);
        model.Output(model.Node("Mul", [x, model.Node("Sigmoid", [x])]), ElementType.Float32);

        Operator[] expected = [new Unary(UnaryFunction.HardSwish), new Unary(UnaryFunction.HardSwish), new Unary(UnaryFunction.Swish, 1)];
        Assert.Equal(expected, Compiled(model).Nodes.Select(n => n.Operator));
        Differential.Check(model);
    }

    [Fact]
    public void Chains_become_one_loop_with_broadcast_inputs()
    {
        var model = new OnnxModelBuilder(16);
        var x = model.Input("x", ElementType.Float32, 3, 1, 35);
        var y = model.Input("y", ElementType.Float32, 4, 1);
        var sum = model.Node("Add", [x, y]);
        var bounded = model.Node("Where", [model.Node("Less", [sum, x]), model.Node("Tanh", [sum]), model.Node("Mul", [sum, y])]);
        model.Output(model.Node("Sub", [model.Node("Exp", [bounded]), model.Constant([], 1.5f)]), ElementType.Float32);

        // The sum is read by three nodes, which become one node one after the other.
        Assert.Single(Compiled(model).Nodes);
        Differential.Check(model);
    }

    [Fact]
    public void A_small_result_is_not_computed_again_for_every_element_it_is_broadcast_to()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 20, 35);
        var gate = model.Node("Sigmoid", [model.Input("gate", ElementType.Float32, 35)]);
        model.Output(model.Node("Mul", [x, gate]), ElementType.Float32);
        Assert.Equal(2, Compiled(model).Nodes.Length);
    }

    [Fact]
    public void Small_whole_powers_become_products()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 5, 7);
        foreach (var exponent in new[] { -1f, 2, 3 })
        {
            model.Output(model.Node("Pow", [x, model.Constant([], exponent)]), ElementType.Float32);
        }

        Assert.DoesNotContain(Compiled(model).Nodes, n => n.Operator is Binary { Function: BinaryFunction.Pow });
        Differential.Check(model);
    }

    private static float[] Sequence(int count) => [.. Enumerable.Range(0, count).Select(i => 0.5f + (i * 0.01f))];

    private static Graph Compiled(OnnxModelBuilder model)
    {
        var (graph, problems) = OnnxImporter.Import(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.True(graph is not null, string.Join("\n", problems));
        return Pipeline.Run(graph, Target.Auto);
    }
}
