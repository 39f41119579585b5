using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class UnaryTests
{
    [Theory]
    [InlineData("Relu")]
    public void Unary_operator_equals_onnxruntime_on_every_target(string op)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3, 5);
        model.Output(model.Node(op, [x]), ElementType.Float32);
        Differential.Check(model);
    }
}
