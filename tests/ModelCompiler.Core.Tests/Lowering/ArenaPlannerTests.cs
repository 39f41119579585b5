using CsCheck;
using ModelCompiler.Lowering;

namespace ModelCompiler.Core.Tests.Lowering;

public sealed class ArenaPlannerTests
{
    private static readonly Gen<BufferLifetime[]> Buffers = Gen.Select(
        Gen.Int[0, 5000],
        Gen.Int[0, 30],
        Gen.Int[0, 8],
        (bytes, first, steps) => new BufferLifetime(bytes, first, first + steps)
    ).Array[0, 40];

    [Fact]
    public void Buffers_alive_at_the_same_time_never_overlap() =>
        Buffers.Sample(
            buffers =>
            {
                var plan = ArenaPlanner.Plan(buffers);
                for (var i = 0; i < buffers.Length; i++)
                {
                    Assert.Equal(0, plan.Offsets[i] % ArenaPlanner.Alignment);
                    Assert.InRange(plan.Offsets[i] + buffers[i].Bytes, 0, plan.Bytes);
                    for (var j = 0; j < i; j++)
                    {
                        var together = buffers[i].First <= buffers[j].Last && buffers[j].First <= buffers[i].Last;
                        var apart =
                            plan.Offsets[i] + buffers[i].Bytes <= plan.Offsets[j] || plan.Offsets[j] + buffers[j].Bytes <= plan.Offsets[i];
                        Assert.True(!together || apart, $"{buffers[i]} at {plan.Offsets[i]} and {buffers[j]} at {plan.Offsets[j]}");
                    }
                }
            },
            iter: 500
        );

    [Fact]
    public void The_arena_is_no_smaller_than_what_is_alive_at_once_and_seldom_much_larger() =>
        Buffers.Sample(
            buffers =>
            {
                var plan = ArenaPlanner.Plan(buffers);
                Assert.InRange(plan.Bytes, plan.LeastBytes, plan.LeastBytes * 1.4);
            },
            iter: 300
        );

    [Fact]
    public void A_chain_needs_its_two_largest_neighbours()
    {
        BufferLifetime[] chain = [new(640, 0, 1), new(1280, 1, 2), new(64, 2, 3), new(1920, 3, 4), new(128, 4, 5)];
        var plan = ArenaPlanner.Plan(chain);
        Assert.Equal(1280 + 640, plan.LeastBytes - 128);
        Assert.Equal(plan.LeastBytes, plan.Bytes);
    }

    [Fact]
    public void The_same_buffers_get_the_same_plan() =>
        Buffers.Sample(buffers => ArenaPlanner.Plan(buffers).Offsets.SequenceEqual(ArenaPlanner.Plan([.. buffers]).Offsets), iter: 100);
}
