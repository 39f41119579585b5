using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Bounds of an activation as C#; NaN passes through.</summary>
internal static class ClampText
{
    /// <summary>For a float or double.</summary>
    public static string Scalar(Clamp clamp, string value)
    {
        var result = clamp.HasLow ? $"Math.Max({value}, {Literals.Float(clamp.Low)})" : value;
        return clamp.HasHigh ? $"Math.Min({result}, {Literals.Float(clamp.High)})" : result;
    }

    /// <summary>For a vector of floats of the given number of bits; MaxNative gives its second operand where one is NaN on x86.</summary>
    public static string Vector(Clamp clamp, int bits, string value)
    {
        string Bound(float bound) => bound == 0 ? $"Vector{bits}<float>.Zero" : $"Vector{bits}.Create({Literals.Float(bound)})";
        var result = clamp.HasLow ? $"Vector{bits}.MaxNative({Bound(clamp.Low)}, {value})" : value;
        return clamp.HasHigh ? $"Vector{bits}.MinNative({Bound(clamp.High)}, {result})" : result;
    }
}
