using System.Globalization;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>The C# of requantising one accumulator.</summary>
internal static class ScalarRequantizationText
{
    private static readonly SharedCode Requantise = new(
        "Requantise",
        """
        // round-half-even(sum · multiplier) + zero point, limited to [low, high]; limited as a float first, whose conversion is then exact.
        // It is never NaN, so that what the processor's own instructions do with that does not matter.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static int Requantise(int sum, float multiplier, int zeroPoint, int low, int high)
        {
            float limited = float.MinNative(float.MaxNative(MathF.Round((float)sum * multiplier), low - zeroPoint), high - zeroPoint);
            return float.ConvertToIntegerNative<int>(limited) + zeroPoint;
        }
        """
    );

    /// <summary>The output element for an accumulator; the accumulator itself where there is no requantisation.</summary>
    public static string Expression(ScalarRequantization? stage, string sum, string channel, KernelWriter writer)
    {
        if (stage is null)
        {
            return sum;
        }

        writer.Use(Requantise);
        var rule = stage.Rule;
        var multiplier = stage.Multipliers is { } multipliers
            ? $"Unsafe.Add({writer.Weights(multipliers)}, {channel})"
            : Literals.Float(rule.Multipliers[0]);
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        return $"({type})Shared.Requantise({sum}, {multiplier}, {Number(rule.ZeroPoint)}, {Number(rule.Low)}, {Number(rule.High)})";
    }

    /// <summary>An integer that may stand behind a minus sign.</summary>
    public static string Number(int value) =>
        value < 0 ? $"({value.ToString(CultureInfo.InvariantCulture)})" : value.ToString(CultureInfo.InvariantCulture);
}
