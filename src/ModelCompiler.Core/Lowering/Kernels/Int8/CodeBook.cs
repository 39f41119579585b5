using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>The few values that the weights of a layer have: they are packed as indices of 4 bits, two a byte.</summary>
/// <param name="Values">The values, in rising order.</param>
internal sealed record CodeBook(EquatableArray<short> Values)
{
    /// <summary>How many values 4 bits tell apart: as many as one shuffle of bytes looks up.</summary>
    public const int Entries = 16;

    /// <summary>Below so many weights the book and the code that decodes them weigh as much as what they save.</summary>
    private const int FewestWeights = 256;

    /// <summary>Whether zero has an index. Where it has none, nothing can be filled up with weights that count nothing.</summary>
    public bool HasZero => IndexOf(0) >= 0;

    /// <summary>The book of some weights; null where they have too many values, or are too few.</summary>
    public static CodeBook? Of(CentredWeights weights) =>
        weights.Count >= FewestWeights && weights.FewValues(Entries) is { } values ? new(values) : null;

    /// <summary>The index of a value; negative where it is not there.</summary>
    public int IndexOf(short value) => Array.BinarySearch(Values.ToArray(), value);

    /// <summary>Integers of 4 bits are a code book too: one of neighbouring values.</summary>
    public override string ToString() => Values[Values.Count - 1] - Values[0] < Entries ? "4-bit" : $"code book of {Values.Count}";

    /// <summary>The index of every signed byte, by its bits.</summary>
    public byte[] Indices()
    {
        var indices = new byte[256];
        for (var i = 0; i < Values.Count; i++)
        {
            indices[unchecked((byte)Values[i])] = (byte)i;
        }

        return indices;
    }
}
