using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ModelCompiler.Compression.Search;
using ModelCompiler.Training;

namespace ModelCompiler.Cli.Search;

/// <summary>The options of <c>modelc compress</c>.</summary>
internal sealed class SearchArguments
{
    // Longer searches are mistakes of the unit.
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(14);

    private readonly ModelArguments _model = new();
    private readonly Option<double> _maxDrop = Number("--max-drop", "Percentage points of accuracy that may be lost.", 0.5);
    private readonly Option<long?> _weightBytes = Limit("--max-weight-bytes", "Most bytes of weights in the binary.");
    private readonly Option<long?> _macs = Limit("--max-macs", "Most multiply-accumulate operations.");
    private readonly Option<long?> _arena = Limit("--max-arena", "Most bytes of working memory.");
    private readonly Option<int> _jobs = Number(
        "--jobs",
        "Trials at a time; each has its part of the processors.",
        Environment.ProcessorCount
    );
    private readonly Option<int> _samples = Number("--samples", "Samples that decide the ranges of activations.", 500);
    private readonly Option<int> _batch = Number("--batch", "Items of a batch in training.", new TrainingOptions().BatchSize);
    private readonly Option<double> _rate = Number("--learning-rate", "The highest learning rate.", 0.004);
    private readonly Option<bool> _augment = new("--augment")
    {
        Description = "Move images by up to two pixels and mirror half of them; change sounds as voices and rooms do.",
    };
    private readonly Option<TimeSpan> _time = new("--time")
    {
        Description = "Wall-clock time for the whole search, with what was spent before it was stopped: 90s, 30m, 2h.",
        CustomParser = ParseTime,
        DefaultValueFactory = _ => TimeSpan.FromMinutes(30),
    };

    private Option[] _dataOptions = [];

    public SearchArguments()
    {
        Require(_maxDrop, v => v is >= 0 and <= 100, "a number of percentage points, 0 to 100, was expected");
        Require(_rate, v => v > 0 && double.IsFinite(v), "a number above 0 was expected");
        foreach (var option in new[] { _jobs, _samples, _batch })
        {
            Require(option, v => v >= 1, "1 or more was expected");
        }

        foreach (var option in new[] { _weightBytes, _macs, _arena })
        {
            Require(option, v => v is null or >= 0, "0 or more was expected");
        }
    }

    public Argument<string> File => _model.File;

    public Option<string> Output { get; } = new("--output", "-o") { Description = "Where the chosen model goes.", Required = true };

    public DataOptions Data { get; } = new("--data", "What is learnt from and, with the items held back, chosen by", required: true);

    public Option<string?> Work { get; } =
        new("--work")
        {
            Description = "A folder for everything that was tried; a search goes on there. OUTPUT.search where it is not given.",
        };

    public Option<string?> Plot { get; } = new("--plot") { Description = "A PNG file that shows the trials and the Pareto front." };

    public int Jobs(ParseResult parsed) => parsed.GetValue(_jobs);

    public TimeSpan Time(ParseResult parsed) => parsed.GetValue(_time);

    public int Samples(ParseResult parsed) => parsed.GetValue(_samples);

    public void AddTo(Command command)
    {
        command.Arguments.Add(File);
        Data.AddTo(command, split: true);
        _dataOptions = [.. command.Options];
        Option[] options =
        [
            Output,
            _maxDrop,
            _weightBytes,
            _macs,
            _arena,
            _time,
            _jobs,
            Work,
            Plot,
            _batch,
            _rate,
            _augment,
            _samples,
            _model.Target,
            _model.Dimensions,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    public SearchGoal Goal(ParseResult parsed) =>
        SearchGoal.Of(parsed.GetValue(_maxDrop), parsed.GetValue(_weightBytes), parsed.GetValue(_macs), parsed.GetValue(_arena));

    public SearchSpace Space(ParseResult parsed) => SearchSpace.Default(parsed.GetValue(_rate));

    /// <summary>How models are compiled.</summary>
    public CompileOptions Compile(ParseResult parsed)
    {
        var options = new CompileOptions
        {
            ClassName = Identifiers.PascalCase(Path.GetFileNameWithoutExtension(parsed.GetRequiredValue(File))),
            Target = Target.Find(parsed.GetRequiredValue(_model.Target))!,
        }.With(parsed.GetValue(_model.Dimensions) ?? []);
        ModelArguments.RequireFixed(options);
        return options;
    }

    /// <summary>The options that steps have in common.</summary>
    public CommonArguments Common(ParseResult parsed, string calibration)
    {
        string[] sizes = parsed.GetValue(_model.Dimensions) is { Length: > 0 } dimensions
            ? ["--dimensions", .. dimensions.Select(d => $"{d.Symbol}={d.Largest}")]
            : [];
        var seed = Text(Data.Seed(parsed));
        return new(
            [
                .. DataTokens(parsed),
                "--part",
                "validation",
                "--batch",
                Text(parsed.GetValue(_batch)),
                "--threads",
                Text(Threads(parsed)),
                .. parsed.GetValue(_augment) ? (string[])["--augment"] : [],
                "--no-time",
                .. sizes,
            ],
            ["--calibration", calibration, "--samples", Text(Samples(parsed)), "--no-time", .. sizes],
            ["--seed", seed, "--no-time", .. sizes]
        );
    }

    /// <summary>The options by which the user has said what the data are, to be passed on as they were given.</summary>
    private IEnumerable<string> DataTokens(ParseResult parsed) =>
        _dataOptions
            .Select(parsed.GetResult)
            .OfType<OptionResult>()
            .Where(r => !r.Implicit)
            .SelectMany(r => r.Tokens.Select(t => t.Value).Prepend(r.Option.Name));

    /// <summary>Everything that the results of steps depend on besides themselves, for people to compare.</summary>
    public IReadOnlyDictionary<string, string> Settings(ParseResult parsed, string model, string data) =>
        new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["model"] = model,
            ["data"] = data,
            ["--seed"] = Text(Data.Seed(parsed)),
            ["--batch"] = Text(parsed.GetValue(_batch)),
            ["--learning-rate"] = Text(parsed.GetValue(_rate)),
            ["--augment"] = Text(parsed.GetValue(_augment)),
            ["--samples"] = Text(Samples(parsed)),
            ["--target"] = parsed.GetRequiredValue(_model.Target),
            ["--dimensions"] = string.Join(' ', (parsed.GetValue(_model.Dimensions) ?? []).Select(d => $"{d.Symbol}={d.Largest}")),
            ["threads of a trial (processors by --jobs)"] = Text(Threads(parsed)),
        };

    private int Threads(ParseResult parsed) => Math.Max(Environment.ProcessorCount / Jobs(parsed), 1);

    private static TimeSpan ParseTime(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        double? unit = text.LastOrDefault() switch
        {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => null,
        };
        if (
            unit is { } seconds
            && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            && count > 0
            && count * seconds <= LongestTime.TotalSeconds
        )
        {
            return TimeSpan.FromSeconds(count * seconds);
        }

        result.AddError($"--time: '{text}' is no time of at most two weeks, such as 90s, 30m or 2h.");
        return default;
    }

    private static string Text<T>(T value) => string.Create(CultureInfo.InvariantCulture, $"{value}");

    private static Option<T> Number<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static Option<long?> Limit(string name, string description) => new(name) { Description = description };

    private static void Require<T>(Option<T> option, Func<T?, bool> isGood, string expected) =>
        option.Validators.Add(result =>
        {
            if (!isGood(result.GetValueOrDefault<T>()))
            {
                result.AddError($"{option.Name}: {expected}.");
            }
        });
}
