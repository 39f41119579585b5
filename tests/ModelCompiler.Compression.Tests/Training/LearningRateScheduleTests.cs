using ModelCompiler.Training.Optimisation;

namespace ModelCompiler.Compression.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void A_cosine_begins_at_the_highest_rate_and_ends_at_nothing()
    {
        var schedule = new LearningRateSchedule { Kind = ScheduleKind.Cosine, WarmUpEpochs = 0 };

        Assert.Equal([1, 0.5, 0], new[] { 0.0, 5, 10 }.Select(e => Math.Round(schedule.Factor(e, e, 10), 9)));
    }

    [Fact]
    public void Steps_multiply_the_rate()
    {
        var schedule = new LearningRateSchedule
        {
            Kind = ScheduleKind.Step,
            WarmUpEpochs = 0,
            StepEpochs = 2,
            StepFactor = 0.1,
        };

        Assert.Equal([1, 1, 0.1, 0.1, 0.01], new[] { 0, 1.9, 2, 3.5, 4 }.Select(e => Math.Round(schedule.Factor(e, e, 10), 9)));
    }

    [Fact]
    public void Warm_up_rises_to_the_highest_rate_and_no_step_is_without_effect()
    {
        var schedule = new LearningRateSchedule { Kind = ScheduleKind.Constant, WarmUpEpochs = 2 };

        Assert.Equal([0.25, 0.5, 1, 1], new[] { 0, 0.5, 1.5, 4 }.Select(before => schedule.Factor(before, before + 0.5, 10)));
    }
}
