using ModelCompiler.Graphs;
using ModelCompiler.Sizes;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Sizes;

/// <summary>One class for several sizes, against ONNX Runtime for some of them.</summary>
public sealed class SizeTests
{
    [Fact]
    public void A_convolutional_network_runs_for_each_item_of_its_batch() =>
        AssertLooped(
            Differential.CheckSizes(
                SizedNetworks.Cnn(),
                ["batch=1..8"],
                [
                    [1],
                    [2],
                    [3],
                    [8],
                ]
            )
        );

    [Fact]
    public void A_perceptron_runs_for_each_item_of_its_batch() =>
        AssertLooped(
            Differential.CheckSizes(
                SizedNetworks.Mlp(),
                ["batch=1..1000"],
                [
                    [1],
                    [5],
                    [1000],
                ]
            )
        );

    [Fact]
    public void A_recurrent_layer_runs_for_each_sequence_of_its_batch() =>
        AssertLooped(
            Differential.CheckSizes(
                SizedNetworks.LstmOfBatch(),
                ["batch=2..6"],
                [
                    [2],
                    [5],
                    [6],
                ]
            )
        );

    [Fact]
    public void Attention_over_time_has_a_program_for_each_length() =>
        AssertPrograms(
            8,
            Differential.CheckSizes(
                SizedNetworks.Transformer(hasOpenBatch: false),
                ["time=1..8"],
                [
                    [1],
                    [2],
                    [5],
                    [8],
                ]
            )
        );

    [Fact]
    public void A_recurrent_layer_over_time_has_a_program_for_each_length() =>
        AssertPrograms(
            12,
            Differential.CheckSizes(
                SizedNetworks.Lstm(1),
                ["time=1..12"],
                [
                    [1],
                    [6],
                    [12],
                ]
            )
        );

    [Fact]
    public void Items_that_do_not_lie_behind_each_other_have_a_program_for_each_number()
    {
        var compiled = Differential.CheckSizes(
            SizedNetworks.Lstm("batch"),
            ["time=1..2", "batch=2..4"],
            [
                [1, 4],
                [2, 2],
                [2, 4],
            ]
        );

        // [1,4,3] and [2,2,3] have the same length.
        Assert.Equal((6, null, true), (compiled.Sizes!.Programs, compiled.Sizes.ItemRange, compiled.SizesAreParameters));
    }

    [Fact]
    public void Items_that_meet_have_a_program_for_each_number() =>
        AssertPrograms(
            5,
            Differential.CheckSizes(
                SizedNetworks.Mixing(),
                ["batch=2..6"],
                [
                    [2],
                    [3],
                    [6],
                ]
            )
        );

    [Fact]
    public void A_batch_is_looped_over_by_the_program_of_each_length()
    {
        var compiled = Differential.CheckSizes(
            SizedNetworks.Transformer(),
            ["batch=1..30", "time=2..5"],
            [
                [1, 2],
                [3, 4],
                [30, 5],
            ]
        );

        Assert.Equal((4, 0), (compiled.Sizes!.Programs, compiled.Sizes.ItemRange));
        // Six elements could be [3,2] or [2,3] times 8.
        Assert.True(compiled.SizesAreParameters);
    }

    [Fact]
    public void Hundreds_of_lengths_share_most_of_their_code()
    {
        var compiled = Differential.CheckSizes(
            SizedNetworks.BidirectionalLstm(),
            ["batch=1..8", "time=1..400"],
            [
                [1, 1],
                [3, 17],
                [8, 399],
                [2, 400],
            ],
            targets: [Target.All.Single(t => t.Name == "portable")]
        );

        Assert.Equal((400, 0), (compiled.Sizes!.Programs, compiled.Sizes.ItemRange));
        Assert.InRange(compiled.Implementation.Length, 0, 1_000_000);
    }

    [Fact]
    public void Threads_compute_the_layers_of_each_program()
    {
        var (model, random) = (new OnnxModelBuilder(), new Random(6));
        var x = model.SymbolicInput("x", ElementType.Float32, 1, "rows", 64);
        var hidden = model.Node("MatMul", [x, SizedNetworks.Weights(model, random, 64, 512)]);
        var y = model.Node("MatMul", [model.Node("Relu", [hidden]), SizedNetworks.Weights(model, random, 512, 64)]);
        model.Output(model.Node("Softmax", [y], ("axis", 1L)), ElementType.Float32);

        AssertPrograms(
            3,
            Differential.CheckSizes(
                model,
                ["rows=30..32"],
                [
                    [30],
                    [31],
                    [32],
                ],
                threads: 2
            )
        );
    }

    [Fact]
    public void Equal_weights_of_several_programs_lie_in_one_place()
    {
        var model = SizedNetworks.Transformer(hasOpenBatch: false);
        var one = Compile(model, "time=5").Weights.Length;

        Assert.InRange(Compile(model, "time=1..5").Weights.Length, one, one * 2);
    }

    [Fact]
    public void The_arena_is_large_enough_for_the_largest_size()
    {
        var options = new CompileOptions().With([DimensionRange.Parse("time=1..6")!]);
        var description = ModelCompilation.Plan(Source(SizedNetworks.Transformer(false)), options).Description!;
        var largest = ModelCompilation.Plan(
            Source(SizedNetworks.Transformer(false)),
            new CompileOptions().With([DimensionRange.Parse("time=6")!])
        );

        Assert.Equal(largest.Description!.ArenaBytes, description.ArenaBytes);
        Assert.Equal("[1,1..6,8]", description.Inputs[0].Sizes);
    }

    private static void AssertLooped(CompiledModel compiled) => Assert.Equal((1, 0), (compiled.Sizes!.Programs, compiled.Sizes.ItemRange));

    private static void AssertPrograms(int programs, CompiledModel compiled) =>
        Assert.Equal((programs, null, false), (compiled.Sizes!.Programs, compiled.Sizes.ItemRange, compiled.SizesAreParameters));

    private static ModelSource Source(OnnxModelBuilder model) => new("test.onnx", model.ToBytes(), _ => null);

    private static CompiledModel Compile(OnnxModelBuilder model, string size) =>
        ModelCompilation.Compile(Source(model), new CompileOptions().With([DimensionRange.Parse(size)!]));
}
