namespace ModelCompiler.Training.Architectures;

/// <summary>Numbers of channels under a width multiplier.</summary>
internal static class ChannelCount
{
    private const int Multiple = 8;

    /// <summary>The multiple of 8 nearest to channels · width, at least 8, and no less than 90 % of it (as the MobileNets round).</summary>
    public static int Of(int channels, double width)
    {
        var exact = channels * width;
        var rounded = Math.Max(Multiple, (int)(exact + (Multiple / 2)) / Multiple * Multiple);
        return rounded < 0.9 * exact ? rounded + Multiple : rounded;
    }
}
