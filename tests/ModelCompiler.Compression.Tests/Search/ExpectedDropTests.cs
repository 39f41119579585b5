using ModelCompiler.Compression.Search;

namespace ModelCompiler.Compression.Tests.Search;

public sealed class ExpectedDropTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(0)]
    public void A_drop_as_large_as_allowed_is_as_likely_too_large_as_not(double maxDrop) =>
        Assert.Equal(0.5, new ExpectedDrop(maxDrop, 0.3).ChanceOf(maxDrop), 1e-9);

    [Fact]
    public void Drops_of_the_same_relative_deviation_are_as_far_from_the_limit_as_their_ratio_to_it()
    {
        Assert.Equal(new ExpectedDrop(1, 0.4).ChanceOf(0.5), new ExpectedDrop(4, 1.6).ChanceOf(2), 1e-9);
        Assert.True(new ExpectedDrop(4, 1.6).ChanceOf(0.5) < 0.01);
        Assert.InRange(new ExpectedDrop(1, 0.4).ChanceOf(0.5), 0.02, 0.1);
    }

    [Fact]
    public void Nothing_is_sure_that_is_nearer_than_measurements_are()
    {
        var better = new ExpectedDrop(-1, ExpectedDrop.Noise).ChanceOf(0);

        Assert.Equal(0.5, better, 1e-9);
        Assert.True(new ExpectedDrop(-1, ExpectedDrop.Noise).ChanceOf(0.5) > 0.8);
    }
}
