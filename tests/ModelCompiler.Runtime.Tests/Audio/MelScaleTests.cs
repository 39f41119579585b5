using ModelCompiler.Audio;

namespace ModelCompiler.Runtime.Tests.Audio;

public sealed class MelScaleTests
{
    // The formulas' own fixed points, and values that their authors and librosa's documentation print.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(700, 781.1728)]
    [InlineData(1000, 999.9856)]
    [InlineData(8000, 2840.0230)]
    public void Htk_has_the_published_values(double hertz, double mel)
    {
        Assert.Equal(mel, MelScale.Htk(hertz), 1e-4);
        Assert.Equal(hertz, MelScale.HertzOfHtk(MelScale.Htk(hertz)), 1e-9);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(60, 0.9)]
    [InlineData(440, 6.6)]
    [InlineData(1000, 15)]
    [InlineData(6400, 42)]
    public void Slaney_has_the_published_values(double hertz, double mel)
    {
        Assert.Equal(mel, MelScale.Slaney(hertz), 1e-9);
        Assert.Equal(hertz, MelScale.HertzOfSlaney(mel), 1e-9);
    }
}
