using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
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
    public Option<DimensionBinding[]> Dimensions { get; } =
        new("--dimensions")
        {
            Description =
                "Sizes of symbolic dimensions, name=size, separated by commas or spaces. Without it, recorded test data beside the model decide where the command reads them; an unknown batch is 1.",
            CustomParser = ParseDimensions,
            AllowMultipleArgumentsPerToken = true,
            HelpName = "name=size",
        };

    /// <summary>How many threads compute large layers.</summary>
    public Option<int> Threads { get; } = ThreadsOption();

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(File);
        command.Options.Add(Target);
        command.Options.Add(Dimensions);
        command.Options.Add(Threads);
    }

    /// <summary>The options for the compiler that the user's choices make, with a class named after the file.</summary>
    public CompileOptions CompileOptions(ParseResult parsed) =>
        new()
        {
            ClassName = Identifiers.PascalCase(Path.GetFileNameWithoutExtension(parsed.GetRequiredValue(File))),
            Target = ModelCompiler.Target.Find(parsed.GetRequiredValue(Target))!,
            Dimensions = parsed.GetValue(Dimensions) ?? [],
            Threads = parsed.GetValue(Threads),
        };

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

    private static DimensionBinding[] ParseDimensions(ArgumentResult result)
    {
        var bindings = new List<DimensionBinding>();
        foreach (var text in result.Tokens.SelectMany(t => t.Value.Split([',', ';', '|', ' '], StringSplitOptions.RemoveEmptyEntries)))
        {
            var equals = text.LastIndexOf('=');
            if (equals > 0 && int.TryParse(text[(equals + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0)
            {
                bindings.Add(new DimensionBinding(text[..equals], size));
            }
            else
            {
                result.AddError($"--dimensions: '{text}' is not of the form name=size with a size of at least 1.");
            }
        }

        return [.. bindings];
    }
}
