using System.Text.Json;

namespace ModelCompiler.Cli.Tests;

/// <summary>What one call of modelc, in this process, has written and returned.</summary>
internal sealed record Invocation(int ExitCode, string Output, string Errors)
{
    public static Task<Invocation> Of(params string[] arguments) => Of(CancellationToken.None, arguments);

    public static async Task<Invocation> Of(CancellationToken cancellation, params string[] arguments)
    {
        var output = new StringWriter();
        var errors = new StringWriter();
        var exitCode = await Modelc.Run(arguments, Terminal.On(output, errors), cancellation);
        var invocation = new Invocation(exitCode, output.ToString(), errors.ToString());
        // Nobody is ever shown a stack trace.
        Assert.DoesNotContain("   at ", invocation.Output + invocation.Errors, StringComparison.Ordinal);
        return invocation;
    }

    /// <summary>All of standard output as the one JSON object that it must be.</summary>
    public JsonElement Json()
    {
        Assert.Equal("", Errors);
        var root = JsonDocument.Parse(Output).RootElement;
        Assert.Equal(JsonValueKind.Object, root.ValueKind);
        return root;
    }
}
