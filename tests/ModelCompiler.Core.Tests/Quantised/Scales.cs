using CsCheck;
using ModelCompiler.Core.Tests.Kernels;
using ModelCompiler.Graphs;

namespace ModelCompiler.Core.Tests.Quantised;

/// <summary>
/// Scales and zero points for tests. Random scales hardly ever bring a result near the middle between two integers, where the
/// order of operations shows; scales in small integer ratios do all the time.
/// </summary>
internal static class Scales
{
    /// <summary>The kernels of this folder are written in two widths: the one that <c>auto</c> takes here, and 128 bits.</summary>
    public static IReadOnlyList<Target> Targets { get; } = [Target.Auto, Target.Find("portable")!];

    /// <summary>
    /// The same, and Arm's: it stores activations signed, and has no code in these operators that this processor could not run.
    /// </summary>
    public static IReadOnlyList<Target> BothStorages { get; } = [.. Targets, Target.Find("arm64")!];

    /// <summary>Int8 or UInt8.</summary>
    public static readonly Gen<ElementType> Byte = Int8Models.Pick(ElementType.Int8, ElementType.UInt8);

    /// <summary>Three scales that are small multiples of one, and so bring sums and products of integers near halves.</summary>
    public static readonly Gen<(float A, float B, float Y)> NearTies =
        from unit in Gen.Float[0.001f, 1]
        from a in Gen.Int[1, 5]
        from b in Gen.Int[1, 5]
        from y in Gen.Int[1, 5]
        select (unit * a, unit * b, unit * 2 * y);

    /// <summary>A scalar constant.</summary>
    public static Tensor Scale(float value) => Tensor.Floats(TensorShape.Scalar, value);

    /// <summary>A zero point, counted from the lowest value of its type.</summary>
    public static Tensor Zero(ElementType element, int fromLowest) =>
        Tensor.FromBytes(new TensorType(element, TensorShape.Scalar), [unchecked((byte)(element.LowestValue() + fromLowest))]);

    /// <summary>All 256 integers of an 8-bit type, as its C# type has them.</summary>
    public static Array AllBytes(ElementType element) =>
        element == ElementType.Int8
            ? Enumerable.Range(-128, 256).Select(i => (sbyte)i).ToArray()
            : Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
}
