using System.Runtime;
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

    [Fact]
    public void Another_pause_can_begin_after_one_that_a_collection_has_ended()
    {
        var before = GC.CollectionCount(0);
        using (CollectionPause.Begin())
        {
            Allocate(100_000);
        }

        Assert.True(GC.CollectionCount(0) > before);
        using (CollectionPause.Begin())
        {
            Assert.Equal(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
        }

        Assert.NotEqual(GCLatencyMode.NoGCRegion, GCSettings.LatencyMode);
    }

    private static void Allocate(int count = 1000)
    {
        for (var i = 0; i < count; i++)
        {
            GC.KeepAlive(new byte[8 << 10]);
        }
    }
}
