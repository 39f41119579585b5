using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;

namespace ModelCompiler.Training.Architectures;

/// <summary>What follows a layer.</summary>
internal enum Rectifier
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x between 0 and 6.</summary>
    Relu6,
}

/// <summary>How a convolution moves over an image.</summary>
/// <param name="Kernel">Height and width of the kernel.</param>
/// <param name="Stride">Stride in both directions.</param>
/// <param name="Groups">Groups of channels.</param>
/// <param name="IsPadded">Whether there is half a kernel of zeros around the image, so that only the stride changes the size.</param>
internal readonly record struct Window(int Kernel, int Stride = 1, int Groups = 1, bool IsPadded = true)
{
    /// <summary>Zeros on each side.</summary>
    public int Padding => IsPadded ? Kernel / 2 : 0;

    /// <summary>Size of what comes out for a size that goes in.</summary>
    public int Size(int size) => ((size + (2 * Padding) - Kernel) / Stride) + 1;
}

/// <summary>Layers of images, [1, channels, height, width].</summary>
internal static class ConvolutionLayers
{
    /// <summary>The item as an image: one without channels gets one.</summary>
    public static Activation AsImage(this NetworkWriter network, Activation item) =>
        item.Shape.Rank == 4
            ? item
            : network.Node(
                "grey",
                "Unsqueeze",
                [item.Name, network.Integers("channel_axis", 1)],
                "grey_out",
                new TensorShape(1, 1, item.Shape[1], item.Shape[2])
            );

    /// <summary>Convolution with a bias, and a rectifier.</summary>
    public static Activation Convolution(
        this NetworkWriter network,
        string name,
        Activation x,
        int outputs,
        Window window,
        Rectifier rectifier
    ) => network.Rectified(name, network.Convolved(name, x, outputs, window, rectifier, hasBias: true), rectifier);

    /// <summary>Convolution without bias, batch normalisation, and a rectifier.</summary>
    public static Activation Normalised(
        this NetworkWriter network,
        string name,
        Activation x,
        int outputs,
        Window window,
        Rectifier rectifier = Rectifier.Relu
    )
    {
        var convolved = network.Convolved(name, x, outputs, window, rectifier, hasBias: false);
        string[] statistics =
        [
            network.Filled($"{name}.scale", 1, outputs),
            network.Filled($"{name}.bias", 0, outputs),
            network.Filled($"{name}.mean", 0, outputs),
            network.Filled($"{name}.var", 1, outputs),
        ];
        var normalised = network.Node(
            $"{name}/normalise",
            "BatchNormalization",
            [convolved.Name, .. statistics],
            $"{name}_normalised",
            convolved.Shape,
            OnnxMessages.Attribute("epsilon", 1e-5f)
        );
        return network.Rectified(name, normalised, rectifier);
    }

    /// <summary>A depthwise 3×3 convolution and a 1×1 convolution, each with batch normalisation and ReLU.</summary>
    public static Activation Separable(this NetworkWriter network, int number, Activation x, int outputs, int stride)
    {
        var channels = x.Shape[1];
        x = network.Normalised($"depthwise{number}", x, channels, new(3, stride, Groups: channels));
        return network.Normalised($"pointwise{number}", x, outputs, new(1));
    }

    /// <summary>The largest of each window.</summary>
    public static Activation MaxPool(this NetworkWriter network, string name, Activation x, Window window) =>
        network.Node(
            name,
            "MaxPool",
            [x.Name],
            $"{name}_out",
            Pooled(x.Shape, x.Shape[1], window),
            OnnxMessages.Attribute("kernel_shape", window.Kernel, window.Kernel),
            OnnxMessages.Attribute("pads", window.Padding, window.Padding, window.Padding, window.Padding),
            OnnxMessages.Attribute("strides", window.Stride, window.Stride)
        );

    /// <summary>The mean of each channel, [1, channels].</summary>
    public static Activation GlobalPool(this NetworkWriter network, Activation x) =>
        network.Flatten(network.Node("pool", "GlobalAveragePool", [x.Name], "pool_out", new TensorShape(1, x.Shape[1], 1, 1)));

    /// <summary>The sum of two values of one shape.</summary>
    public static Activation Sum(this NetworkWriter network, string name, Activation x, Activation y) =>
        network.Node(name, "Add", [x.Name, y.Name], $"{name}_sum", x.Shape);

    /// <summary>The value behind a rectifier.</summary>
    public static Activation Rectified(this NetworkWriter network, string name, Activation x, Rectifier rectifier) =>
        rectifier switch
        {
            Rectifier.Relu => network.Node($"{name}/relu", "Relu", [x.Name], $"{name}_out", x.Shape),
            Rectifier.Relu6 => network.Node(
                $"{name}/relu6",
                "Clip",
                [x.Name, network.Number("zero", 0), network.Number("six", 6)],
                $"{name}_out",
                x.Shape
            ),
            _ => x,
        };

    private static Activation Convolved(
        this NetworkWriter network,
        string name,
        Activation x,
        int outputs,
        Window window,
        Rectifier rectifier,
        bool hasBias
    )
    {
        var inputs = x.Shape[1] / window.Groups;
        var taps = window.Kernel * window.Kernel;
        var bound =
            rectifier == Rectifier.None
                ? Initialisation.Glorot(inputs * taps, outputs / window.Groups * taps)
                : Initialisation.He(inputs * taps);
        var weight = network.Uniform($"{name}.weight", bound, outputs, inputs, window.Kernel, window.Kernel);
        string[] bias = hasBias ? [network.Filled($"{name}.bias", 0, outputs)] : [];
        return network.Node(
            name,
            "Conv",
            [x.Name, weight, .. bias],
            $"{name}_conv",
            Pooled(x.Shape, outputs, window),
            OnnxMessages.Attribute("group", (long)window.Groups),
            OnnxMessages.Attribute("kernel_shape", window.Kernel, window.Kernel),
            OnnxMessages.Attribute("pads", window.Padding, window.Padding, window.Padding, window.Padding),
            OnnxMessages.Attribute("strides", window.Stride, window.Stride)
        );
    }

    private static TensorShape Pooled(TensorShape shape, int channels, Window window) =>
        new(1, channels, window.Size(shape[2]), window.Size(shape[3]));
}
