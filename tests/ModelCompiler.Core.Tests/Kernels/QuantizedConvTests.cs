using CsCheck;

namespace ModelCompiler.Core.Tests.Kernels;

public sealed class QuantizedConvTests
{
    [Fact]
    public void Any_convolution_equals_onnxruntime_on_every_target()
    {
        var cases =
            from rank in Gen.Int[1, 2]
            from spatial in Gen.Int[5, 12].Array[rank]
            from kernel in Gen.Int[1, 3].Array[rank]
            from strides in Gen.Int[1, 2].Array[rank]
            from dilations in Gen.Int[1, 2].Array[rank]
            from pads in Gen.Int[0, 1].Array[rank * 2]
            from @group in Int8Models.Pick(1, 1, 1, 2, 3)
            from channels in Gen.Int[1, 20]
            from outputs in Gen.Int[1, 36]
            from batch in Int8Models.Pick(1, 1, 2)
            from signedInput in Gen.Bool
            from signedWeights in Gen.Bool
            from perChannel in Gen.Bool
            from inputZero in Int8Models.Pick(0, 128, 77, 255)
            from outputZero in Int8Models.Pick(0, 128, 33, 255)
            from bias in Gen.Bool
            from multiplier in Int8Models.Multipliers
            from extremes in Int8Models.Pick(Extremes.None, Extremes.None, Extremes.Random, Extremes.Low, Extremes.High)
            from seed in Gen.Int[0, 1000]
            select new ConvCase(
                spatial,
                channels * @group,
                outputs * @group,
                kernel,
                strides,
                dilations,
                pads,
                @group,
                batch,
                signedInput,
                signedInput || signedWeights,
                (signedInput || signedWeights) && perChannel,
                inputZero,
                signedInput || signedWeights ? 0 : 128,
                outputZero,
                bias,
                multiplier,
                extremes,
                seed
            );
        cases.Sample(c => c.Check(), iter: 12, threads: 1);
    }

    [Fact]
    public void Depthwise_convolutions_equal_onnxruntime_on_every_target()
    {
        var cases =
            from height in Gen.Int[1, 12]
            from width in Int8Models.Pick(1, 2, 3, 4, 5, 6, 7, 8, 9, 20)
            from kernel in Int8Models.Pick<int[]>([3, 3], [3, 3], [5, 5], [1, 3], [3, 1], [2, 2], [7, 7], [2, 4], [6, 1])
            from strides in Int8Models.Pick<int[]>([1, 1], [1, 1], [2, 2], [3, 3], [1, 2], [2, 1])
            from dilations in Int8Models.Pick<int[]>([1, 1], [1, 1], [1, 1], [2, 2], [1, 3])
            from pads in Gen.Int[0, 3].Array[4]
            from channels in Int8Models.Pick(1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 24, 32, 40, 48, 64, 96, 144)
            from batch in Int8Models.Pick(1, 1, 2)
            from signedInput in Gen.Bool
            from perChannel in Gen.Bool
            from inputZero in Int8Models.Pick(0, 128, 77, 255)
            from outputZero in Int8Models.Pick(0, 128, 255)
            from multiplier in Int8Models.Multipliers
            from extremes in Int8Models.Pick(Extremes.None, Extremes.None, Extremes.Random, Extremes.Low, Extremes.High)
            from seed in Gen.Int[0, 1000]
            let spatial = new[] { height, width }
            where Enumerable.Range(0, 2).All(i => spatial[i] + pads[i] + pads[i + 2] > (kernel[i] - 1) * dilations[i])
            select new ConvCase(
                spatial,
                channels,
                channels,
                kernel,
                strides,
                dilations,
                pads,
                channels,
                batch,
                SignedInput: signedInput,
                PerChannel: perChannel,
                InputZeroPoint: inputZero,
                OutputZeroPoint: outputZero,
                Multiplier: multiplier,
                Extremes: extremes,
                Seed: seed
            );
        cases.Sample(c => c.Check(), iter: 24, threads: 1);
    }
}
