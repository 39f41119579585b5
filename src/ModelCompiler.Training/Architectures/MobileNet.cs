namespace ModelCompiler.Training.Architectures;

/// <summary>
/// The MobileNets. Both halve the image five times. Images of less than 64 pixels are halved fewer times, so that the last map keeps at
/// least four: by the first convolution, which is what makes a network cheap, and by the last stages that do; the stages between keep
/// the size.
/// </summary>
internal static class MobileNet
{
    private const int Halvings = 5;
    private const int WholeSize = 64;
    private const int LeastMap = 4;

    private static readonly (int Channels, int Stride)[] Separable =
    [
        (64, 1),
        (128, 2),
        (128, 1),
        (256, 2),
        (256, 1),
        (512, 2),
        (512, 1),
        (512, 1),
        (512, 1),
        (512, 1),
        (512, 1),
        (1024, 2),
        (1024, 1),
    ];

    private static readonly (int Expansion, int Channels, int Count, int Stride)[] Inverted =
    [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];

    /// <summary>Howard et al. (2017): depthwise-separable convolutions.</summary>
    public static Activation V1(NetworkWriter network, Activation item, int classes, double width)
    {
        var x = network.AsImage(item);
        var strides = Strides(x, [2, .. Separable.Select(b => b.Stride)]);
        x = network.Normalised("conv1", x, ChannelCount.Of(32, width), new(3, strides[0]));
        for (var i = 0; i < Separable.Length; i++)
        {
            x = network.Separable(i + 2, x, ChannelCount.Of(Separable[i].Channels, width), strides[i + 1]);
        }

        return network.Classifier(network.GlobalPool(x), classes);
    }

    /// <summary>Sandler et al. (2018): inverted residuals with linear bottlenecks.</summary>
    public static Activation V2(NetworkWriter network, Activation item, int classes, double width)
    {
        var x = network.AsImage(item);
        var strides = Strides(x, [2, .. Inverted.Select(b => b.Stride)]);
        x = network.Normalised("conv1", x, ChannelCount.Of(32, width), new(3, strides[0]), Rectifier.Relu6);
        var number = 1;
        for (var stage = 0; stage < Inverted.Length; stage++)
        {
            var (expansion, channels, count, _) = Inverted[stage];
            for (var i = 0; i < count; i++, number++)
            {
                var stride = i == 0 ? strides[stage + 1] : 1;
                x = Residual(network, $"block{number}", x, expansion, ChannelCount.Of(channels, width), stride);
            }
        }

        // Narrower networks keep the width of the last layer, without which they lose most.
        x = network.Normalised("last", x, ChannelCount.Of(1280, Math.Max(width, 1)), new(1), Rectifier.Relu6);
        return network.Classifier(network.GlobalPool(x), classes);
    }

    private static Activation Residual(NetworkWriter network, string name, Activation x, int expansion, int outputs, int stride)
    {
        var expanded = x.Shape[1] * expansion;
        var inner = expansion == 1 ? x : network.Normalised($"{name}/expand", x, expanded, new(1), Rectifier.Relu6);
        inner = network.Normalised($"{name}/depthwise", inner, expanded, new(3, stride, Groups: expanded), Rectifier.Relu6);
        inner = network.Normalised($"{name}/project", inner, outputs, new(1), Rectifier.None);
        return stride == 1 && outputs == x.Shape[1] ? network.Sum($"{name}/add", x, inner) : inner;
    }

    /// <summary>The strides for an image: of those that halve the first one and the last ones stay, as many as its size allows.</summary>
    private static int[] Strides(Activation image, int[] strides)
    {
        var size = Math.Min(image.Shape[2], image.Shape[3]);
        var allowed = size >= WholeSize ? Halvings : 0;
        for (var next = (size + 1) / 2; allowed < Halvings && next >= LeastMap; next = (next + 1) / 2)
        {
            allowed++;
        }

        int[] halving = [.. Enumerable.Range(0, strides.Length).Where(i => strides[i] == 2)];
        var kept = halving.Take(Math.Min(allowed, 1)).Concat(halving.TakeLast(Math.Max(allowed - 1, 0))).ToHashSet();
        return [.. strides.Select((stride, i) => kept.Contains(i) ? stride : 1)];
    }
}
