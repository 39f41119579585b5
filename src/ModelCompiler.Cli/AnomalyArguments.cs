using System.CommandLine;
using ModelCompiler.Compression.Anomalies;
using ModelCompiler.Compression.Data;

namespace ModelCompiler.Cli;

/// <summary>Items in which anomalies are looked for.</summary>
/// <param name="Quantile">The part of the normal items that shall have no alarm.</param>
/// <param name="Normal">Items that are taken to be normal, whose errors make the threshold.</param>
/// <param name="Measured">Items that are looked at.</param>
/// <param name="Anomalous">Which of these are anomalous; null where that is not known.</param>
internal sealed record AnomalyData(double Quantile, DataItems Normal, DataItems Measured, IReadOnlyList<bool>? Anomalous);

/// <summary>The options by which <c>modelc accuracy</c> takes a network for one that finds anomalies.</summary>
internal sealed class AnomalyArguments
{
    private readonly Option<bool> _anomalies = new("--anomalies")
    {
        Description =
            "The network gives its input back (an autoencoder), and items that it gives back badly are anomalies: measure how well it finds them.",
    };

    private readonly Option<double> _quantile = new("--quantile")
    {
        Description = "With --anomalies: the part of the normal items that shall have no alarm, by which the threshold is chosen.",
        DefaultValueFactory = _ => 0.99,
    };

    private readonly Option<string?> _normal = new("--normal")
    {
        Description = "With --anomalies: the class of normal items, by its name or number; without it number 0.",
        HelpName = "class",
    };

    public AnomalyArguments() =>
        _quantile.Validators.Add(result =>
        {
            if (!(result.GetValueOrDefault<double>() is > 0 and <= 1))
            {
                result.AddError($"{_quantile.Name}: a number above 0, at most 1, was expected.");
            }
        });

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _anomalies, _quantile, _normal })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether the user wants anomalies to be found.</summary>
    /// <exception cref="CommandException">There are options that only this would look at.</exception>
    public bool AreWanted(ParseResult parsed)
    {
        var wanted = parsed.GetValue(_anomalies);
        var other = new Option[] { _quantile, _normal }.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false });
        return wanted || other is null ? wanted : throw new CommandException($"{other.Name} is for --anomalies.");
    }

    /// <summary>
    /// The items. Those to learn from are taken to be normal, whatever the data say of them, and are split as by a training that does not
    /// know their classes either.
    /// </summary>
    /// <param name="parsed">The user's choices.</param>
    /// <param name="data">The options of the data.</param>
    /// <param name="set">The data.</param>
    /// <param name="part">What is measured on.</param>
    /// <exception cref="Compression.CompressionException">The data do not say it of all items, or say something else.</exception>
    public AnomalyData Read(ParseResult parsed, DataOptions data, DataSet set, DataPart part)
    {
        var learnt = ReconstructionItems.Of(set);
        var normal = data.Part(parsed, learnt, part is DataPart.Test or DataPart.All ? DataPart.All : DataPart.Training);
        var quantile = parsed.GetValue(_quantile);
        if (part is DataPart.Validation or DataPart.Training)
        {
            return new(quantile, normal, data.Part(parsed, learnt, part), null);
        }

        var measured = data.Part(parsed, set, part);
        return new(quantile, normal, measured, KnownAnomalies.Of(measured, parsed.GetValue(_normal)));
    }
}
