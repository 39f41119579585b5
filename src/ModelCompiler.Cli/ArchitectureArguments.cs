using System.CommandLine;
using ModelCompiler.Training.Architectures;

namespace ModelCompiler.Cli;

/// <summary>The options that choose a network and its size.</summary>
internal sealed class ArchitectureArguments
{
    private const string Usual = "ds-cnn";

    private readonly Option<string> _architecture = new("--architecture")
    {
        Description = $"The network: {string.Join(", ", ArchitectureTable.All.Select(a => a.Name))}.",
        DefaultValueFactory = _ => Usual,
        HelpName = "name",
    };

    private readonly Option<double?> _width = new("--width")
    {
        Description = $"What numbers of channels are multiplied with ({Takers(s => s.Width)}).",
    };

    private readonly Option<int?> _hidden = new("--hidden") { Description = $"Units of a hidden layer ({Takers(s => s.Hidden)})." };

    private readonly Option<int?> _layers = new("--layers") { Description = $"Layers of the kind that repeats ({Takers(s => s.Layers)})." };

    private readonly Option<int?> _bottleneck = new("--bottleneck")
    {
        Description = $"Units of the narrowest layer ({Takers(s => s.Bottleneck)}).",
    };

    public ArchitectureArguments() => _architecture.AcceptOnlyFromAmong([.. ArchitectureTable.All.Select(a => a.Name)]);

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _architecture, _width, _hidden, _layers, _bottleneck })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The network that the user wants.</summary>
    public Architecture Architecture(ParseResult parsed) =>
        ArchitectureTable.All.Single(a => a.Name == parsed.GetRequiredValue(_architecture));

    /// <summary>How large it is to be.</summary>
    public SizeChoices Size(ParseResult parsed) =>
        new(parsed.GetValue(_width), parsed.GetValue(_hidden), parsed.GetValue(_layers), parsed.GetValue(_bottleneck));

    private static string Takers(Func<SizeChoices, object?> measure) =>
        string.Join(", ", ArchitectureTable.All.Where(a => measure(a.Usual) is not null).Select(a => $"{a.Name}: {measure(a.Usual)}"));
}
