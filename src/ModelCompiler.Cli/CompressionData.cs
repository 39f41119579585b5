using System.CommandLine;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli;

/// <summary>The options by which a user gives data to commands that change weights, and what these data measure.</summary>
internal sealed class CompressionData
{
    private readonly DataOptions _data = new(
        "--data",
        "What accuracy, or else the error of the outputs, is measured on (without it inputs are random)",
        required: false
    );

    private readonly Option<int> _samples = new("--samples")
    {
        Description = "Most samples to measure with.",
        DefaultValueFactory = _ => 500,
    };

    public void AddTo(Command command)
    {
        _data.AddTo(command, split: true);
        command.Options.Add(_samples);
    }

    public int Seed(ParseResult parsed) => _data.Seed(parsed);

    /// <summary>Most samples to measure with.</summary>
    public int Samples(ParseResult parsed) => parsed.GetValue(_samples);

    /// <summary>The items that a model learns from.</summary>
    /// <param name="parsed">The user's choices.</param>
    /// <param name="file">The model that the user gave.</param>
    /// <param name="model">The model that learns.</param>
    /// <param name="purpose">What needs them, for the message where there are none.</param>
    /// <exception cref="CommandException">There are no data.</exception>
    /// <exception cref="Training.TrainingException">The items do not fit, or have no targets.</exception>
    public TrainingItems ItemsToLearn(ParseResult parsed, OnnxFile file, TrainableModel model, string purpose) =>
        _data.Open(parsed, file) is { } set
            ? TrainingItems.Of(model, set.Training)
            : throw new CommandException($"{purpose} needs --data with classes or other targets.");

    /// <summary>What measures changed models beside the original one.</summary>
    /// <param name="parsed">The user's choices.</param>
    /// <param name="file">The original.</param>
    /// <param name="options">How it is compiled.</param>
    /// <param name="choosing">
    /// Whether something is chosen by the result: then items are taken that are held back from those to learn from, so that the accuracy
    /// that is reported comes from test items that had no part in the choice.
    /// </param>
    public ModelDrop Measure(ParseResult parsed, OnnxFile file, CompileOptions options, bool choosing = false)
    {
        var count = parsed.GetValue(_samples);
        var inputs = ValuePorts.Inputs(OnnxModel.Read(file.Source), file.Path, options);
        if (_data.Open(parsed, file) is not { } set)
        {
            const int random = 8;
            var seed = _data.Seed(parsed);
            return ModelDrop.OfOutputs(file.Bytes, [.. Enumerable.Range(0, random).Select(i => RandomInputs.For(file, inputs, seed + i))]);
        }

        var items = (choosing ? _data.Choice(parsed, set) : _data.Measured(parsed, set)).Spread(count);
        return items.Labels is null
            ? ModelDrop.OfOutputs(file.Bytes, items.Samples(inputs))
            : ModelDrop.OfAccuracy(file.Bytes, inputs, items);
    }
}
