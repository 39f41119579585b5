using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests;

/// <summary>Small models for commands that train.</summary>
internal static class TrainingModels
{
    /// <summary>Probabilities of two classes from four numbers, with the weights <c>w</c> and <c>b</c>.</summary>
    public static OnnxModelBuilder Dense()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("input", ElementType.Float32, 1, 4);
        var weights = model.Constant(RandomTensors.Floats(1, 4, 2), "w");
        var scores = model.Node("Gemm", [x, weights, model.Constant(Tensor.Floats(new TensorShape(2), 0, 0), "b")]);
        return model.Output(model.Node("Softmax", [scores]), ElementType.Float32);
    }

    /// <summary>Options by which <see cref="Dense"/> learns in no time.</summary>
    public static string[] Options(int epochs) =>
        ["--epochs", $"{epochs}", "--batch", "8", "--learning-rate", "0.1", "--threads", "1", "--validation", "0.25"];

    /// <summary>A model with an operator that has no gradient.</summary>
    public static OnnxModelBuilder Det()
    {
        var model = new OnnxModelBuilder();
        var product = model.Node(
            "MatMul",
            [model.Input("input", ElementType.Float32, 1, 4, 4), model.Constant(RandomTensors.Floats(1, 4, 4))]
        );
        return model.Output(model.Node("Det", [product]), ElementType.Float32);
    }
}
