using System.CommandLine;
using Google.Protobuf;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Training;
using ModelCompiler.Training.Architectures;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc train</c>: data in, trained float model out.</summary>
internal sealed class TrainCommand
{
    private const string OfData = "data";
    private const string OfInput = "input";

    private readonly ArchitectureArguments _architecture = new();
    private readonly TrainingArguments _training = new(new TrainingOptions());
    private readonly DataOptions _data = new("--data", "What to learn from", required: true);
    private readonly Option<string> _output = new("--output", "-o") { Description = "Where the trained model goes.", Required = true };
    private readonly Option<string?> _targets = new("--targets")
    {
        Description =
            $"What an autoencoder is to give: its {OfInput}, which is what it does without this option, or the targets of the {OfData}.",
    };

    private readonly Option<bool> _standardize = new("--standardize")
    {
        Description =
            "The network subtracts the mean of each channel and divides by its deviation, both of the items that are learnt from, before all else. An autoencoder learns to give what it then sees, and undoes the two at the end.",
    };

    private readonly Option<bool> _noAugment = new("--no-augment")
    {
        Description =
            "Show items as they are; else images are moved by up to two pixels and half of them mirrored, and sounds change as voices and rooms do.",
    };

    private TrainCommand() => _targets.AcceptOnlyFromAmong(OfData, OfInput);

    public static Command Create(Terminal terminal)
    {
        var train = new TrainCommand();
        var command = new Command("train", "Train a new network on data and write it as a float ONNX model. Needs libtorch.")
        {
            train._output,
            train._targets,
            train._standardize,
            train._noAugment,
        };
        train._architecture.AddTo(command);
        train._data.AddTo(command, split: false);
        train._training.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var session = new TrainingSession(terminal, train._training, parsed);
                var report = TrainingSession.Sentences(() => train.Run(session, parsed, cancellation));
                return new(ExitCodes.Success, report, report.Print);
            }
        );
    }

    private TrainReport Run(TrainingSession session, ParseResult parsed, CancellationToken cancellation)
    {
        var (path, architecture) = (parsed.GetRequiredValue(_output), _architecture.Architecture(parsed));
        var options = _training.Options(parsed) with { Augments = !parsed.GetValue(_noAugment) };
        var givesInput = GivesInput(architecture, parsed.GetValue(_targets));
        var opened = _data.Open(parsed, model: null)!;
        var data = givesInput ? ReconstructionItems.Of(opened) : opened;
        var ends = NetworkEnds.Of(parsed.GetRequiredValue(_data.Data)!, data.Training, architecture.Learns);
        options = _training.NamesLoss(parsed) ? options : options with { Loss = architecture.LossOf(ends.Outputs) };
        var name = Path.GetFileNameWithoutExtension(path);
        var untrained = architecture.Create(name, ends.Item, ends.Outputs, _architecture.Size(parsed), options.Seed);
        if (data.Training.Audio is { } audio)
        {
            AudioMetadata.Write(untrained, audio);
        }

        session.LoadTorch();
        var network = new ModelSource($"{name}.onnx", untrained.ToByteArray(), _ => null);
        var statistics = parsed.GetValue(_standardize)
            ? ItemStatistics.Of(data.Part(DataPart.Training, options.ValidationPart, options.Seed))
            : null;
        var learnsStandardised = statistics is not null && architecture.Learns == Learns.Items;
        using var model = TrainableModel.Open(statistics is null ? network : Standardized(network, statistics));
        model.Freeze($"{InputStandardisation.Prefix}*");
        var sets = TrainingSets.Of(model, learnsStandardised ? StandardisedTargets.Of(data, statistics!) : data);
        using var training = new NetworkTraining(model, sets.Training, options);
        var history = session.Run(name, training, options, cancellation);
        var measured = session.Measure("measuring", sets.Test, training, cancellation);
        var trained = model.ToOnnx();
        WholeFile.Write(path, learnsStandardised ? InputStandardisation.UndoneBehind(new(path, trained, _ => null)) : trained);
        return new(
            path,
            architecture.Name,
            model.Parameters.Where(p => !p.IsStatistic && !p.IsFrozen).Sum(p => (long)p.Shape.Elements),
            history.Best.Epoch,
            history.Best.ValidationLoss,
            history.Best.ValidationAccuracy,
            sets.Test is null ? null : measured.Loss,
            sets.Test is null ? null : measured.Accuracy,
            history.Stopped
        );
    }

    private static ModelSource Standardized(ModelSource network, ItemStatistics statistics) =>
        new(network.Path, InputStandardisation.InFrontOf(network, statistics), _ => null);

    private static bool GivesInput(Architecture architecture, string? targets) =>
        architecture.Learns == Learns.Items ? targets is null or OfInput
        : targets is null ? false
        : throw new CommandException($"--targets is for autoencoders; {architecture.Name} learns the targets of the data");
}
