using ModelCompiler.Compression.Search;

namespace ModelCompiler.Compression.Tests.Search;

public sealed class ParetoFrontTests
{
    private static readonly ModelSize Whole = new(100, 100, 100);

    [Fact]
    public void The_front_has_what_no_other_beats_cheapest_first()
    {
        Trial[] trials =
        [
            Measured(100, 100, 0.9),
            Measured(50, 50, 0.8),
            Measured(50, 60, 0.8), // more bytes than the one before
            Measured(60, 40, 0.8), // fewer bytes for more operations
            Measured(70, 70, 0.7), // worse in everything
            Measured(50, 50, 0.8), // the same again
            new(new("layers", 500, "int8", "labels"), 0, [new("failed", "", 0, null, null, new("no", 3))]),
            new(new("layers", 500, "int8", "labels"), 0, [new("unmeasured", "", 0, Whole, null, null)]),
        ];

        Assert.Equal([trials[1], trials[3], trials[0]], ParetoFront.Of(trials, Whole));
    }

    [Fact]
    public void The_objective_is_the_mean_of_the_shares_of_operations_and_bytes()
    {
        Assert.Equal(1, Whole.Against(Whole));
        Assert.Equal(0.35, new ModelSize(30, 40, 1000).Against(Whole), 12);
        Assert.Equal(1, new ModelSize(0, 0, 0).Against(new(0, 0, 0)));
    }

    [Fact]
    public void A_step_has_another_name_after_another_parent_or_with_other_arguments()
    {
        var step = new SearchStep("prune", ["--amount", "0.5"]);

        Assert.Equal(step.IdAfter("a"), new SearchStep("prune", ["--amount", "0.5"]).IdAfter("a"));
        Assert.NotEqual(step.IdAfter("a"), step.IdAfter("b"));
        Assert.NotEqual(step.IdAfter("a"), new SearchStep("prune", ["--amount0.5"]).IdAfter("a"));
    }

    private static Trial Measured(long macs, long bytes, double accuracy) =>
        new(new("layers", 500, "int8", "labels"), 0, [new($"{macs}-{bytes}", "", 1, new(macs, bytes, 1), accuracy, null)]);
}
