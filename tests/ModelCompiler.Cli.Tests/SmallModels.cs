using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests;

/// <summary>Models that compile in no time.</summary>
internal static class SmallModels
{
    public static OnnxModelBuilder Relu(object? batch = null)
    {
        var model = new OnnxModelBuilder();
        var x = model.SymbolicInput("x", ElementType.Float32, batch ?? 1, 4);
        return model.Output(model.Node("Relu", [x]), ElementType.Float32);
    }

    /// <summary>Two layers: the negative of the positive part.</summary>
    public static OnnxModelBuilder ReluNeg()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4);
        return model.Output(model.Node("Neg", [model.Node("Relu", [x])]), ElementType.Float32);
    }

    /// <summary>Adds x to a total: gives the new total, and its negative.</summary>
    public static OnnxModelBuilder Total()
    {
        var model = new OnnxModelBuilder();
        var next = model.Node("Add", [model.Input("x", ElementType.Float32, 1, 4), model.Input("total", ElementType.Float32, 1, 4)]);
        return model.Output(next, ElementType.Float32).Output(model.Node("Neg", [next]), ElementType.Float32);
    }

    /// <summary>Two operators that do not exist, around one that does.</summary>
    public static OnnxModelBuilder Unsupported()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4);
        var first = model.Node("Frobnicate", [x]);
        var second = model.Node("Embiggen", [model.Node("Relu", [x])]);
        return model.Output(first, ElementType.Float32).Output(second, ElementType.Float32);
    }

    /// <summary>An operator that is refused for a reason.</summary>
    public static OnnxModelBuilder AtRandom()
    {
        var model = new OnnxModelBuilder();
        return model.Output(model.Node("Bernoulli", [model.Input("x", ElementType.Float32, 1, 4)]), ElementType.Float32);
    }

    /// <summary>A product of matrices, so that there are multiply-accumulates and weights.</summary>
    public static OnnxModelBuilder MatMul()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 8);
        var weights = model.Constant([8, 4], [.. Enumerable.Range(0, 32).Select(i => i / 8f)]);
        return model.Output(model.Node("MatMul", [x, weights]), ElementType.Float32);
    }

    public static Tensor Input { get; } = Tensor.Floats(new TensorShape(1, 4), -1, 2, -3, 4);

    public static Tensor ReluOutput { get; } = Tensor.Floats(new TensorShape(1, 4), 0, 2, 0, 4);

    public static Tensor WrongOutput { get; } = Tensor.Floats(new TensorShape(1, 4), 0, 2, 1, 4);
}
