using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;

namespace ModelCompiler.Training.Architectures;

/// <summary>
/// A small U-Net (Ronneberger, Fischer and Brox 2015): an image in, a map of its size out. Going up it repeats pixels, which integers do
/// as they are, where the paper learns how to.
/// </summary>
internal static class UNet
{
    private const int FirstChannels = 16;

    /// <summary>Probabilities, [1, outputs, height, width]: of one thing being there, or of each class.</summary>
    public static Activation Write(NetworkWriter network, Activation item, int outputs, NetworkSize size)
    {
        var x = network.AsImage(item);
        var multiple = 1 << size.Layers;
        if (x.Shape[2] % multiple != 0 || x.Shape[3] % multiple != 0)
        {
            throw new TrainingException(
                $"u-net: --layers {size.Layers} halves an image {size.Layers} times, so that height and width must be multiples of {multiple}; the data have {x.Shape[2]}×{x.Shape[3]}"
            );
        }

        var skipped = new Stack<Activation>();
        for (var level = 1; level <= size.Layers; level++)
        {
            x = Convolutions(network, $"down{level}", x, level, size.Width);
            skipped.Push(x);
            x = network.MaxPool($"pool{level}", x, new(2, Stride: 2, IsPadded: false));
        }

        x = Convolutions(network, "bottom", x, size.Layers + 1, size.Width);
        for (var level = size.Layers; level >= 1; level--)
        {
            x = Convolutions(network, $"up{level}", Joined(network, $"up{level}", skipped.Pop(), x), level, size.Width);
        }

        var scores = network.Convolution("head", x, outputs, new(1), Rectifier.None);
        return outputs == 1
            ? network.Node("sigmoid", "Sigmoid", [scores.Name], "probabilities", scores.Shape)
            : network.Node("softmax", "Softmax", [scores.Name], "probabilities", scores.Shape, OnnxMessages.Attribute("axis", 1L));
    }

    private static Activation Convolutions(NetworkWriter network, string name, Activation x, int level, double width)
    {
        var channels = ChannelCount.Of(FirstChannels << (level - 1), width);
        x = network.Normalised($"{name}/conv1", x, channels, new(3));
        return network.Normalised($"{name}/conv2", x, channels, new(3));
    }

    /// <summary>What comes from below, twice as large, behind what was there on the way down.</summary>
    private static Activation Joined(NetworkWriter network, string name, Activation skipped, Activation x)
    {
        var (height, width) = (skipped.Shape[2], skipped.Shape[3]);
        var larger = network.Node(
            $"{name}/resize",
            "Resize",
            [x.Name, "", network.Weights($"{name}/scales", [1, 1, 2, 2], 4)],
            $"{name}/resize_out",
            new TensorShape(1, x.Shape[1], height, width),
            OnnxMessages.Attribute("mode", "nearest"),
            OnnxMessages.Attribute("coordinate_transformation_mode", "asymmetric"),
            OnnxMessages.Attribute("nearest_mode", "floor")
        );
        return network.Node(
            $"{name}/join",
            "Concat",
            [skipped.Name, larger.Name],
            $"{name}/join_out",
            new TensorShape(1, skipped.Shape[1] + x.Shape[1], height, width),
            OnnxMessages.Attribute("axis", 1L)
        );
    }
}
