using System.CommandLine;
using System.CommandLine.Parsing;
using ModelCompiler.Sizes;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli;

/// <summary>The arguments of every command that takes a model: the file, the target, its open dimensions.</summary>
internal sealed class ModelArguments
{
    /// <summary>The model file.</summary>
    public Argument<string> File { get; } = new("FILE") { Description = "The model, an ONNX file." };

    /// <summary>What code is generated for.</summary>
    public Option<string> Target { get; } = TargetOption();

    /// <summary>Sizes of symbolic dimensions.</summary>
    public Option<DimensionRange[]> Dimensions { get; } =
        new("--dimensions")
        {
            Description =
                "Sizes of symbolic dimensions, name=size, or name=smallest..largest where the size is known at run time only, separated by commas or spaces. Without it, recorded test data beside the model decide where the command reads them; an unknown batch is 1.",
            CustomParser = ParseDimensions,
            AllowMultipleArgumentsPerToken = true,
            HelpName = "name=size|name=smallest..largest",
        };

    /// <summary>How many threads compute large layers.</summary>
    public Option<int> Threads { get; } = ThreadsOption();

    /// <summary>What packed weights are to be.</summary>
    public Option<string> Weights { get; } = WeightsOption();

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(File);
        AddOptionsTo(command);
    }

    /// <summary>Adds all but the file, for a command that takes several.</summary>
    public void AddOptionsTo(Command command)
    {
        command.Options.Add(Target);
        command.Options.Add(Dimensions);
        command.Options.Add(Threads);
        command.Options.Add(Weights);
    }

    /// <summary>The options for the compiler that the user's choices make, with a class named after the file.</summary>
    public CompileOptions CompileOptions(ParseResult parsed) => CompileOptions(parsed, parsed.GetRequiredValue(File));

    /// <summary>The same options for one of several files.</summary>
    public CompileOptions CompileOptions(ParseResult parsed, string file) =>
        new CompileOptions
        {
            ClassName = Identifiers.PascalCase(Path.GetFileNameWithoutExtension(file)),
            Target = ModelCompiler.Target.Find(parsed.GetRequiredValue(Target))!,
            Threads = parsed.GetValue(Threads),
            Weights = WeightChoices.Find(parsed.GetRequiredValue(Weights))!.Value,
        }.With(parsed.GetValue(Dimensions) ?? []);

    /// <summary>The same options for a command that looks at one size.</summary>
    /// <exception cref="CommandException">A dimension is given a range of sizes.</exception>
    public CompileOptions FixedOptions(ParseResult parsed) => FixedOptions(parsed, parsed.GetRequiredValue(File));

    /// <summary>The same for one of several files.</summary>
    /// <exception cref="CommandException">A dimension is given a range of sizes.</exception>
    public CompileOptions FixedOptions(ParseResult parsed, string file)
    {
        var options = CompileOptions(parsed, file);
        RequireFixed(options);
        return options;
    }

    /// <summary>Refuses ranges of sizes.</summary>
    /// <exception cref="CommandException">A dimension is given a range of sizes.</exception>
    public static void RequireFixed(CompileOptions options)
    {
        if (options.Ranges.Count > 0)
        {
            throw new CommandException(
                $"This looks at one size at a time: give {string.Join(" ", options.Ranges.Select(r => $"{r.Symbol}={r.Largest}"))}, for example. Ranges are for emit and verify."
            );
        }
    }

    /// <summary>Refuses a target whose code this machine cannot run.</summary>
    /// <exception cref="CommandException">The processor lacks its instructions.</exception>
    public static void RequireRunnable(Target target)
    {
        if (!Processor.Supports(target))
        {
            var runnable = ModelCompiler.Target.All.Where(Processor.Supports).Select(t => t.Name);
            throw new CommandException($"This processor cannot run code for {target.Name}; it runs {string.Join(", ", runnable)}.");
        }
    }

    private static Option<string> TargetOption()
    {
        var option = new Option<string>("--target")
        {
            Description = "What code is generated for.",
            DefaultValueFactory = _ => ModelCompiler.Target.Auto.Name,
        };
        option.AcceptOnlyFromAmong([.. ModelCompiler.Target.All.Select(t => t.Name)]);
        return option;
    }

    private static Option<string> WeightsOption()
    {
        var option = new Option<string>("--weights")
        {
            Description = "Whether weights are packed for the fastest code or for the fewest bytes.",
            DefaultValueFactory = _ => WeightChoices.Names[0],
        };
        option.AcceptOnlyFromAmong([.. WeightChoices.Names]);
        return option;
    }

    private static Option<int> ThreadsOption()
    {
        var option = new Option<int>("--threads")
        {
            Description = "How many threads compute large layers. Results do not depend on it.",
            DefaultValueFactory = _ => 1,
            HelpName = "N",
        };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > byte.MaxValue)
            {
                result.AddError($"--threads: expected a number between 1 and {byte.MaxValue}.");
            }
        });
        return option;
    }

    private static DimensionRange[] ParseDimensions(ArgumentResult result)
    {
        var sizes = new List<DimensionRange>();
        foreach (var text in result.Tokens.SelectMany(t => t.Value.Split([',', ';', '|', ' '], StringSplitOptions.RemoveEmptyEntries)))
        {
            if (DimensionRange.Parse(text) is not { } size)
            {
                result.AddError(
                    $"--dimensions: '{text}' is not of the form name=size with a size of at least 1, or name=smallest..largest."
                );
            }
            else if (sizes.Any(s => s.Symbol == size.Symbol))
            {
                result.AddError($"--dimensions: '{size.Symbol}' is given twice.");
            }
            else
            {
                sizes.Add(size);
            }
        }

        return [.. sizes];
    }
}
