using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc verify</c>: does the compiled model compute what its recorded data and ONNX Runtime say?</summary>
internal static class VerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelArguments();
        var data = new Option<string?>("--data")
        {
            Description =
                "Folder with test_data_set_*, or one of them; by default the model's own folder. Without data, random inputs are used.",
        };
        var layers = new Option<bool>("--layers")
        {
            Description = "Also compare inside of the model and name the first layer that differs.",
        };
        var command = new Command(
            "verify",
            """
            Compile a model in this process, run it, and compare it with its recorded data and with ONNX Runtime.
            Floats agree within rtol 1e-4 and atol 1e-5; outputs behind quantised tensors within one quantum, and the last quantised tensors to the bit.
            Exit code 0: agrees; 1: differs; 2: cannot be compiled.
            """
        )
        {
            data,
            layers,
        };
        model.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var options = model.CompileOptions(parsed);
                ModelArguments.RequireRunnable(options.Target);
                if (parsed.GetValue(layers))
                {
                    ModelArguments.RequireFixed(options);
                }

                var opened = ModelCase.Open(parsed.GetRequiredValue(model.File), options, parsed.GetValue(data));
                var result = terminal.During(
                    "compiling and comparing",
                    () => new Verifier(opened.File, opened.Options, ModelCase.Compile).Run(opened.Data)
                );
                cancellation.ThrowIfCancellationRequested();
                var compared =
                    parsed.GetValue(layers) && result.Compiled
                        ? terminal.During(
                            "comparing layers",
                            () => LayerVerifier.Run(opened.File, opened.Options, opened.Data, ModelCase.Compile)
                        )
                        : null;
                var report = VerifyReport.Of(opened, result, compared);
                return new(report.ExitCode, report, report.Print);
            }
        );
    }
}
