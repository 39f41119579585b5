using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>How sums become bytes.</summary>
/// <param name="Signed">Whether the output is Int8.</param>
/// <param name="MayExceedInt32">Whether scaled sums must be limited before they are converted.</param>
/// <param name="FromLowest">Whether the zero point is the output's lowest value, so that saturating does what adding it would.</param>
/// <param name="Vectors">How many vectors of sums: one, two or four.</param>
internal readonly record struct RequantiseForm(bool Signed, bool MayExceedInt32, bool FromLowest, int Vectors)
{
    private const string Names = "abcd";

    public static RequantiseForm Of(VectorRequantization stage, int vectors)
    {
        var rule = stage.Rule;
        return new(rule.Element == ElementType.Int8, stage.MayExceedInt32, rule.ZeroPoint == rule.Element.LowestValue(), vectors);
    }

    public string Suffix =>
        (Signed ? "Signed" : "Unsigned")
        + (FromLowest ? "FromLowest" : "")
        + (MayExceedInt32 ? "Limited" : "")
        + (Vectors < Int8Dialect.VectorsOfBytes ? $"Of{Vectors}" : "");

    /// <summary>The parameters of <see cref="Int8Dialect.Requantise"/> for vectors of a class.</summary>
    public string Parameters(string vector)
    {
        var names = Names.Substring(0, Vectors);
        var (sums, multipliers) = (names.Select(n => $"{vector}<int> {n}"), names.Select(n => $"{vector}<float> m{n}"));
        return string.Join(", ", [.. sums, .. multipliers, .. FromLowest ? [] : new[] { "short zeroPoint" }]);
    }

    /// <summary>The call of the code that has these <see cref="Parameters"/>.</summary>
    public string Call(SharedCode code, Requantization rule, IEnumerable<string> sums, IEnumerable<string> multipliers)
    {
        string[] zeroPoint = FromLowest ? [] : [ScalarRequantizationText.Number(rule.ZeroPoint)];
        return $"Shared.{code.Name}({string.Join(", ", [.. sums, .. multipliers, .. zeroPoint])})";
    }

    /// <summary>Names of the vectors that fill four places: the given ones over and over.</summary>
    public char[] Fill()
    {
        var vectors = Vectors;
        return [.. Enumerable.Range(0, Int8Dialect.VectorsOfBytes).Select(i => Names[i % vectors])];
    }

    /// <summary>The expression that keeps the bounds of a fused activation, where they are tighter than the type's.</summary>
    public string Limit(Requantization rule, string vector, string bytes)
    {
        var element = Signed ? "sbyte" : "byte";
        var typed = $"{bytes}.As{(Signed ? "SByte" : "Byte")}()";
        var limited = typed;
        if (rule.Low > rule.Element.LowestValue())
        {
            limited = $"{vector}.Max({limited}, {Bound(rule.Low)})";
        }

        if (rule.High < rule.Element.HighestValue())
        {
            limited = $"{vector}.Min({limited}, {Bound(rule.High)})";
        }

        return limited == typed ? bytes : $"({limited}).AsByte()";

        string Bound(int value) => $"{vector}.Create(({element}){ScalarRequantizationText.Number(value)})";
    }
}
