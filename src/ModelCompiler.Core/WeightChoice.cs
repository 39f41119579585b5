namespace ModelCompiler;

/// <summary>What the packed weights of a layer are to be.</summary>
public enum WeightChoice
{
    /// <summary>In the form that is expected to be computed with fastest.</summary>
    Fastest,

    /// <summary>
    /// In the form that takes the fewest bytes, which may be computed with many times slower: of int8 layers with scattered zeros, streams of
    /// distances and values.
    /// </summary>
    Smallest,
}

/// <summary>The choices as users write them.</summary>
public static class WeightChoices
{
    /// <summary>The names, that of the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = ["fastest", "smallest"];

    /// <summary>The choice of a name; null where there is none.</summary>
    public static WeightChoice? Find(string name) =>
        name switch
        {
            "fastest" => WeightChoice.Fastest,
            "smallest" => WeightChoice.Smallest,
            _ => null,
        };
}
