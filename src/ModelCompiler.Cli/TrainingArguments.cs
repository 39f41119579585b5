using System.CommandLine;
using ModelCompiler.Training;
using ModelCompiler.Training.Optimisation;

namespace ModelCompiler.Cli;

/// <summary>The arguments of every command that trains.</summary>
internal sealed class TrainingArguments
{
    private static readonly Dictionary<string, OptimiserKind> Optimisers = new(StringComparer.Ordinal)
    {
        ["adamw"] = OptimiserKind.AdamW,
        ["adam"] = OptimiserKind.Adam,
        ["sgd"] = OptimiserKind.Sgd,
    };

    private static readonly Dictionary<string, ScheduleKind> Schedules = new(StringComparer.Ordinal)
    {
        ["cosine"] = ScheduleKind.Cosine,
        ["constant"] = ScheduleKind.Constant,
        ["step"] = ScheduleKind.Step,
    };

    private static readonly Dictionary<string, LossKind> Losses = new(StringComparer.Ordinal)
    {
        ["cross-entropy"] = LossKind.CrossEntropy,
        ["mse"] = LossKind.MeanSquaredError,
        ["bce"] = LossKind.BinaryCrossEntropy,
    };

    private readonly TrainingOptions _defaults;
    private readonly Option<int> _epochs;
    private readonly Option<int> _seed;
    private readonly Option<int> _batch;
    private readonly Option<int> _threads;
    private readonly Option<string> _optimiser;
    private readonly Option<double> _rate;
    private readonly Option<double> _decay;
    private readonly Option<double> _momentum = new("--momentum") { Description = "Momentum of sgd.", DefaultValueFactory = _ => 0.9 };
    private readonly Option<bool> _nesterov = new("--nesterov") { Description = "Momentum of sgd looks ahead." };
    private readonly Option<string> _schedule;
    private readonly Option<double> _warmUp;
    private readonly Option<int> _stepEpochs;
    private readonly Option<double> _stepFactor;
    private readonly Option<int> _patience = new("--patience")
    {
        Description = "Epochs without improvement after which training stops; 0 for never.",
    };
    private readonly Option<double> _validation;
    private readonly Option<string> _loss = Choice("--loss", "What is minimised; bce is binary cross-entropy.", Losses.Keys);

    /// <summary>Makes the arguments with the defaults of a command.</summary>
    /// <param name="defaults">The defaults.</param>
    /// <param name="threads">What the option for the threads of libtorch is called.</param>
    public TrainingArguments(TrainingOptions defaults, string threads = "--threads")
    {
        _defaults = defaults;
        _threads = new(threads) { Description = "Threads of libtorch; 0 for its own choice." };
        _epochs = Number("--epochs", "Most passes over the training items.", defaults.Epochs);
        _seed = Number("--seed", "Decides weights, split, order and augmentation.", defaults.Seed);
        _batch = Number("--batch", "Items of a batch.", defaults.BatchSize);
        _optimiser = Choice("--optimizer", "How gradients become steps.", Optimisers.Keys);
        _rate = Number("--learning-rate", "The highest learning rate.", defaults.Optimiser.LearningRate);
        _decay = Number("--weight-decay", "Weight decay; decoupled for adamw.", defaults.Optimiser.WeightDecay);
        _schedule = Choice("--schedule", "How the learning rate falls.", Schedules.Keys);
        _warmUp = Number("--warm-up", "Epochs over which the learning rate rises at first.", defaults.Schedule.WarmUpEpochs);
        _stepEpochs = Number("--step-epochs", "Epochs between two changes by --schedule step.", defaults.Schedule.StepEpochs);
        _stepFactor = Number("--step-factor", "What --schedule step multiplies the rate with.", defaults.Schedule.StepFactor);
        _validation = Number("--validation", "Part of the items that is held back to choose the epoch.", defaults.ValidationPart);
        foreach (var option in new Option<int>[] { _epochs, _batch, _stepEpochs })
        {
            Require(option, value => value >= 1, "1 or more was expected");
        }

        foreach (var option in new Option<int>[] { _threads, _patience })
        {
            Require(option, value => value >= 0, "0 or more was expected");
        }

        foreach (var option in new Option<double>[] { _rate, _decay, _momentum, _warmUp, _stepFactor })
        {
            Require(option, value => double.IsFinite(value) && value >= 0, "a number of 0 or more was expected");
        }

        Require(_validation, value => value is > 0 and < 1, "more than 0 and less than 1 was expected");
    }

    /// <summary>A file that holds the state of the training after each epoch.</summary>
    public Option<string?> Checkpoint { get; } =
        new("--checkpoint") { Description = "A file that gets the state of the training after each epoch." };

    /// <summary>Whether to go on from it.</summary>
    public Option<bool> Resume { get; } = new("--resume") { Description = "Go on from --checkpoint, where that file is there." };

    /// <summary>A file for the epochs.</summary>
    public Option<string?> Log { get; } =
        new("--log") { Description = "A file for the epochs: JSON where it ends so, else one line an epoch, comma-separated." };

    /// <summary>A file for the picture of loss and accuracy.</summary>
    public Option<string?> Plot { get; } = new("--plot") { Description = "A PNG file that shows loss and accuracy of the epochs." };

    /// <summary>Adds to a command all of them that it does not have by the same name.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in All.Where(o => command.Options.All(c => c.Name != o.Name)))
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The names of those that the user has given which a command would not look at.</summary>
    /// <param name="parsed">The user's choices.</param>
    /// <param name="read">Names of those that it looks at all the same.</param>
    public IReadOnlyList<string> GivenBut(ParseResult parsed, params IEnumerable<string> read) =>
        [.. All.Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => o.Name).Except(read)];

    private IReadOnlyList<Option> All =>
        [
            _epochs,
            _batch,
            _seed,
            _loss,
            _optimiser,
            _rate,
            _decay,
            _momentum,
            _nesterov,
            _schedule,
            _warmUp,
            _stepEpochs,
            _stepFactor,
            _patience,
            _validation,
            _threads,
            Checkpoint,
            Resume,
            Log,
            Plot,
        ];

    /// <summary>The options that the user's choices make.</summary>
    /// <exception cref="CommandException">They contradict each other.</exception>
    public TrainingOptions Options(ParseResult parsed)
    {
        if (parsed.GetValue(_nesterov) && parsed.GetValue(_momentum) == 0)
        {
            throw new CommandException("--nesterov needs a --momentum.");
        }

        if (parsed.GetValue(Resume) && parsed.GetValue(Checkpoint) is null)
        {
            throw new CommandException("--resume needs the --checkpoint to go on from.");
        }

        return _defaults with
        {
            Epochs = parsed.GetValue(_epochs),
            // By name: some commands have these two for other uses as well.
            Seed = parsed.GetValue<int>(_seed.Name),
            BatchSize = parsed.GetValue(_batch),
            Threads = parsed.GetValue(_threads),
            Patience = parsed.GetValue(_patience),
            ValidationPart = parsed.GetValue<double>(_validation.Name),
            Loss = Losses[parsed.GetRequiredValue(_loss)],
            Optimiser = new()
            {
                Kind = Optimisers[parsed.GetRequiredValue(_optimiser)],
                LearningRate = parsed.GetValue(_rate),
                WeightDecay = parsed.GetValue(_decay),
                Momentum = parsed.GetValue(_momentum),
                Nesterov = parsed.GetValue(_nesterov),
            },
            Schedule = new()
            {
                Kind = Schedules[parsed.GetRequiredValue(_schedule)],
                WarmUpEpochs = parsed.GetValue(_warmUp),
                StepEpochs = parsed.GetValue(_stepEpochs),
                StepFactor = parsed.GetValue(_stepFactor),
            },
        };
    }

    /// <summary>Whether the user has said what is minimised.</summary>
    public bool NamesLoss(ParseResult parsed) => parsed.GetResult(_loss) is { Implicit: false };

    private static Option<T> Number<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static Option<string> Choice(string name, string description, IEnumerable<string> names)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => names.First() };
        option.AcceptOnlyFromAmong([.. names]);
        return option;
    }

    private static void Require<T>(Option<T> option, Func<T, bool> isGood, string expected) =>
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<T>() is { } value && !isGood(value))
            {
                result.AddError($"{option.Name}: {expected}.");
            }
        });
}
