using System.Globalization;

namespace ModelCompiler.Compression.Pruning;

/// <summary>Which weights become zero together.</summary>
public abstract record SparsityPattern
{
    /// <summary>Each weight for itself.</summary>
    public static SparsityPattern Unstructured { get; } = new BlockPattern(1, 1);

    /// <summary>What <see cref="Parse"/> takes, for help and messages.</summary>
    public const string Forms =
        "unstructured, N:M (at most N of M inputs stay, as in 2:4) or IxO (blocks of I inputs × O outputs, as in 4x16)";

    /// <summary>Reads <c>unstructured</c>, <c>2:4</c> or <c>4x16</c>; null for anything else.</summary>
    public static SparsityPattern? Parse(string text)
    {
        if (text == "unstructured")
        {
            return Unstructured;
        }

        if (Numbers(text, ':') is { } stay)
        {
            return stay.First < stay.Second ? new KeepOfEach(stay.First, stay.Second) : null;
        }

        return Numbers(text, 'x') is { } block ? new BlockPattern(block.First, block.Second) : null;
    }

    private static (int First, int Second)? Numbers(string text, char separator) =>
        text.Split(separator) is [var first, var second]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var a)
        && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var b)
        && a is >= 1 and <= Largest
        && b is >= 1 and <= Largest
            ? (a, b)
            : null;

    private const int Largest = 1024;
}

/// <summary>Blocks of weights of one tap: consecutive inputs × consecutive output channels of one group.</summary>
/// <param name="Inputs">Inputs of a block.</param>
/// <param name="Outputs">Output channels of a block.</param>
public sealed record BlockPattern(int Inputs, int Outputs) : SparsityPattern
{
    /// <inheritdoc/>
    public override string ToString() => this == Unstructured ? "unstructured" : $"{Inputs}x{Outputs}";
}

/// <summary>Of each so many consecutive inputs of one output channel and tap, at most so many stay.</summary>
/// <param name="Kept">How many stay.</param>
/// <param name="Of">Of how many.</param>
public sealed record KeepOfEach(int Kept, int Of) : SparsityPattern
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kept}:{Of}";
}
