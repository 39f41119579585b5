namespace ModelCompiler.Training.Architectures;

/// <summary>
/// A small classifier after those of keyword spotting (Zhang et al. 2017): a 3×3 convolution, depthwise-separable blocks, global average
/// pooling, a dense layer. It takes pixels of 0 to 1 as they are; the first batch normalisation does what normalising them would.
/// </summary>
internal static class DepthwiseSeparableCnn
{
    private static readonly (int Channels, int Stride)[] Blocks = [(48, 2), (48, 1), (96, 2), (96, 1), (128, 1)];

    public static Activation Write(NetworkWriter network, Activation item, int classes, double width)
    {
        var x = network.Normalised("conv1", network.AsImage(item), ChannelCount.Of(16, width), new(3));
        for (var i = 0; i < Blocks.Length; i++)
        {
            x = network.Separable(i + 2, x, ChannelCount.Of(Blocks[i].Channels, width), Blocks[i].Stride);
        }

        return network.Classifier(network.GlobalPool(x), classes);
    }
}
