namespace ModelCompiler.Training.Architectures;

/// <summary>The networks of LeCun et al. (1998) in the forms that the literature on pruning compares, with ReLU.</summary>
internal static class LeNet
{
    /// <summary>Two hidden layers of 300 and 100 units.</summary>
    public static Activation Dense(NetworkWriter network, Activation item, int classes)
    {
        var x = network.Dense("hidden1", network.Flatten(item), 300);
        return network.Classifier(network.Dense("hidden2", x, 100), classes);
    }

    /// <summary>Two 5×5 convolutions of 20 and 50 channels without padding, each behind it the largest of 2×2; 500 units.</summary>
    public static Activation Convolutional(NetworkWriter network, Activation item, int classes)
    {
        var (kernel, half) = (new Window(5, IsPadded: false), new Window(2, Stride: 2, IsPadded: false));
        var x = network.MaxPool("pool1", network.Convolution("conv1", network.AsImage(item), 20, kernel, Rectifier.Relu), half);
        x = network.MaxPool("pool2", network.Convolution("conv2", x, 50, kernel, Rectifier.Relu), half);
        return network.Classifier(network.Dense("hidden", network.Flatten(x), 500), classes);
    }
}
