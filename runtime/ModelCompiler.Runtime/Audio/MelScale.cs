namespace ModelCompiler.Audio;

/// <summary>Scales on which equal steps sound equal.</summary>
public static class MelScale
{
    private const double SlaneyStep = 200d / 3;
    private const double SlaneyBreak = 1000;

    // 6.4 is the ratio of frequencies over which 27 steps go.
    private static readonly double SlaneyLogStep = Math.Log(6.4) / 27;

    /// <summary>Mel by the formula of HTK (O'Shaughnessy, 1987): 2595 · log₁₀(1 + hertz/700).</summary>
    public static double Htk(double hertz) => 2595 * Math.Log10(1 + (hertz / 700));

    /// <summary>The frequency of an HTK mel.</summary>
    public static double HertzOfHtk(double mel) => 700 * (Math.Pow(10, mel / 2595) - 1);

    /// <summary>Mel by the formula of Slaney's Auditory Toolbox (1998): 3 for 200 Hz below 1000 Hz, logarithmic above.</summary>
    public static double Slaney(double hertz) =>
        hertz < SlaneyBreak ? hertz / SlaneyStep : (SlaneyBreak / SlaneyStep) + (Math.Log(hertz / SlaneyBreak) / SlaneyLogStep);

    /// <summary>The frequency of a Slaney mel.</summary>
    public static double HertzOfSlaney(double mel)
    {
        const double breakMel = SlaneyBreak / SlaneyStep;
        return mel < breakMel ? mel * SlaneyStep : SlaneyBreak * Math.Exp(SlaneyLogStep * (mel - breakMel));
    }
}
