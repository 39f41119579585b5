using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Kernels;

public sealed class QuantizedMatMulTests
{
    [Fact]
    public void A_product_with_constant_weights_equals_onnxruntime_on_every_target()
    {
        var cases =
            from rows in Gen.OneOf(Gen.Const(1), Gen.Int[1, 20])
            from depth in Gen.Int[1, 130]
            from columns in Gen.Int[1, 70]
            from signedInput in Gen.Bool
            from signedWeights in Gen.Bool
            from inputZero in Int8Models.Pick(0, 128, 77, 255)
            from multiplier in Int8Models.Multipliers
            from extremes in Int8Models.Pick(Extremes.None, Extremes.Random, Extremes.Low, Extremes.High)
            from seed in Gen.Int[0, 1000]
            select (rows, depth, columns, signedInput, signedWeights: signedInput || signedWeights, inputZero, multiplier, extremes, seed);
        cases.Sample(
            c =>
            {
                var random = new Random(c.seed);
                var model = new OnnxModelBuilder();
                var x = model.Input("x", c.signedInput ? ElementType.Int8 : ElementType.UInt8, c.rows, c.depth);
                var b = model.Constant(Int8Models.Weights(random, c.signedWeights, c.extremes, [c.depth, c.columns]));
                var y = Product(model, x, b, c.signedInput, c.signedWeights, c.inputZero, c.multiplier);
                Differential.Check(model, c.seed, inputs: Int8Models.Input(c.extremes, c.signedInput, c.rows * c.depth));
            },
            iter: 12,
            threads: 1
        );
    }

    [Fact]
    public void A_product_of_two_inputs_broadcasts_as_onnxruntime_does()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.UInt8, 2, 1, 5, 7);
        var b = model.Input("b", ElementType.UInt8, 3, 7, 4);
        Product(model, x, b, signedInput: false, signedWeights: false, inputZero: 100, multiplier: 1f / 128);
        Differential.Check(model);
    }

    private static string Product(
        OnnxModelBuilder model,
        string x,
        string b,
        bool signedInput,
        bool signedWeights,
        int inputZero,
        float multiplier
    )
    {
        var y = model.Node(
            "QLinearMatMul",
            [
                x,
                model.Constant([], 1f),
                Int8Models.ZeroPoint(model, signedInput, signedInput ? inputZero - 128 : inputZero),
                b,
                model.Constant([], multiplier),
                Int8Models.ZeroPoint(model, signedWeights, signedWeights ? 0 : 128),
                model.Constant([], 1f),
                Int8Models.ZeroPoint(model, signedInput, signedInput ? -3 : 99),
            ]
        );
        model.Output(y, signedInput ? ElementType.Int8 : ElementType.UInt8);
        return y;
    }
}
