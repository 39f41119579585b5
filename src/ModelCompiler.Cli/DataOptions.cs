using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using ModelCompiler.Audio;
using ModelCompiler.Compression.Data;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli;

/// <summary>The options by which a user says where data are and how they are read: the same for all commands that take data.</summary>
internal sealed class DataOptions
{
    // A pattern that takes longer than this on a name is not a pattern of names.
    private static readonly TimeSpan MatchTime = TimeSpan.FromSeconds(1);

    private readonly Option<string?> _test = new("--test")
    {
        Description = "A second folder or file of any form, to measure with; else the test items of the data.",
    };

    private readonly Option<PixelRange> _pixels = new("--pixels")
    {
        Description = "What the model takes bytes of images for: unit (0 to 1), signed (-1 to 1) or byte (0 to 255).",
        DefaultValueFactory = _ => PixelRange.Unit,
    };

    private readonly Option<ImageResize> _resize = new("--resize")
    {
        Description =
            "Images of other sizes than the model's: none (refused), stretch (scaled whole) or crop (the largest part in the middle of the model's proportions, scaled).",
        DefaultValueFactory = _ => ImageResize.None,
    };

    private readonly Option<int?> _channels = new("--channels")
    {
        Description = "Images as grey (1) or in colours (3), where no model says it; without it as the files are.",
    };

    private readonly Option<(int Height, int Width)?> _imageSize = new("--image-size")
    {
        Description = "Rows and columns of images, as in 32x32, where no model says it; without it those of the files. Needs --resize.",
        CustomParser = ParseSize,
        HelpName = "HxW",
    };

    private readonly Option<string?> _audio = new("--audio")
    {
        Description =
            "The features that WAV files become, as in \"log-mel rate=8000 window=256 hop=128 bands=40 frames=60\"; without it those that the model was trained on.",
    };

    private readonly Option<string?> _labelPattern = new("--label-pattern")
    {
        Description = "A regular expression whose group 'label' is the class, in the path of a file; without it, its folder is the class.",
    };

    private readonly Option<string[]> _label = Columns(
        "--label",
        "Columns of a table with the class (words, or whole numbers from 0), or with the numbers that a model is to give: names, numbers from 1, or ranges as in 2-9."
    );

    private readonly Option<string[]> _columns = Columns("--columns", "Columns of a table that go into the model; without it all others.");

    private readonly Option<int?> _window = new("--window")
    {
        Description = "Rows of a table that make an item; without it each row is one.",
    };

    private readonly Option<int?> _stride = new("--stride")
    {
        Description = "Rows from the beginning of a window to that of the next; without it windows do not overlap.",
    };

    private readonly Option<bool?> _header = new("--header")
    {
        Description = "true or false: whether the first row of a table has names; without it, whether it looks so.",
    };

    private readonly Option<LeadingRows?> _trainRows = new("--train-rows")
    {
        Description =
            "Rows of a table that are learnt from: the first N, or percent, of the table or of each group of --split-by; those behind them are the test items. Windows lie on one side.",
        CustomParser = ParseRows,
        HelpName = "N|P%",
    };

    private readonly Option<string?> _splitBy = new("--split-by")
    {
        Description =
            "What a split keeps together, as one speaker: a regular expression with a group 'group' in the path of a file; of tables a column.",
    };

    private readonly Option<string?> _testGroup = new("--test-group")
    {
        Description = "The group (of --split-by) that is taken out of the data to measure with.",
    };

    private readonly Option<double> _validation = new("--validation")
    {
        Description = "Part of the items to learn from that is held back for choices.",
        DefaultValueFactory = _ => ItemSplit.DefaultPart,
    };

    private readonly Option<int> _seed = new("--seed") { Description = "Decides everything that is random.", DefaultValueFactory = _ => 1 };

    /// <summary>Makes the options of a command.</summary>
    /// <param name="name">How the command calls its data.</param>
    /// <param name="purpose">What they are for.</param>
    /// <param name="required">Whether the command cannot do without.</param>
    public DataOptions(string name, string purpose, bool required)
    {
        Data = new(name) { Description = $"{purpose}: {DataForms.Descriptions}.", Required = required };
        Require(_channels, value => value is null or 1 or 3, "1 or 3 was expected");
        Require(_window, value => value is null or >= 1, "1 or more was expected");
        Require(_stride, value => value is null or >= 1, "1 or more was expected");
        Require(_validation, value => value is > 0 and < 1, "more than 0 and less than 1 was expected");
    }

    /// <summary>Where the data are.</summary>
    public Option<string?> Data { get; }

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="split">Whether the command has no options of its own that say what is held back.</param>
    public void AddTo(Command command, bool split)
    {
        Option[] options =
        [
            Data,
            _test,
            _pixels,
            _channels,
            _imageSize,
            _resize,
            _label,
            _columns,
            _window,
            _stride,
            _header,
            _trainRows,
            _audio,
            _labelPattern,
            _splitBy,
            _testGroup,
        ];
        foreach (var option in split ? [.. options, _validation, _seed] : options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Decides everything that is random.</summary>
    public int Seed(ParseResult parsed) => parsed.GetValue(_seed);

    /// <summary>The data that the user means; null where none are given.</summary>
    /// <param name="parsed">The user's choices.</param>
    /// <param name="model">The model that the items are for, where there is one already.</param>
    /// <exception cref="CommandException">An expression is none.</exception>
    /// <exception cref="Compression.CompressionException">They are in no form that is known.</exception>
    public DataSet? Open(ParseResult parsed, OnnxFile? model) =>
        parsed.GetValue(Data) is { } path
            ? DataSet.Open(
                new DataSource(path)
                {
                    TestPath = parsed.GetValue(_test),
                    Model = model,
                    Pixels = parsed.GetValue(_pixels),
                    Images = new()
                    {
                        Channels = parsed.GetValue(_channels),
                        Size = parsed.GetValue(_imageSize),
                        Resize = parsed.GetValue(_resize),
                    },
                    Table = new()
                    {
                        Label = parsed.GetValue(_label) ?? [],
                        Columns = parsed.GetValue(_columns) ?? [],
                        Window = parsed.GetValue(_window),
                        Stride = parsed.GetValue(_stride),
                        Header = parsed.GetValue(_header),
                        TrainingRows = parsed.GetValue(_trainRows),
                    },
                    Audio = Features(parsed.GetValue(_audio)),
                    LabelPattern = Pattern(parsed.GetValue(_labelPattern)),
                    SplitBy = parsed.GetValue(_splitBy),
                    TestGroup = parsed.GetValue(_testGroup),
                }
            )
            : null;

    /// <summary>One part of the data, with what the user says is held back.</summary>
    public DataItems Part(ParseResult parsed, DataSet set, DataPart part) =>
        set.Part(part, parsed.GetValue(_validation), parsed.GetValue(_seed));

    /// <summary>
    /// What a command that learns or chooses measures its result with: the test items or, of data without, those held back. Items that nothing
    /// is known of are not split: all of them.
    /// </summary>
    public DataItems Measured(ParseResult parsed, DataSet set) =>
        set.Test ?? Part(parsed, set, IsKnown(set.Training) ? DataPart.Validation : DataPart.All);

    /// <summary>What a command chooses by: the items held back; items that nothing is known of are not split.</summary>
    public DataItems Choice(ParseResult parsed, DataSet set) =>
        Part(parsed, set, IsKnown(set.Training) ? DataPart.Validation : DataPart.All);

    /// <summary>What a command fits numbers to: the items that are not held back.</summary>
    public DataItems Learning(ParseResult parsed, DataSet set) =>
        Part(parsed, set, IsKnown(set.Training) ? DataPart.Training : DataPart.All);

    private static bool IsKnown(DataItems items) => items.Labels is not null || items.TargetType is not null;

    private static Option<string[]> Columns(string name, string description) =>
        new(name)
        {
            Description = description,
            AllowMultipleArgumentsPerToken = true,
            HelpName = "column",
        };

    private static AudioFeatureOptions? Features(string? text)
    {
        try
        {
            return text is null ? null : AudioFeatureOptions.Parse(text);
        }
        catch (FormatException e)
        {
            throw new CommandException($"--audio: {e.Message}", e);
        }
    }

    private static Regex? Pattern(string? text)
    {
        try
        {
            return text is null ? null : new Regex(text, RegexOptions.CultureInvariant, MatchTime);
        }
        catch (ArgumentException e)
        {
            throw new CommandException($"--label-pattern: {e.Message}", e);
        }
    }

    private static (int Height, int Width)? ParseSize(ArgumentResult result)
    {
        const int most = 1 << 14;
        var parts = result.Tokens[0].Value.Split('x');
        if (
            parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var height)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            && height is >= 1 and <= most
            && width is >= 1 and <= most
        )
        {
            return (height, width);
        }

        result.AddError($"--image-size: '{result.Tokens[0].Value}' is not of the form HxW, with 1 to {most} rows and columns.");
        return null;
    }

    private static LeadingRows? ParseRows(ArgumentResult result)
    {
        try
        {
            return LeadingRows.Parse(result.Tokens[0].Value);
        }
        catch (FormatException e)
        {
            result.AddError($"--train-rows: {e.Message}.");
            return null;
        }
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
