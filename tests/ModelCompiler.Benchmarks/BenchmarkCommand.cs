using System.CommandLine;
using ModelCompiler.Testing;
using ModelCompiler.Verification;
using Command = System.CommandLine.Command;

namespace ModelCompiler.Benchmarks;

/// <summary>The command line.</summary>
internal sealed class BenchmarkCommand
{
    private const string Description = """
        Measures compiled models against ONNX Runtime, and writes docs/performance.md and docs/performance.json.

        Without a command: speed. Where models or sets are named, results are only printed, unless --output says where to.

        Exit codes:
          0    measured
          2    a model cannot be read or compiled or gives wrong results, or a project does not build
          3    wrong command line, a model or folder is not there, or the machine cannot do what is asked for
          130  stopped by Ctrl-C
        """;

    private readonly Argument<string[]> _paths = new("MODELS")
    {
        Description = "Models, and folders of models, in place of those that have names here.",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<string> _models = new("--models")
    {
        Description = "Folder of the models that have names here.",
        DefaultValueFactory = _ => Path.GetFullPath(Path.Combine(Repository.Root, "../shared/testdata/models/onnx")),
        HelpName = "DIR",
        Recursive = true,
    };
    private readonly Option<string[]> _sets = new("--set")
    {
        Description = "Only models of this set.",
        HelpName = "SET",
        Recursive = true,
    };
    private readonly Option<string> _target = new("--target")
    {
        Description = "What code is generated for in speed and threads.",
        DefaultValueFactory = _ => Target.Auto.Name,
        Recursive = true,
    };
    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "How long to measure each model.",
        DefaultValueFactory = _ => 5,
        HelpName = "N",
        Recursive = true,
    };
    private readonly Option<string?> _output = new("--output")
    {
        Description = "Folder of performance.md and performance.json.",
        HelpName = "DIR",
        Recursive = true,
    };

    private BenchmarkCommand()
    {
        _sets.AcceptOnlyFromAmong([.. BenchmarkModel.Sets]);
        _target.AcceptOnlyFromAmong([.. Target.All.Select(t => t.Name)]);
    }

    /// <summary>Parses the arguments and measures.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        var parsed = new BenchmarkCommand().Root(arguments, output, errors).Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            errors.WriteLine("error: " + string.Join(" ", parsed.Errors.Select(e => e.Message)));
            return ExitCodes.Missing;
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = output,
                Error = errors,
                EnableDefaultExceptionHandler = false,
            }
        );
    }

    private RootCommand Root(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        Command With(Command command, params Action<BenchmarkRun>[] modes)
        {
            command.SetAction(
                (parsed, cancellation) =>
                    Task.Run(() => Measure(new(Options(parsed, arguments), output, errors, cancellation), modes, errors))
            );
            return command;
        }

        var root = new RootCommand(Description) { _paths, _models, _sets, _target, _seconds, _output };
        With(root, r => r.Speed());
        root.Add(With(new("speed", "Compiled models against ONNX Runtime, in one process.") { _paths }, r => r.Speed()));
        root.Add(With(new("targets", "Code for x64-avx2 against the machine's best target.") { _paths }, r => r.Targets()));
        root.Add(With(new("threads", "Two threads for large layers against one.") { _paths }, r => r.Threads()));
        root.Add(With(new("sparse", "Layers of pruned and clustered weights against the same with all weights."), r => r.Sparse()));
        root.Add(With(new("native", "NativeAOT programs of both kinds: first result, memory, bytes.") { _paths }, r => r.Native()));
        root.Add(With(new("arm", "Inner loops of programs for arm64, by llvm-mca.") { _paths }, r => r.Arm()));
        root.Add(With(new("build", "Time and memory of builds by size of the weights."), r => r.Build()));
        root.Add(
            With(
                new("all", "All of these."),
                r => r.Speed(),
                r => r.Targets(),
                r => r.Threads(),
                r => r.Sparse(),
                r => r.Native(),
                r => r.Arm(),
                r => r.Build()
            )
        );
        return root;
    }

    private RunOptions Options(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        var command = arguments.Count == 0 ? "speed" : string.Join(' ', arguments);
        string[] paths = parsed.GetValue(_paths) ?? [];
        string[] sets = parsed.GetValue(_sets) ?? [];
        return new RunOptions(
            $"dotnet run -c Release --project tests/ModelCompiler.Benchmarks -- {command}",
            parsed.GetRequiredValue(_models),
            paths,
            sets,
            Target.Find(parsed.GetRequiredValue(_target))!,
            TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(_seconds), 0.01, 3600)),
            parsed.GetValue(_output) ?? (paths.Length + sets.Length > 0 ? null : Path.Combine(Repository.Root, "docs"))
        );
    }

    private static int Measure(BenchmarkRun run, Action<BenchmarkRun>[] modes, TextWriter errors)
    {
        using (run)
        {
            try
            {
                Array.ForEach(modes, mode => mode(run));
                return ExitCodes.Success;
            }
            catch (OperationCanceledException)
            {
                errors.WriteLine("stopped");
                return ExitCodes.Cancelled;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
            {
                errors.WriteLine("error: " + e.Message);
                return ExitCodes.Missing;
            }
            catch (Exception e)
                when (e is BenchmarkException or UnreadableModelException or InvalidDataException or InvalidOperationException)
            {
                errors.WriteLine("error: " + e.Message);
                return ExitCodes.Failure;
            }
        }
    }
}
