using ModelCompiler.Compression.Search;

namespace ModelCompiler.Compression.Tests.Search;

public sealed class CompressionSearchTests
{
    private static readonly SearchGoal HalfAPoint = SearchGoal.Of(0.5);

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_search_finds_about_the_smallest_design_that_is_accurate_enough(double maxDrop)
    {
        var goal = SearchGoal.Of(maxDrop);
        var knowledge = await new SyntheticNetwork().Search(goal);

        var best = knowledge.Best!;
        Assert.InRange(knowledge.DropOf(best), double.NegativeInfinity, maxDrop);
        Assert.InRange(knowledge.Objective(best.Size!), 0, SyntheticNetwork.Best(goal) * 1.06);
    }

    [Fact]
    public async Task Short_trainings_come_first_and_few_designs_get_long_ones()
    {
        var knowledge = await new SyntheticNetwork().Search(HalfAPoint);

        var trained = knowledge.Trials.Where(t => t.Level > SearchSpace.Untrained).ToList();
        Assert.Equal(0, trained[0].Level);
        Assert.True(trained.Count(t => t.Level == SyntheticNetwork.Space.Highest) < trained.Count(t => t.Level == 0));
        Assert.True(trained.Select(t => t.Design).Distinct().Count() < knowledge.Candidates.Count / 2);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(200)]
    [InlineData(1000)]
    public async Task A_search_ends_in_time_with_the_best_so_far(int seconds)
    {
        var network = new SyntheticNetwork { Time = TimeSpan.FromSeconds(seconds) };
        var knowledge = await network.Search(HalfAPoint);
        var verdict = SearchVerdict.Of(knowledge);

        Assert.True(network.Clock <= network.Time);
        Assert.Null(verdict.Shortfall);
        Assert.True(knowledge.Objective(verdict.Chosen.Size!) <= 1);
    }

    [Fact]
    public async Task More_time_finds_a_smaller_model()
    {
        var objectives = new List<double>();
        foreach (var seconds in new[] { 0, 500, 5000 })
        {
            var knowledge = await new SyntheticNetwork { Time = TimeSpan.FromSeconds(seconds) }.Search(HalfAPoint);
            objectives.Add(knowledge.Objective(knowledge.Best!.Size!));
        }

        Assert.True(objectives[0] >= objectives[1] && objectives[1] > objectives[2], string.Join(", ", objectives));
    }

    [Fact]
    public async Task A_search_that_goes_on_repeats_nothing_and_gets_as_far()
    {
        var network = new SyntheticNetwork();
        using var stop = new CancellationTokenSource();
        var known = new List<(Design, int)>();
        var search = new CompressionSearch(network, SyntheticNetwork.Space, HalfAPoint, network.Pace(stop.Token));
        search.Ended += (trial, knowledge) =>
        {
            known = [.. knowledge.Trials.Select(t => (t.Design, t.Level))];
            if (known.Count == 8)
            {
                stop.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => search.Run(SyntheticNetwork.Accuracy, []));

        var resumed = await network.Search(HalfAPoint, known);
        var whole = await new SyntheticNetwork().Search(HalfAPoint);

        Assert.Equal(known, resumed.Trials.Take(known.Count).Select(t => (t.Design, t.Level)));
        Assert.Equal(resumed.Trials.Count, resumed.Trials.Select(t => (t.Design, t.Level)).Distinct().Count());
        Assert.Equal(whole.Objective(whole.Best!.Size!), resumed.Objective(resumed.Best!.Size!), 6);
    }

    [Fact]
    public async Task Budgets_are_kept()
    {
        var goal = SearchGoal.Of(5, maxWeightBytes: 9_000, maxMacs: 250_000);
        var knowledge = await new SyntheticNetwork().Search(goal);

        var verdict = SearchVerdict.Of(knowledge);
        Assert.Null(verdict.Shortfall);
        Assert.InRange(verdict.Chosen.Size!.WeightBytes, 0, 9_000);
        Assert.InRange(verdict.Chosen.Size.Macs, 0, 250_000);
    }

    [Fact]
    public async Task Budgets_that_no_design_keeps_are_named_with_the_least_reached_and_nothing_is_trained()
    {
        var network = new SyntheticNetwork();
        var verdict = SearchVerdict.Of(await network.Search(SearchGoal.Of(0.5, maxWeightBytes: 10, maxArenaBytes: 1_000_000)));

        Assert.Contains(
            "--max-weight-bytes allows 10 bytes of weights, and the least that was reached is",
            verdict.Shortfall,
            StringComparison.Ordinal
        );
        Assert.Equal("int8", verdict.Chosen.Design.Form);
        Assert.DoesNotContain(network.Steps, s => s.Trains);
    }

    [Fact]
    public async Task Where_no_design_is_accurate_enough_the_most_accurate_is_chosen_and_the_sentence_says_so()
    {
        // Half of the operations, which costs a quarter of a point at least besides the form of the weights.
        var knowledge = await new SyntheticNetwork().Search(SearchGoal.Of(0, maxMacs: 500_000));
        var verdict = SearchVerdict.Of(knowledge);

        Assert.Contains("percentage points behind the original; --max-drop allows 0", verdict.Shortfall, StringComparison.Ordinal);
        Assert.True(verdict.Chosen.Size!.Macs <= 500_000);
        Assert.Equal(knowledge.Trials.Where(t => t.IsMeasured && t.Size!.Macs <= 500_000).Max(t => t.Accuracy), verdict.Chosen.Accuracy);
    }

    [Fact]
    public async Task A_trial_that_fails_is_kept_with_its_sentence_and_the_search_goes_on()
    {
        var network = new SyntheticNetwork { Fault = s => s.Arguments.Contains("4x16") || s.Arguments.Contains("8") ? "broken" : null };
        var knowledge = await network.Search(HalfAPoint);

        Assert.Contains(knowledge.Trials, t => t.Failure?.Sentence == "broken");
        Assert.InRange(knowledge.Objective(knowledge.Best!.Size!), 0, 0.6);
    }

    [Fact]
    public void Layers_go_before_channels_and_nothing_is_measured_on_test_items_to_choose_them()
    {
        var steps = SyntheticNetwork.Space.Steps(new("layers of 8, 2 fewer", 300, "int8", "labels"), 0);

        Assert.Equal(["prune", "prune", "finetune", "quantize", "finetune"], steps.Select(s => s.Command));
        Assert.Equal(["--method", "blocks", "--blocks", "2", "--data", SearchStep.Samples], steps[0].Arguments);
        Assert.Contains("channels", steps[1].Arguments);
    }

    [Theory]
    [InlineData(0.3, "labels")]
    [InlineData(1, "labels")]
    [InlineData(3, "teacher")]
    public async Task Networks_learn_from_what_made_more_of_the_first_design_that_was_trained_with_both(double teaching, string better)
    {
        var knowledge = await new SyntheticNetwork { Teaching = teaching }.Search(HalfAPoint);

        Assert.Equal((true, better), (knowledge.RecoveryIsKnown, knowledge.Recovery));
        var pruned = knowledge.Trials.Where(t => t.Level > SearchSpace.Untrained && t.Design.Permille > 0).ToList();
        Assert.Equal(2, pruned.Take(4).Select(t => t.Design.Recovery).Distinct().Count());
        Assert.Single(pruned.Take(4).Select(t => t.Design with { Recovery = "" }).Distinct());
        Assert.All(pruned.Skip(4), t => Assert.Equal(better, t.Design.Recovery));
        Assert.Equal(better, knowledge.Best!.Design.Recovery);
    }

    [Fact]
    public async Task A_way_to_train_that_fails_is_given_up_after_one_design()
    {
        var network = new SyntheticNetwork { Fault = s => s.Command == "finetune" ? "no classes" : null };
        var knowledge = await network.Search(HalfAPoint);

        var failed = knowledge.Trials.Where(t => t.Failure is not null && t.Design.Permille > 0).ToList();
        Assert.Single(failed);
        Assert.Equal("teacher", knowledge.Best!.Design.Recovery);
    }

    [Fact]
    public void What_is_not_trained_is_the_same_whatever_would_be_learnt_from()
    {
        var (labels, teacher) = (new Design("layers", 500, "int8", "labels"), new Design("layers", 500, "int8", "teacher"));
        var step = new StepResult("a", "", 0, null, 0.9, null);

        Assert.True(new Trial(labels, SearchSpace.Untrained, [step]).IsOf(teacher));
        Assert.False(new Trial(labels, 0, [step]).IsOf(teacher));
        Assert.Equal(
            SyntheticNetwork.Space.Steps(labels, SearchSpace.Untrained).Select(s => s.IdAfter("")),
            SyntheticNetwork.Space.Steps(teacher, SearchSpace.Untrained).Select(s => s.IdAfter(""))
        );
    }

    [Fact]
    public async Task Where_no_layer_can_go_the_others_are_searched_and_no_form_is_tried_twice()
    {
        var network = new SyntheticNetwork { Fault = s => s.Arguments.Contains("blocks") ? "there is no block" : null };
        var knowledge = await network.Search(HalfAPoint);

        var failed = knowledge.Trials.Where(t => t.Failure is not null).ToList();
        Assert.All(failed, t => Assert.Equal("int8", t.Design.Form));
        Assert.Equal(["layers of 8, 2 fewer"], failed.Select(t => t.Design.Family).Distinct());
        Assert.InRange(knowledge.Objective(knowledge.Best!.Size!), 0, 0.6);
    }

    [Fact]
    public async Task A_search_gives_up_when_every_training_fails()
    {
        var network = new SyntheticNetwork { Fault = s => s.Trains ? "no gradient" : null };
        var knowledge = await network.Search(HalfAPoint);

        Assert.InRange(knowledge.Trials.Count(t => t.Failure is not null), 1, 8);
        Assert.NotNull(knowledge.Best);
    }

    [Fact]
    public async Task Forms_that_make_nothing_smaller_are_not_trained()
    {
        // In the synthetic network weights of 16 values take as many bytes as others.
        var knowledge = await new SyntheticNetwork().Search(HalfAPoint);

        Assert.DoesNotContain(knowledge.Candidates, c => c.Design.Form == "16 values");
        Assert.Contains(knowledge.Candidates, c => c.Design.Form == "int4");
    }
}
