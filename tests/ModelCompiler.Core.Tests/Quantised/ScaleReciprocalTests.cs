using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Core.Tests.Quantised;

public sealed class ScaleReciprocalTests
{
    [Fact]
    public void Products_round_like_the_quotient_around_every_tie() =>
        Gen.Select(Gen.Float[1e-6f, 100], Gen.Int[0, 255])
            .Sample(
                (scale, zero) =>
                {
                    var reciprocal = ScaleReciprocal.Of(new Quantization(scale, zero, ElementType.UInt8));
                    Assert.NotNull(reciprocal);
                    for (var integer = 0; integer < 255; integer++)
                    {
                        var x = (integer - zero + 0.5f) * scale;
                        for (var i = 0; i < 4; i++)
                        {
                            x = MathF.BitDecrement(x);
                        }

                        for (var i = 0; i < 9; i++, x = MathF.BitIncrement(x))
                        {
                            var product =
                                reciprocal.Low == 0 ? x * reciprocal.High : MathF.FusedMultiplyAdd(x, reciprocal.High, x * reciprocal.Low);
                            Assert.Equal(MathF.Round(x / scale), MathF.Round(product));
                        }
                    }
                },
                iter: 200
            );

    [Theory]
    [InlineData(0.25f, 4, 0)]
    [InlineData(1 / 3f, 3, -1)]
    public void The_lower_part_is_what_the_higher_lacks(float scale, float near, int sign)
    {
        var reciprocal = ScaleReciprocal.Of(new Quantization(scale, 0, ElementType.Int8))!;
        Assert.Equal(sign, Math.Sign(reciprocal.High - near));
        Assert.Equal(1 / (double)scale, (double)reciprocal.High + reciprocal.Low, 1e-12);
    }

    [Theory]
    [InlineData(1e-30f)]
    [InlineData(1e30f)]
    public void Scales_whose_products_could_leave_the_range_of_floats_stay_divisions(float scale) =>
        Assert.Null(ScaleReciprocal.Of(new Quantization(scale, 0, ElementType.Int8)));

    [Fact]
    public void The_fused_product_is_that_of_the_processor() =>
        Gen.Select(Gen.Float[-100, 100], Gen.Float[-1e-3f, 1e-3f], Gen.Float[-1, 1], Gen.Int[-40, 0])
            .Sample(
                (a, b, c, exponent) =>
                {
                    var scaled = MathF.ScaleB(c, exponent);
                    Assert.Equal(MathF.FusedMultiplyAdd(a, b, scaled), PortableMath.FusedMultiplyAdd(a, b, scaled));

                    // The product lies at the middle between two floats, and what is added decides.
                    var factor = 1 + MathF.ScaleB(1, -12);
                    Assert.Equal(MathF.FusedMultiplyAdd(factor, factor, scaled), PortableMath.FusedMultiplyAdd(factor, factor, scaled));
                },
                iter: 10000
            );
}
