using ModelCompiler.Training.Native;

namespace ModelCompiler.Compression.Tests.Training;

/// <summary>Runs alone: what other tests allocate meanwhile counts too.</summary>
[CollectionDefinition(nameof(CollectionPauseTests), DisableParallelization = true)]
[Collection(nameof(CollectionPauseTests))]
public sealed class CollectionPauseTests
{
    [Fact]
    public void Nothing_is_collected_before_the_outermost_pause_ends()
    {
        var outer = CollectionPause.Begin();
        var before = GC.CollectionCount(0);
        using (CollectionPause.Begin())
        {
            Allocate();
        }

        Allocate();
        var within = GC.CollectionCount(0) - before;
        outer.Dispose();
        outer.Dispose();

        Assert.Equal(0, within);
        GC.Collect();
        Assert.True(GC.CollectionCount(0) > before);
    }

    private static void Allocate()
    {
        for (var i = 0; i < 1000; i++)
        {
            GC.KeepAlive(new byte[8 << 10]);
        }
    }
}
