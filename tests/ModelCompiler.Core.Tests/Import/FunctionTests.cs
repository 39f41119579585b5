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

    private static NodeProto Relu(string name, string input, string output)
    {
        var node = new NodeProto { OpType = "Relu", Name = name };
        node.Input.Add(input);
        node.Output.Add(output);
        return node;
    }
}
