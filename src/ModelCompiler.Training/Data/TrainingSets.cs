using ModelCompiler.Compression.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Training.Data;

/// <summary>The items of a data set: those to learn from, and those to measure with, where there are any.</summary>
/// <param name="Training">To learn from.</param>
/// <param name="Test">To measure with at the end; null where there are none.</param>
public sealed record TrainingSets(TrainingItems Training, TrainingItems? Test)
{
    /// <summary>What a path may name, for messages and help.</summary>
    public const string Forms =
        "a folder of IDX files (MNIST's four), or an .npz file with an array an input (or x, for one input) and one with classes or other targets";

    /// <summary>Reads a data set.</summary>
    /// <param name="model">The model that it is for.</param>
    /// <param name="path">One of <see cref="Forms"/>.</param>
    /// <param name="testPath">An .npz file to measure with; null for that of the folder, or none.</param>
    /// <param name="pixels">What the model takes pixels for.</param>
    /// <exception cref="TrainingException">The path is none of the forms, or the data do not fit the model.</exception>
    /// <exception cref="Compression.CompressionException">The images do not fit the model.</exception>
    public static TrainingSets Read(TrainableModel model, string path, string? testPath, PixelRange pixels)
    {
        var test = testPath is null ? null : Read(model, testPath, null, pixels);
        if (path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase))
        {
            return new(ArrayItems.Of(model, NpzFile.Read(path)), test?.Training);
        }

        if (!Directory.Exists(path) || !ImageSet.IsIdxFolder(path))
        {
            throw new TrainingException($"'{path}' holds no training data; they may be {Forms}");
        }

        return new(Images(ImageSet.ReadTraining(path)), test?.Training ?? Images(ImageSet.ReadTest(path)));

        ImageItems Images(ImageSet images)
        {
            var ports = model.Inputs.Select(i => i with { Type = i.Type with { Shape = OfOneItem(i.Type.Shape) } });
            var input = ImageInput.Of([.. ports], pixels);
            return (input.Height, input.Width, input.Channels) == (images.Height, images.Width, 1)
                ? new ImageItems(images, input)
                : throw new TrainingException(
                    $"input '{input.Name}' takes images of {input.Height}×{input.Width}×{input.Channels}, but the data are {images.Height}×{images.Width}×1"
                );
        }
    }

    private static ModelCompiler.Graphs.TensorShape OfOneItem(ModelCompiler.Graphs.TensorShape shape) =>
        shape.Rank > 0 ? shape.With(0, 1) : shape;
}
