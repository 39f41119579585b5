namespace ModelCompiler.Training.Architectures;

/// <summary>How large a network is to be, in the measures that its architecture has; null where it has none, or the user says nothing.</summary>
/// <param name="Width">What numbers of channels are multiplied with, more than 0 and at most 16.</param>
/// <param name="Hidden">Units of a hidden layer, 1 to 65536.</param>
/// <param name="Layers">How many layers there are of the kind that repeats, 1 to 16.</param>
/// <param name="Bottleneck">Units of the narrowest layer of an autoencoder, 1 to 65536.</param>
public sealed record SizeChoices(double? Width = null, int? Hidden = null, int? Layers = null, int? Bottleneck = null)
{
    /// <summary>The choices by the names of the options that make them, without those that are null.</summary>
    public IEnumerable<(string Option, double Value)> Given()
    {
        (string, double?)[] all = [("--width", Width), ("--hidden", Hidden), ("--layers", Layers), ("--bottleneck", Bottleneck)];
        return all.Where(c => c.Item2 is not null).Select(c => (c.Item1, c.Item2!.Value));
    }
}

/// <summary>How large a network is; 0 in measures that its architecture has not.</summary>
/// <param name="Width">What numbers of channels are multiplied with.</param>
/// <param name="Hidden">Units of a hidden layer.</param>
/// <param name="Layers">Layers of the kind that repeats.</param>
/// <param name="Bottleneck">Units of the narrowest layer.</param>
internal sealed record NetworkSize(double Width, int Hidden, int Layers, int Bottleneck)
{
    private const double MostWidth = 16;
    private const int MostUnits = 65536;
    private const int MostLayers = 16;

    /// <summary>What the user has chosen, and else the usual size.</summary>
    /// <exception cref="TrainingException">A choice is one that the architecture does not have, or is out of range.</exception>
    public static NetworkSize Of(string architecture, SizeChoices usual, SizeChoices chosen)
    {
        List<string> known = [.. usual.Given().Select(c => c.Option)];
        foreach (var (option, value) in chosen.Given())
        {
            if (!known.Contains(option))
            {
                throw new TrainingException(
                    $"{option} means nothing to {architecture}, which takes {(known.Count > 0 ? string.Join(", ", known) : "no such option")}"
                );
            }

            var most =
                option == "--width" ? MostWidth
                : option == "--layers" ? MostLayers
                : MostUnits;
            if (!(value > 0 && value <= most))
            {
                throw new TrainingException($"{option}: more than 0 and at most {most} was expected; {value} was given");
            }
        }

        return new(
            chosen.Width ?? usual.Width ?? 0,
            chosen.Hidden ?? usual.Hidden ?? 0,
            chosen.Layers ?? usual.Layers ?? 0,
            chosen.Bottleneck ?? usual.Bottleneck ?? 0
        );
    }
}
