using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ModelCompiler;

/// <summary>
/// Throws what generated classes throw where the spans of a call do not suit the model: text that is composed here once is not
/// in each method of each class.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArgumentFaults
{
    /// <summary>Says that a span has the wrong length.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="given">Its length, in elements.</param>
    /// <param name="wanted">The length that it has to have.</param>
    /// <param name="shape">What that is the length of, as in <c>[1,28,28]</c>.</param>
    /// <exception cref="ArgumentException">Always.</exception>
    [DoesNotReturn]
    public static void ThrowLength(string name, int given, int wanted, string shape)
    {
        // Concatenations of few strings: an interpolated string of numbers takes three times the code.
        var found = string.Concat(name, " has ", given.ToString(CultureInfo.InvariantCulture), " elements; ");
        throw new ArgumentException(
            string.Concat(found, wanted.ToString(CultureInfo.InvariantCulture), " are needed, shape ", shape),
            name
        );
    }

    /// <summary>Says that an output would be written where an input is still being read.</summary>
    /// <param name="output">The parameter for the output.</param>
    /// <param name="input">The parameter for the input.</param>
    /// <exception cref="ArgumentException">Always.</exception>
    [DoesNotReturn]
    public static void ThrowOverlap(string output, string input) =>
        throw new ArgumentException(string.Concat(output, " overlaps ", input, "; they need memory of their own"), output);
}
