using System.CommandLine;
using ModelCompiler.Cli.Commands;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli;

/// <summary>The options by which a user gives data to commands that change weights, and what these data measure.</summary>
internal sealed class CompressionData
{
    private readonly Option<string?> _data = new("--data")
    {
        Description =
            $"What accuracy, or else the error of the outputs, is measured on: {CalibrationData.Forms}. Without it inputs are random.",
    };

    private readonly Option<int> _samples = new("--samples")
    {
        Description = "Most samples to measure with.",
        DefaultValueFactory = _ => 500,
    };

    private readonly Option<int> _seed = new("--seed") { Description = "Decides everything that is random.", DefaultValueFactory = _ => 1 };

    private readonly Option<PixelRange> _pixels = ImageOptions.Pixels();

    public void AddTo(Command command)
    {
        command.Options.Add(_data);
        command.Options.Add(_samples);
        command.Options.Add(_seed);
        command.Options.Add(_pixels);
    }

    public int Seed(ParseResult parsed) => parsed.GetValue(_seed);

    /// <summary>What measures changed models beside the original one.</summary>
    /// <param name="parsed">The user's choices.</param>
    /// <param name="file">The original.</param>
    /// <param name="options">How it is compiled.</param>
    /// <param name="choosing">
    /// Whether something is chosen by the result: then of data with labels the training images are taken, so that the accuracy that is
    /// reported comes from images that had no part in the choice.
    /// </param>
    public ModelDrop Measure(ParseResult parsed, OnnxFile file, CompileOptions options, bool choosing = false)
    {
        var (data, count) = (parsed.GetValue(_data), parsed.GetValue(_samples));
        var inputs = ValuePorts.Inputs(OnnxModel.Read(file.Source), file.Path, options);
        if (data is null)
        {
            const int random = 8;
            var seed = parsed.GetValue(_seed);
            return ModelDrop.OfOutputs(file.Bytes, [.. Enumerable.Range(0, random).Select(i => RandomInputs.For(file, inputs, seed + i))]);
        }

        return ImageSet.IsIdxFolder(data)
            ? ModelDrop.OfAccuracy(
                file.Bytes,
                ImageInput.Of(inputs, parsed.GetValue(_pixels)),
                (choosing ? ImageSet.ReadTraining(data) : ImageSet.ReadTest(data)).Spread(count)
            )
            : ModelDrop.OfOutputs(file.Bytes, CalibrationData.Read(file, inputs, data, count, parsed.GetValue(_pixels)));
    }
}
