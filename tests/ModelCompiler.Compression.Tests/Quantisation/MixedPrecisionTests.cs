using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Testing;

namespace ModelCompiler.Compression.Tests.Quantisation;

public sealed class MixedPrecisionTests
{
    private static readonly CompileOptions Compile = new() { ClassName = "Quantised" };

    private readonly OnnxModelBuilder _model = FloatModels.ResNet().Builder;

    [Fact]
    public void Layers_get_4_bits_until_the_budget_is_met_and_no_more()
    {
        var (wide, narrow) = (Bytes(8), Bytes(4));
        var budget = (wide + narrow) / 2;
        var layers = Choose(budget);

        Assert.Contains(layers, l => l.Bits == 8);
        var narrowed = layers.Where(l => l.Bits == 4).ToList();
        Assert.InRange(Bytes(layers.ToDictionary(l => l.Layer, l => l.Bits)), narrow, budget);
        // With any of them at 8 bits again, the budget is not met.
        Assert.All(
            narrowed,
            layer => Assert.True(Bytes(layers.ToDictionary(l => l.Layer, l => l == layer ? 8 : l.Bits)) > budget, layer.Layer)
        );
    }

    [Fact]
    public void The_choice_costs_less_than_the_opposite_one_of_as_many_bytes()
    {
        var layers = Choose((Bytes(8) + Bytes(4)) / 2);
        var chosen = layers.ToDictionary(l => l.Layer, l => l.Bits);
        var opposite = layers.ToDictionary(l => l.Layer, l => l.Bits == 8 ? 4 : 8);

        Assert.True(Error(chosen) < Error(opposite), $"{Error(chosen)}, {Error(opposite)}");
    }

    [Fact]
    public void A_budget_that_8_bits_meet_changes_nothing()
    {
        Assert.All(Choose(Bytes(8)), l => Assert.Equal((8, null), (l.Bits, l.Error)));
    }

    [Fact]
    public void A_budget_that_cannot_be_met_says_the_least()
    {
        var fault = Assert.Throws<BudgetException>(() => Choose(100));
        Assert.Contains($"{Bytes(4)}, which is the least", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_that_may_not_change_keep_8_bits()
    {
        var budget = (Bytes(8) + Bytes(4)) / 2;
        var largest = Choose(budget).MaxBy(l => l.SavedBytes)!.Layer;

        Assert.Equal(8, Choose(Bytes(8) - 1, name => name != largest).Single(l => l.Layer == largest).Bits);
        Assert.Throws<BudgetException>(() => Choose(Bytes(4), name => name != largest));
    }

    [Fact]
    public void A_model_of_both_widths_runs_in_onnxruntime_and_compiles()
    {
        var bits = Calibrated().Layers.Select((name, i) => (name, i)).ToDictionary(l => l.name, l => l.i % 2 == 0 ? 4 : 8);
        var quantised = QuantisedModels.Quantise(_model, new QuantisationOptions { LayerWeightBits = bits });

        Assert.InRange(QuantisedModels.ErrorInOnnxRuntime(_model, quantised), 0, 0.3);
        QuantisedModels.AssertCompiledCodeAgrees(quantised);
    }

    private IReadOnlyList<LayerPrecision> Choose(long budget, Func<string, bool>? mayChange = null) =>
        MixedPrecision.Choose(
            Calibrated(),
            new QuantisationOptions(),
            budget,
            Compile,
            ModelDrop.OfOutputs(_model.ToBytes(), [.. QuantisedModels.Samples(_model.ToBytes(), 10)]),
            mayChange ?? (_ => true)
        );

    private CalibratedModel Calibrated() =>
        CalibratedModel.Of(FloatModels.Source(_model.ToBytes()), QuantisedModels.Samples(_model.ToBytes(), 20), new QuantisationOptions());

    private double Error(IReadOnlyDictionary<string, int> bits) =>
        ModelDrop
            .OfOutputs(_model.ToBytes(), [.. QuantisedModels.Samples(_model.ToBytes(), 10)])
            .Of(Calibrated().Quantise(new QuantisationOptions { LayerWeightBits = bits }).Model);

    private long Bytes(int bits) => Bytes(Calibrated().Layers.ToDictionary(l => l, _ => bits));

    private long Bytes(IReadOnlyDictionary<string, int> bits)
    {
        var model = Calibrated().Quantise(new QuantisationOptions { LayerWeightBits = bits }).Model;
        return ModelCompilation.Plan(new ModelSource("quantised.onnx", model, _ => null), Compile).Description!.WeightBytes;
    }
}
