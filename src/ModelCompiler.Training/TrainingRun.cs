using System.Globalization;
using Google.Protobuf;
using ModelCompiler.Compression.Data;
using ModelCompiler.Training.Models;
using ModelCompiler.Training.Native;
using TorchSharp;

namespace ModelCompiler.Training;

/// <summary>What a training run came to.</summary>
/// <param name="Onnx">The trained network as the content of an ONNX file.</param>
/// <param name="Parameters">Number of trained parameters.</param>
/// <param name="Best">The epoch whose weights were kept.</param>
/// <param name="TestAccuracy">Part of the test images that are classified rightly.</param>
public sealed record TrainedClassifier(byte[] Onnx, long Parameters, EpochResult Best, double TestAccuracy);

/// <summary>The whole way from a folder of images to an ONNX file.</summary>
public static class TrainingRun
{
    /// <summary>Trains a classifier on the training images of a folder and measures it, once, on the test images.</summary>
    /// <param name="data">Folder with the four files of an MNIST-like data set.</param>
    /// <param name="name">Name of the exported graph.</param>
    /// <param name="options">How to train.</param>
    /// <param name="log">Gets a line of comma-separated values an epoch, and remarks that begin with #.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="LibTorchException">libtorch is missing or does not load.</exception>
    public static TrainedClassifier Run(
        string data,
        string name,
        TrainingOptions options,
        Action<string> log,
        CancellationToken cancellation = default
    )
    {
        LibTorch.Load(message => log($"# {message}"));
        var images = ImageSet.ReadTraining(data);
        var classes = images.Labels.Max() + 1;
        if (options.Threads > 0)
        {
            torch.set_num_threads(options.Threads);
        }

        torch.manual_seed(options.Seed);
        using var network = DepthwiseSeparableCnn.Small(classes);
        var parameters = network.parameters().Sum(p => p.numel());
        log($"# {name}: depthwise-separable CNN, {parameters} parameters, {classes} classes");
        log(
            $"# seed {options.Seed}, {options.Epochs} epochs, {images.Count - options.ValidationImages} training and {options.ValidationImages} validation images, {torch.get_num_threads()} threads"
        );
        log("epoch,training loss,validation loss,validation accuracy,seconds");
        var best = new SupervisedTraining(network, images, options).Run(e => log(Row(e)), cancellation);
        var accuracy = SupervisedTraining.Accuracy(network, ImageSet.ReadTest(data));
        log(FormattableString.Invariant($"# kept epoch {best.Epoch}: {accuracy:P2} of the test images are classified rightly"));
        var onnx = ClassifierExport.ToOnnx(network, name, images.Height, images.Width).ToByteArray();
        return new TrainedClassifier(onnx, parameters, best, accuracy);
    }

    private static string Row(EpochResult e) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{e.Epoch},{e.TrainingLoss:F4},{e.ValidationLoss:F4},{e.ValidationAccuracy:F4},{e.Seconds:F1}"
        );
}
