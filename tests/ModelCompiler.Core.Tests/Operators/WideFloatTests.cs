using CsCheck;
using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Passes;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Operators on floats of at most 16 bits: computed in float32, moved as they are.</summary>
public sealed class WideFloatTests
{
    // Two units in the last place; ONNX Runtime has some kernels that sum in float16.
    private static readonly Differential.Tolerance Half = new(2e-3, 1e-3);

    private static readonly IReadOnlyList<Target> Portable = [Target.Find("portable")!];

    [Fact]
    public void A_convolutional_network_in_float16_equals_onnxruntime_on_every_target()
    {
        var model = Network(ElementType.Float16, seed: 1);
        Differential.Check(model, tolerance: Half);
    }

    [Fact]
    public void Exceptions_are_operators_that_there_are() => Assert.Empty(WideFloats.Exceptions.Except(OnnxOperatorTable.StandardNames));

    [Fact]
    public void Nothing_is_rounded_between_layers()
    {
        var model = Network(ElementType.Float16, seed: 1);
        var (graph, _) = OnnxImporter.Import(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        graph = Pipeline.Run(graph!, Target.Auto);
        var casts = graph.Nodes.Where(n => n.Operator is Cast).ToList();
        Assert.Equal([ElementType.Float32, ElementType.Float16], casts.Select(c => c.Output.Element));
        Assert.Same(graph.Inputs[0], casts[0].Input(0));
        Assert.Same(graph.Outputs[0].Value, casts[1].Output);
    }

    /// <summary>ONNX Runtime computes nothing in bfloat16 on processors: the oracle is the same network in float32.</summary>
    [Fact]
    public void A_network_in_bfloat16_is_the_float_network_on_the_same_numbers()
    {
        var x = Differential.RandomElements(new TensorType(ElementType.BFloat16, new TensorShape(2, 3, 8, 8)), new Random(3));
        var wide = ((ushort[])x).Select(c => BitConverter.Int32BitsToSingle(c << 16)).ToArray();
        using var narrow = Load(Network(ElementType.BFloat16, seed: 2));
        using var floats = Load(Network(ElementType.Float32, seed: 2, weights: ElementType.BFloat16));
        var expected = (float[])floats.Run(wide)[0].Elements;
        var actual = Elements.Reals(narrow.Run(x)[0]);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], Math.Abs(expected[i]) * 0.0041f);
        }
    }

    private static OnnxModelBuilder Network(ElementType element, int seed, ElementType? weights = null)
    {
        var (random, model) = (new Random(seed), new OnnxModelBuilder(20));
        string Weights(params int[] shape)
        {
            var type = new TensorShape(shape);
            var values = Enumerable.Range(0, type.Elements).Select(_ => random.NextSingle() - 0.5f).ToArray();
            return model.Constant(In(In(Tensor.Floats(type, values), weights ?? element), element));
        }

        var x = model.Input("x", element, 2, 3, 8, 8);
        var y = model.Node("Relu", [model.Node("Conv", [x, Weights(8, 3, 3, 3), Weights(8)], ("pads", (int[])[1, 1, 1, 1]))]);
        y = model.Node("MaxPool", [y], ("kernel_shape", (int[])[2, 2]), ("strides", (int[])[2, 2]));
        y = model.Node("Add", [y, model.Node("Sigmoid", [model.Node("Conv", [y, Weights(8, 1, 1, 1)], ("group", 8))])]);
        y = model.Node("Reshape", [y, model.Constant(Tensor.Longs(2, 16, 8))]);
        y = model.Node("LayerNormalization", [y, Weights(8)]);
        y = model.Node("MatMul", [model.Node("Transpose", [y], ("perm", (int[])[0, 2, 1])), Weights(16, 5)]);
        return model.Output(model.Node("Softmax", [y]), element);
    }

    /// <summary>A tensor in another element type, or in none other.</summary>
    private static Tensor In(Tensor tensor, ElementType element) =>
        tensor.Element == element
            ? tensor
            : Graphs.Folding.CastEvaluator.Evaluate(new Cast(element), [tensor], [tensor.Type with { Element = element }])![0];

    [Theory]
    [InlineData("Erf", "Exp", "Gelu", "HardSwish", "Mish", "Softplus")]
    [InlineData("Softmax", "LogSoftmax", "Hardmax", "LpNormalization", "GlobalAveragePool", "MeanVarianceNormalization")]
    [InlineData("Abs", "Neg", "Sign", "Round", "Clip", "Floor")]
    [InlineData("ReduceMax", "ReduceMean", "ReduceSum", "ReduceL2", "ReduceProd", "ReduceLogSumExp")]
    public void Operators_of_one_input_in_float16_equal_onnxruntime(params string[] operators)
    {
        var model = new OnnxModelBuilder(20);
        var x = model.Input("x", ElementType.Float16, 1, 3, 4, 5);
        foreach (var op in operators)
        {
            model.Output(model.Node(op, [x]), ElementType.Float16);
        }

        Differential.Check(model, tolerance: Half, targets: Portable);
    }

    [Fact]
    public void Operators_of_two_inputs_in_float16_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(20);
        var (x, y) = (model.Input("x", ElementType.Float16, 3, 4, 5), model.Input("y", ElementType.Float16, 5));
        foreach (var op in new[] { "Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu" })
        {
            model.Output(model.Node(op, [x, y]), ElementType.Float16);
        }

        model.Output(model.Node("Mod", [x, y], ("fmod", 1)), ElementType.Float16);
        model.Output(model.Node("Pow", [model.Node("Abs", [x]), y]), ElementType.Float16);
        foreach (var op in new[] { "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual" })
        {
            model.Output(model.Node(op, [x, y]), ElementType.Bool);
        }

        model.Output(model.Node("IsNaN", [x]), ElementType.Bool);
        model.Output(model.Node("IsInf", [x]), ElementType.Bool);
        model.Output(model.Node("ArgMax", [x], ("axis", 1)), ElementType.Int64);
        var top = model.Node("TopK", "", [x, model.Constant(Tensor.Longs(2))], [], 2);
        model.Output(top[0], ElementType.Float16).Output(top[1], ElementType.Int64);
        Differential.Check(model, tolerance: Half, targets: Portable);
    }

    /// <summary>Element-wise chains are computed in vectors of floats; a Cast of the model in their middle rounds.</summary>
    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    public void Chains_round_where_the_model_says(ElementType element) =>
        Gen.Select(Gen.Int[1, 70], Gen.Bool)
            .Sample(
                (width, isSpread) =>
                {
                    var model = new OnnxModelBuilder(20);
                    var (x, y) = (model.Input("x", element, 3, width), model.Input("y", element, isSpread ? [3, 1] : [width]));
                    var (wideX, wideY) = (model.Node("Cast", [x], ("to", 1)), model.Node("Cast", [y], ("to", 1)));
                    var product = model.Node("Cast", [model.Node("Mul", [wideX, wideY])], ("to", (int)element));
                    var wide = model.Node("Cast", [product], ("to", 1));
                    var sum = model.Node("Where", [model.Node("Less", [wideX, wide]), model.Node("Add", [wide, wideX]), wideY]);
                    model.Output(model.Node("Cast", [sum], ("to", (int)element)), element);
                    model.Output(model.Node("Sub", [wide, wideY]), ElementType.Float32);
                    Differential.Check(
                        model,
                        seed: width,
                        tolerance: new(0, 0),
                        targets: Targets.OfEachWidth,
                        optimisation: GraphOptimizationLevel.ORT_DISABLE_ALL
                    );
                },
                iter: 2
            );

    /// <summary>What ONNX Runtime has in no 16 bits: the oracle is the same model on the same numbers in float32.</summary>
    [Theory]
    [InlineData(ElementType.Float16, 1e-3)]
    [InlineData(ElementType.BFloat16, 1e-2)]
    public void Operators_on_signals_regions_and_selections_are_those_of_floats(ElementType element, double tolerance)
    {
        using var narrow = Load(Signals(element));
        using var floats = Load(Signals(ElementType.Float32));
        var given = Differential.RandomInputs(narrow.Inputs, 7);
        var actual = narrow.Run([.. given.Select(i => i.Elements)]);
        var expected = floats.Run([.. given.Select(i => i.Type.Element == element ? Elements.Reals(i) : i.Elements)]);
        foreach (var (e, a) in expected.Zip(actual))
        {
            var isReal = e.Type.Element == ElementType.Float32;
            Assert.Equal(isReal ? element : e.Type.Element, a.Type.Element);
            var reals = isReal ? a with { Type = e.Type, Elements = Elements.Reals(a) } : a;
            Assert.True(Comparison.Of(e, reals, new Tolerance(tolerance, tolerance)).Agrees, $"{e.Name}: {e.Type}");
        }
    }

    private static OnnxModelBuilder Signals(ElementType element)
    {
        var model = new OnnxModelBuilder(20);
        var (x, square) = (model.Input("x", element, 1, 2, 6, 6), model.Input("square", element, 2, 3, 3));
        void Add(string op, string?[] inputs, params (string, object)[] attributes) =>
            model.Output(model.Node(op, inputs, attributes), element);
        Add("Det", [square]);
        Add("DFT", [model.Input("signal", element, 1, 8, 1), null, model.Constant(Tensor.Longs(1).Reshape(TensorShape.Scalar))]);
        var regions = model.Input("regions", element, 2, 4);
        Add("RoiAlign", [x, regions, model.Constant(Tensor.Longs(0, 0))], ("output_height", 2), ("output_width", 2));
        Add("Compress", [x, model.Input("chosen", ElementType.Bool, 6)], ("axis", 3));
        Add("Compress", [model.Node("Relu", [x]), model.Input("others", ElementType.Bool, 6)], ("axis", 2));
        model.Output(model.Node("NonZero", [model.Node("Relu", [square])]), ElementType.Int64);
        var unique = model.Node("Unique", "", [model.Node("Round", [square])], [], 4);
        model.Output(unique[0], element).Output(unique[3], ElementType.Int64);
        return model;
    }

    /// <summary>Mean and deviation of a normalisation are floats whatever is normalised; the type of a Pow is the base's.</summary>
    [Fact]
    public void Results_have_the_types_that_the_specification_gives_them()
    {
        var model = new OnnxModelBuilder(20);
        var x = model.Input("x", ElementType.Float16, 4, 8);
        var normalised = model.Node("LayerNormalization", "", [x, model.Input("scale", ElementType.Float16, 8)], [], 3);
        model
            .Output(normalised[0], ElementType.Float16)
            .Output(normalised[1], ElementType.Float32)
            .Output(normalised[2], ElementType.Float32);
        model.Output(model.Node("Pow", [model.Input("base", ElementType.Float32, 8), x]), ElementType.Float32);
        model.Output(model.Node("EyeLike", [x], ("dtype", (int)ElementType.Float32)), ElementType.Float32);
        var depth = model.Constant(Tensor.Longs(3).Reshape(TensorShape.Scalar));
        model.Output(model.Node("OneHot", [x, depth, model.Constant(Tensor.Floats(new(2), 0.5f, 2))]), ElementType.Float32);
        var window = model.Node("HannWindow", [depth], ("output_datatype", (int)ElementType.Float16));
        model.Output(window, ElementType.Float16);
        using var network = Load(model);
        Assert.Equal(
            [
                ElementType.Float16,
                ElementType.Float32,
                ElementType.Float32,
                ElementType.Float32,
                ElementType.Float32,
                ElementType.Float32,
                ElementType.Float16,
            ],
            network.Outputs.Select(o => o.Type.Element)
        );
    }

    public static TheoryData<ElementType, ElementType> Moved =>
        new()
        {
            { ElementType.Float16, ElementType.Int16 },
            { ElementType.BFloat16, ElementType.Int16 },
            { ElementType.Float8E5M2, ElementType.UInt8 },
            { ElementType.Float8E8M0, ElementType.UInt8 },
            { ElementType.Float4E2M1, ElementType.UInt8 },
            { ElementType.UInt4, ElementType.UInt8 },
            { ElementType.Int2, ElementType.Int8 },
        };

    /// <summary>Moving elements moves their bits: the oracle is the same model on integers of the same size.</summary>
    [Theory]
    [MemberData(nameof(Moved))]
    public void Elements_are_moved_as_they_are(ElementType element, ElementType integers)
    {
        var x = Differential.RandomElements(new TensorType(element, new TensorShape(4, 6)), new Random(1));
        var codes = Elements.Allocate(new TensorType(integers, new TensorShape(4, 6)));
        Elements.Bytes(x).CopyTo(Elements.Bytes(codes));
        using var network = Load(Movements(element));
        using var oracle = Load(Movements(integers));
        bool[] condition = [true, false, false, true, true, false];
        var expected = oracle.Run(codes, condition);
        var actual = network.Run(x, condition);
        foreach (var (e, a) in expected.Zip(actual))
        {
            Assert.Equal(element, a.Type.Element);
            Assert.Equal(Elements.Bytes(e.Elements).ToArray(), Elements.Bytes(a.Elements).ToArray());
        }
    }

    private static OnnxModelBuilder Movements(ElementType element)
    {
        var model = new OnnxModelBuilder(25);
        var (x, condition) = (model.Input("x", element, 4, 6), model.Input("condition", ElementType.Bool, 6));
        var one = model.Constant(
            Tensor.FromBytes(new TensorType(element, TensorShape.Scalar), [.. new byte[element.SizeInBytes() - 1], 1])
        );
        var indices = model.Constant(Tensor.Longs(2, 0));
        void Add(string op, string[] inputs, params (string, object)[] attributes) =>
            model.Output(model.Node(op, inputs, attributes), element);

        Add("Transpose", [x]);
        Add("Concat", [x, x], ("axis", 1));
        Add("Pad", [x, model.Constant(Tensor.Longs(1, 0, 0, 2)), one]);
        Add("Tile", [x, model.Constant(Tensor.Longs(2, 1))]);
        Add("Expand", [x, model.Constant(Tensor.Longs(2, 4, 6))]);
        Add(
            "Slice",
            [
                x,
                model.Constant(Tensor.Longs(3)),
                model.Constant(Tensor.Longs(0)),
                model.Constant(Tensor.Longs(0)),
                model.Constant(Tensor.Longs(-2)),
            ]
        );
        Add("Gather", [x, indices], ("axis", 1));
        Add("GatherElements", [x, model.Constant(Tensor.Longs(2, 0).Reshape(new(1, 2)))]);
        Add("GatherND", [x, model.Constant(Tensor.Longs(2, 5).Reshape(new(1, 2)))]);
        Add(
            "ScatterElements",
            [
                x,
                model.Constant(Tensor.Longs(1).Reshape(new(1, 1))),
                model.Node("Slice", [x, model.Constant(Tensor.Longs(0, 0)), model.Constant(Tensor.Longs(1, 1))]),
            ]
        );
        Add("Where", [condition, x, one]);
        Add("Reshape", [x, model.Constant(Tensor.Longs(8, 3))]);
        Add("Identity", [x]);
        return model;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Weights_larger_than_what_is_folded_otherwise_are_widened_at_compile_time(bool byTheModel)
    {
        var model = new OnnxModelBuilder(20);
        var (x, shape) = (model.Input("x", ElementType.Float16, 1, 1024), new TensorShape(1024, 1024));
        var weights = Enumerable.Range(0, shape.Elements).Select(i => (System.Half)((i % 13) / 64f)).ToArray();
        var w = model.Constant(Tensor.From<System.Half>(ElementType.Float16, shape, weights));
        var y = byTheModel
            ? model.Node("MatMul", [model.Node("Cast", [x], ("to", 1)), model.Node("Cast", [w], ("to", 1))])
            : model.Node("MatMul", [x, w]);
        model.Output(y, byTheModel ? ElementType.Float32 : ElementType.Float16);
        var (graph, _) = OnnxImporter.Import(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        var product = Assert.Single(graph!.Nodes, n => n.Operator is MatMul);
        Assert.Equal(weights.Select(e => (float)e), product.Input(1).Constant!.ToFloats());
    }

    private static CompiledNetwork Load(OnnxModelBuilder model)
    {
        var options = new CompileOptions { ClassName = "TestModel" };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        return CompiledNetwork.Load(compiled, options);
    }
}
