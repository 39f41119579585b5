using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Kernels;

/// <summary>Weights of which compression has left few blocks or few values: packed in other forms, with the same results to the bit.</summary>
public sealed class CompressedWeightsTests
{
    private static readonly Gen<Compressed> Any =
        from density in Int8Models.Pick(0, 0.05, 0.2, 0.5, 1)
        from outputs in Int8Models.Pick(8, 16)
        from values in Int8Models.Pick(0, 0, 2, 5, 16, 17)
        from hasZero in Gen.Bool
        select new Compressed(density, outputs, values, hasZero);

    [Fact]
    public void A_pointwise_convolution_equals_onnxruntime_on_every_target() => Convolutions(1).Sample(c => c.Check(), iter: 6, threads: 1);

    [Fact]
    public void A_convolution_of_several_taps_equals_onnxruntime_on_every_target() =>
        Convolutions(3).Sample(c => c.Check(), iter: 5, threads: 1);

    [Theory]
    [InlineData("x64-avxvnni")]
    [InlineData("arm64-dotprod")]
    [InlineData("arm64")]
    public void Code_for_a_missing_instruction_set_equals_onnxruntime(string target)
    {
        ConvCase[] cases =
        [
            ConvCase.Square(5, 37, 40, 1) with
            {
                Compressed = new(0.3),
            },
            ConvCase.Square(4, 31, 50, 1) with
            {
                SignedInput = true,
                Compressed = new(1, Values: 16, HasZero: false),
            },
            ConvCase.Square(1, 134, 24, 1) with
            {
                Compressed = new(0.4, 8, 9),
            },
            ConvCase.Square(1, 75, 24, 1) with
            {
                SignedInput = true,
                Compressed = new(1, Values: 16, HasZero: false),
            },
            ConvCase.Square(5, 17, 24, 3, 1, 1) with
            {
                Compressed = new(0.3, 8, 12),
            },
        ];
        foreach (var @case in cases)
        {
            @case.Check([Target.Find(target)!], SoftwareIntrinsics.Substitute);
        }
    }

    private static Gen<ConvCase> Convolutions(int most) =>
        from spatial in Gen.OneOf(Gen.Const<int[]>([1, 1]), Gen.Int[3, 7].Array[2])
        from kernel in Gen.Int[1, most].Array[2]
        from pads in Gen.Int[0, 1].Array[4]
        from strides in Gen.Int[1, 2].Array[2]
        from dilation in Gen.Int[1, 2]
        from @group in Int8Models.Pick(1, 1, 1, 2)
        from channels in Gen.Int[1, 90]
        from outputs in Gen.Int[1, 70]
        from signedInput in Gen.Bool
        from signedWeights in Gen.Bool
        from inputZero in Int8Models.Pick(0, 128, 77, 255)
        from multiplier in Int8Models.Multipliers
        from compressed in Any
        from seed in Gen.Int[0, 1000]
        let one = most == 1
        where one || Enumerable.Range(0, 2).All(i => spatial[i] + pads[i] + pads[i + 2] > (kernel[i] - 1) * dilation)
        select new ConvCase(
            spatial,
            channels * @group,
            outputs * @group,
            kernel,
            one ? [1, 1] : strides,
            one ? [1, 1] : [dilation, dilation],
            one ? [0, 0, 0, 0] : pads,
            @group,
            SignedInput: signedInput,
            SignedWeights: signedInput || signedWeights,
            InputZeroPoint: inputZero,
            WeightZeroPoint: signedInput || signedWeights ? 0 : 128,
            Multiplier: multiplier,
            Seed: seed,
            Compressed: compressed
        );
}
