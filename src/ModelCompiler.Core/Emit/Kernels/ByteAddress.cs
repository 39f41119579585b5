using System.Globalization;

namespace ModelCompiler.Emit.Kernels;

/// <summary>A sum of a constant and multiples of loop variables, in bytes.</summary>
internal sealed class ByteAddress(int elements, int size, string terms = "")
{
    public ByteAddress Plus(int more) => new(elements + more, size, terms);

    public ByteAddress Plus(string index, int stride) =>
        stride == 0 ? this : new(elements, size, $"{terms}{(stride < 0 ? " - " : " + ")}{index} * {Math.Abs(stride) * size}");

    public string Of(string reference)
    {
        var start = (elements * size).ToString(CultureInfo.InvariantCulture);
        return elements == 0 && terms.Length == 0 ? reference
            : elements == 0 && terms.StartsWith(" + ", StringComparison.Ordinal) ? $"Unsafe.Add(ref {reference}, {terms.Substring(3)})"
            : $"Unsafe.Add(ref {reference}, {start}{terms})";
    }
}
