using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;

namespace ModelCompiler.Training.Architectures;

/// <summary>Layers of vectors, [1, features].</summary>
internal static class DenseLayers
{
    /// <summary>All elements of an item in a row.</summary>
    public static Activation Flatten(this NetworkWriter network, Activation x) =>
        x.Shape.Rank == 2
            ? x
            : network.Node("flatten", "Flatten", [x.Name], "features", new TensorShape(1, x.Shape.Product(1, x.Shape.Rank)));

    /// <summary>A dense layer with a bias, and a rectifier.</summary>
    public static Activation Dense(
        this NetworkWriter network,
        string name,
        Activation x,
        int outputs,
        Rectifier rectifier = Rectifier.Relu
    ) => network.Rectified(name, network.Product(name, x, outputs, rectifier, $"{name}_product"), rectifier);

    /// <summary>A dense layer with a bias and nothing behind it.</summary>
    public static Activation Linear(this NetworkWriter network, string name, Activation x, int outputs, string output) =>
        network.Product(name, x, outputs, Rectifier.None, output);

    /// <summary>The end of a classifier: a dense layer and the probability of each class.</summary>
    public static Activation Classifier(this NetworkWriter network, Activation x, int classes)
    {
        var scores = network.Linear("classifier", x, classes, "scores");
        return network.Node("softmax", "Softmax", [scores.Name], "probabilities", scores.Shape, OnnxMessages.Attribute("axis", 1L));
    }

    private static Activation Product(
        this NetworkWriter network,
        string name,
        Activation x,
        int outputs,
        Rectifier rectifier,
        string output
    )
    {
        var inputs = x.Shape[1];
        var bound = rectifier == Rectifier.None ? Initialisation.Glorot(inputs, outputs) : Initialisation.He(inputs);
        return network.Node(
            name,
            "Gemm",
            [x.Name, network.Uniform($"{name}.weight", bound, outputs, inputs), network.Filled($"{name}.bias", 0, outputs)],
            output,
            new TensorShape(1, outputs),
            OnnxMessages.Attribute("transB", 1L)
        );
    }
}
