using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Import;

public sealed class FunctionTests
{
    [Fact]
    public void Function_is_inlined_with_names_that_say_where_it_was_called()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 3);
        var outputs = model.Node("Twice", "local", [x], []);
        model.Output(outputs[0], ElementType.Float32);
        var function = new FunctionProto { Name = "Twice", Domain = "local" };
        function.Input.Add("a");
        function.Output.Add("c");
        function.OpsetImport.AddRange(model.Proto.OpsetImport);
        function.Node.Add(Relu("first", "a", "b"));
        function.Node.Add(Relu("second", "b", "c"));
        model.Proto.Functions.Add(function);

        var graph = OnnxImporter.Import(new ModelSource("model.onnx", model.ToBytes(), _ => null), new CompileOptions()).Graph!;

        var call = model.Proto.Graph.Node[0].Name;
        Assert.Equal([$"{call}/first", $"{call}/second"], graph.Nodes.Select(n => n.Name));
        Assert.All(graph.Nodes, n => Assert.IsType<Unary>(n.Operator));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Functions_work_in_branches_and_branches_in_functions(bool condition)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 3);
        var chosen = model.Input("condition", ElementType.Bool);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(then.Node("Choose", "local", [chosen, x], [("factor", 3f)])[0], ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(otherwise.Node("Choose", "local", [chosen, otherwise.Node("Exp", [x])], [("factor", 2f)])[0], ElementType.Float32);
        model.Output(model.Node("If", [chosen], ("then_branch", then), ("else_branch", otherwise)), ElementType.Float32);
        model.Proto.Functions.Add(Choose());
        model.Proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["condition"] = new[] { condition } }, targets: [Target.Auto]);
    }

    /// <summary>A function whose branches read its inputs and refer to its attribute.</summary>
    private static FunctionProto Choose()
    {
        var body = new OnnxModelBuilder();
        var then = OnnxModelBuilder.Subgraph("inner_then");
        then.Output(then.Node("LeakyRelu", ["a"], ("alpha", 1f)), ElementType.Float32);
        then.Proto.Graph.Node[0].Attribute[0] = new AttributeProto
        {
            Name = "alpha",
            RefAttrName = "factor",
            Type = AttributeProto.Types.AttributeType.Float,
        };
        var otherwise = OnnxModelBuilder.Subgraph("inner_else");
        otherwise.Output(otherwise.Node("Neg", ["a"]), ElementType.Float32);
        var output = body.Node("If", ["which"], ("then_branch", then), ("else_branch", otherwise));
        var function = new FunctionProto { Name = "Choose", Domain = "local" };
        function.Input.AddRange(["which", "a"]);
        function.Output.Add(output);
        function.Attribute.Add("factor");
        function.OpsetImport.AddRange(body.Proto.OpsetImport);
        function.Node.AddRange(body.Proto.Graph.Node);
        return function;
    }

    private static NodeProto Relu(string name, string input, string output)
    {
        var node = new NodeProto { OpType = "Relu", Name = name };
        node.Input.Add(input);
        node.Output.Add(output);
        return node;
    }
}
