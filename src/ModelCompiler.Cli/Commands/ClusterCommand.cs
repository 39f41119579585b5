using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Clustering;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc cluster</c>: weights share few values.</summary>
internal static class ClusterCommand
{
    private const string OfChannels =
        "Code books of single channels save no bytes in the binary, unless the integers of a whole layer have at most 16 values: that is what the compiler packs as indices of 4 bits.";

    public static Command Create(Terminal terminal)
    {
        var clusters = new Option<int>("--clusters")
        {
            Description = "How many different values the weights of a tensor or channel may have, 2 to 256.",
            DefaultValueFactory = _ => 16,
        };
        var perChannel = new Option<bool>("--per-channel") { Description = "Each output channel has values of its own." };
        var start = new Option<Initialisation>("--init")
        {
            Description = "Where the values start in large tensors: plusplus (at random, far apart) or linear (evenly).",
            DefaultValueFactory = _ => Initialisation.PlusPlus,
        };
        var command = new Command(
            "cluster",
            "Let the weights of each layer share few values, written as indices into a code book. Zeros stay zero."
        )
        {
            clusters,
            perChannel,
            start,
        };
        return command.WithCompression(
            terminal,
            task =>
            {
                var options = new ClusteringOptions(task.Parsed.GetValue(clusters))
                {
                    PerChannel = task.Parsed.GetValue(perChannel),
                    Initialisation = task.Parsed.GetValue(start),
                    Seed = task.Seed,
                    Layers = task.Layers,
                    Compile = task.Compile,
                };
                var clustered = terminal.During("clustering", () => WeightClustering.Run(task.File.Source, options, task.Cancellation));
                return new Compressed(
                    clustered.Model,
                    [
                        .. clustered.Layers.Select(l => new LayerChange(
                            [l.Layer],
                            $"{l.Entries} values{(l.Rows > 1 ? $" in each of {l.Rows} channels" : "")}, error {CompressionReport.Percent(l.RelativeError)}"
                        )),
                    ]
                )
                {
                    Remarks = clustered.Layers.Any(l => l.Rows > 1) ? [OfChannels] : [],
                };
            }
        );
    }
}
