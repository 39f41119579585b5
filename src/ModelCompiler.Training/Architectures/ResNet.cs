namespace ModelCompiler.Training.Architectures;

/// <summary>Residual networks (He et al. 2016).</summary>
internal static class ResNet
{
    /// <summary>The eight layers with which MLPerf Tiny classifies images (Banbury et al. 2021): three blocks of 16, 32 and 64 channels.</summary>
    public static Activation Eight(NetworkWriter network, Activation item, int classes, double width)
    {
        int[] channels = [ChannelCount.Of(16, width), ChannelCount.Of(32, width), ChannelCount.Of(64, width)];
        var x = network.Normalised("conv1", network.AsImage(item), channels[0], new(3));
        for (var i = 0; i < channels.Length; i++)
        {
            x = Block(network, $"block{i + 1}", x, channels[i], stride: i == 0 ? 1 : 2);
        }

        return network.Classifier(network.GlobalPool(x), classes);
    }

    private static Activation Block(NetworkWriter network, string name, Activation x, int channels, int stride)
    {
        var inner = network.Normalised($"{name}/conv1", x, channels, new(3, stride));
        inner = network.Normalised($"{name}/conv2", inner, channels, new(3), Rectifier.None);
        var skipped = stride == 1 ? x : network.Convolution($"{name}/skip", x, channels, new(1, stride), Rectifier.None);
        return network.Rectified(name, network.Sum($"{name}/add", skipped, inner), Rectifier.Relu);
    }
}
