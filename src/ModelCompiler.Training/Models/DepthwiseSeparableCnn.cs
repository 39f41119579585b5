using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Models;

/// <summary>A depthwise convolution followed by a 1×1 convolution, each with batch normalisation and ReLU.</summary>
/// <param name="Channels">Output channels.</param>
/// <param name="Stride">Stride of the depthwise convolution.</param>
public sealed record SeparableBlock(int Channels, int Stride);

/// <summary>
/// A small image classifier: a 3×3 convolution, depthwise-separable blocks, global average pooling, a dense layer. It takes pixels
/// of 0 to 1 as they are; the first batch normalisation does what normalising them would.
/// </summary>
public sealed class DepthwiseSeparableCnn : nn.Module<Tensor, Tensor>
{
    /// <summary>Makes the network with random weights.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="firstChannels">Output channels of the first convolution.</param>
    /// <param name="blocks">The blocks in order.</param>
    public DepthwiseSeparableCnn(int classes, int firstChannels, IReadOnlyList<SeparableBlock> blocks)
        : base(nameof(DepthwiseSeparableCnn))
    {
        var layers = new List<ConvolutionLayer> { new("conv1", 1, firstChannels, kernel: 3, stride: 1, groups: 1) };
        var channels = firstChannels;
        foreach (var (block, number) in blocks.Select((b, i) => (b, i + 2)))
        {
            layers.Add(new($"depthwise{number}", channels, channels, kernel: 3, block.Stride, groups: channels));
            layers.Add(new($"pointwise{number}", channels, block.Channels, kernel: 1, stride: 1, groups: 1));
            channels = block.Channels;
        }

        Layers = layers;
        Classifier = Linear(channels, classes);
        foreach (var layer in layers)
        {
            register_module(layer.LayerName, layer);
        }

        register_module("classifier", Classifier);
    }

    /// <summary>The convolutions in order.</summary>
    public IReadOnlyList<ConvolutionLayer> Layers { get; }

    /// <summary>The dense layer.</summary>
    public TorchSharp.Modules.Linear Classifier { get; }

    /// <summary>The variant that the samples use: 35,000 parameters for images of 28×28.</summary>
    public static DepthwiseSeparableCnn Small(int classes) =>
        new(classes, 16, [new(48, 2), new(48, 1), new(96, 2), new(96, 1), new(128, 1)]);

    /// <summary>Unnormalised scores of a batch of images.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input;
        foreach (var layer in Layers)
        {
            x = layer.forward(x);
        }

        return Classifier.forward(x.mean([2, 3])).MoveToOuterDisposeScope();
    }
}

/// <summary>Convolution without bias, batch normalisation, ReLU; padded so that only the stride changes the size.</summary>
public sealed class ConvolutionLayer : nn.Module<Tensor, Tensor>
{
    /// <summary>Makes the layer with random weights.</summary>
    public ConvolutionLayer(string name, int inputs, int outputs, int kernel, int stride, int groups)
        : base(name)
    {
        (LayerName, Kernel, Stride, Groups) = (name, kernel, stride, groups);
        Convolution = Conv2d(inputs, outputs, kernel, stride, padding: kernel / 2, groups: groups, bias: false);
        Normalisation = BatchNorm2d(outputs);
        RegisterComponents();
    }

    /// <summary>Name of the layer in the exported model.</summary>
    public string LayerName { get; }

    /// <summary>Height and width of the kernel.</summary>
    public int Kernel { get; }

    /// <summary>Stride in both directions.</summary>
    public int Stride { get; }

    /// <summary>Groups of channels.</summary>
    public int Groups { get; }

    /// <summary>The convolution.</summary>
    public TorchSharp.Modules.Conv2d Convolution { get; }

    /// <summary>The batch normalisation.</summary>
    public TorchSharp.Modules.BatchNorm2d Normalisation { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => functional.relu(Normalisation.forward(Convolution.forward(input)), inplace: true);
}
