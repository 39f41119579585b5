using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Training.Architectures;

/// <summary>The architectures there are.</summary>
public static class ArchitectureTable
{
    /// <summary>All of them, in the order in which they are shown: one entry each.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        new("lenet-300-100", ItemForm.Any, new(), (network, item, classes, _) => LeNet.Dense(network, item, classes)),
        new("lenet-5", ItemForm.Images, new(), (network, item, classes, _) => LeNet.Convolutional(network, item, classes))
        {
            LeastSide = 16,
        },
        new(
            "ds-cnn",
            ItemForm.Images,
            new(Width: 1),
            (network, item, classes, size) => DepthwiseSeparableCnn.Write(network, item, classes, size.Width)
        ),
        new(
            "mobilenet-v1",
            ItemForm.Images,
            new(Width: 1),
            (network, item, classes, size) => MobileNet.V1(network, item, classes, size.Width)
        ),
        new(
            "mobilenet-v2",
            ItemForm.Images,
            new(Width: 1),
            (network, item, classes, size) => MobileNet.V2(network, item, classes, size.Width)
        ),
        new("resnet-8", ItemForm.Images, new(Width: 1), (network, item, classes, size) => ResNet.Eight(network, item, classes, size.Width)),
        new("transformer", ItemForm.Images, new(Hidden: 64, Layers: 2), ConvolutionalTransformer.Write) { LeastSide = 8 },
        new("u-net", ItemForm.Images, new(Width: 1, Layers: 2), UNet.Write) { Learns = Learns.Maps },
        new(
            "lstm",
            ItemForm.Sequences,
            new(Hidden: 64, Layers: 1),
            (network, item, classes, size) => RecurrentClassifier.Write(network, item, classes, RecurrentCell.Lstm, size)
        ),
        new(
            "gru",
            ItemForm.Sequences,
            new(Hidden: 64, Layers: 1),
            (network, item, classes, size) => RecurrentClassifier.Write(network, item, classes, RecurrentCell.Gru, size)
        ),
        new(
            "autoencoder",
            ItemForm.Any,
            new(Hidden: 128, Layers: 2, Bottleneck: 8),
            (network, item, _, size) => Autoencoder.Write(network, item, size)
        )
        {
            Learns = Learns.Items,
        },
    ];
}
