using System.CommandLine;
using System.Text;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Emit;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc emit</c>: the C# that a build would generate, as files.</summary>
internal static class EmitCommand
{
    private sealed record Report(string Model, string Status, IReadOnlyList<string> Files, IReadOnlyList<DiagnosticReport> Diagnostics);

    public static Command Create(Terminal terminal)
    {
        var model = new ModelArguments();
        var output = new Option<string>("--output", "-o")
        {
            Description = "Folder for the files; made where it is missing.",
            Required = true,
        };
        var className = new Option<string?>("--class") { Description = "Name of the class; by default made of the file's name." };
        var ns = new Option<string>("--namespace") { Description = "Namespace of the class.", DefaultValueFactory = _ => "" };
        var state = new Option<string[]>("--state")
        {
            Description = "Inputs and outputs that carry the state from one call to the next, which the instance then keeps.",
            DefaultValueFactory = _ => [],
            AllowMultipleArgumentsPerToken = true,
            HelpName = "input:output",
        };
        var command = new Command(
            "emit",
            "Write the C# of a model into a folder: public surface, kernels, and weights where they are large."
        )
        {
            output,
            className,
            ns,
            state,
        };
        model.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = model.CompileOptions(parsed);
                options = options with
                {
                    ClassName = parsed.GetValue(className) ?? options.ClassName,
                    Namespace = parsed.GetRequiredValue(ns),
                    State = parsed.GetRequiredValue(state),
                };
                // A build knows nothing of recorded data, so they decide nothing here.
                var opened = ModelCase.Open(parsed.GetRequiredValue(model.File), options) with
                {
                    Options = options,
                };
                var compiled = terminal.During("compiling", opened.Compile);
                cancellation.ThrowIfCancellationRequested();
                var files = compiled.Succeeded ? Write(compiled, options, parsed.GetRequiredValue(output)) : [];
                return Result(opened, compiled, files);
            }
        );
    }

    /// <summary>Writes the class into a folder, each file whole or not at all.</summary>
    /// <returns>The files.</returns>
    internal static List<string> Write(CompiledModel compiled, CompileOptions options, string folder)
    {
        Directory.CreateDirectory(folder);
        var files = new List<string>();
        Add("g.cs", Encoding.UTF8.GetBytes(compiled.Surface));
        Add("Kernels.g.cs", Encoding.UTF8.GetBytes(compiled.Implementation));
        if (compiled.Weights.Length > options.MaxInlineWeightBytes)
        {
            using var assembly = new MemoryStream();
            WeightsAssembly.Write(options.ClassName + ".Weights", [new WeightsBlock(options.WeightsClass, compiled.Weights)], assembly);
            Add("Weights.dll", assembly.ToArray());
        }

        return files;

        void Add(string extension, byte[] content)
        {
            var path = Path.Combine(folder, $"{options.ClassName}.{extension}");
            WholeFile.Write(path, content);
            files.Add(path);
        }
    }

    private static CommandResult Result(ModelCase opened, CompiledModel compiled, List<string> files)
    {
        var report = new Report(
            opened.File.Path,
            compiled.Succeeded ? "emitted" : "unsupported",
            files,
            DiagnosticReport.Of(compiled.Problems)
        );
        return new(
            compiled.Succeeded ? ExitCodes.Success : ExitCodes.CannotCompile,
            report,
            console =>
            {
                DiagnosticReport.Print(console, report.Diagnostics);
                foreach (var file in report.Files)
                {
                    console.WriteLine(file);
                }
            }
        );
    }
}
