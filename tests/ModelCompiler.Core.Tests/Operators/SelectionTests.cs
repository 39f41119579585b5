using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Operators that pick elements by their values: how many there are, only the data say.</summary>
public sealed class SelectionTests
{
    private static readonly ElementType[] Types = [ElementType.Float32, ElementType.Int64, ElementType.UInt8, ElementType.Bool];

    [Fact]
    public void Coordinates_of_non_zeros_equal_onnxruntime() =>
        Gen.Select(Gen.OneOf(Types.Select(Gen.Const).ToArray()), Gen.Int[0, 4].Array[0, 4], Gen.Int[1, 1000])
            .Sample(
                (type, shape, seed) =>
                {
                    var model = new OnnxModelBuilder(13);
                    var x = model.Input("x", type, shape.Contains(0) ? [.. shape.Select(s => Math.Max(s, 1))] : shape);
                    model.Output(model.Node("NonZero", [x]), ElementType.Int64);
                    CheckSparse(model, type, shape.Aggregate(1, (p, s) => p * Math.Max(s, 1)), seed);
                },
                iter: 8
            );

    [Fact]
    public void Parts_that_a_condition_keeps_equal_onnxruntime() =>
        Gen.Select(Gen.OneOf(Types.Select(Gen.Const).ToArray()), Gen.Int[1, 4].Array[1, 3], Gen.Int[-3, 3], Gen.Int[1, 6], Gen.Int[1, 1000])
            .Sample(
                (type, shape, axis, length, seed) =>
                {
                    var model = new OnnxModelBuilder(11);
                    (string, object)[] attributes = axis >= -shape.Length && axis < shape.Length ? [("axis", axis)] : [];
                    var kept = Math.Min(
                        length,
                        attributes.Length > 0 ? shape[(axis + shape.Length) % shape.Length] : shape.Aggregate(1, (p, s) => p * s)
                    );
                    var (x, conditions) = (model.Input("data", type, shape), model.Input("conditions", ElementType.Bool, kept));
                    model.Output(model.Node("Compress", [x, conditions], attributes), type);
                    Differential.Check(model, seed, targets: [Target.Auto]);
                },
                iter: 8
            );

    [Fact]
    public void Unique_parts_equal_onnxruntime() =>
        Gen.Select(
                Gen.OneOf(Types.Take(2).Append(ElementType.Int8).Select(Gen.Const).ToArray()),
                Gen.Int[1, 5].Array[1, 3],
                Gen.Int[-3, 3],
                Gen.Bool,
                Gen.Int[1, 1000]
            )
            .Sample(
                (type, shape, axis, sorted, seed) =>
                {
                    var model = new OnnxModelBuilder(11);
                    (string, object)[] attributes = axis >= -shape.Length && axis < shape.Length ? [("axis", axis)] : [];
                    var x = model.Input("x", type, shape);
                    var outputs = model.Node("Unique", "", [x], [("sorted", sorted ? 1 : 0), .. attributes], outputs: 4);
                    foreach (
                        var (output, element) in outputs.Zip((ElementType[])[type, ElementType.Int64, ElementType.Int64, ElementType.Int64])
                    )
                    {
                        model.Output(output, element);
                    }

                    CheckSparse(model, type, shape.Aggregate(1, (p, s) => p * s), seed);
                },
                iter: 8
            );

    [Fact]
    public void Boxes_that_overlap_little_equal_onnxruntime() =>
        Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], Gen.Int[1, 30], Gen.Bool, Gen.Int[0, 6], Gen.Int[0, 7], Gen.Int[1, 1000])
            .Sample(
                (batches, classes, boxes, centred, most, given, seed) =>
                {
                    var model = new OnnxModelBuilder(11);
                    var (places, scores) = (
                        model.Input("boxes", ElementType.Float32, batches, boxes, 4),
                        model.Input("scores", ElementType.Float32, batches, classes, boxes)
                    );
                    string?[] inputs =
                    [
                        places,
                        scores,
                        (given & 1) != 0 ? model.Input("most", ElementType.Int64, 1) : model.Constant(Tensor.Longs(most)),
                        (given & 2) != 0 ? model.Input("overlap", ElementType.Float32, 1) : model.Constant([], 0.3f),
                        (given & 4) != 0 ? model.Constant([1], 0.5f) : null,
                    ];
                    model.Output(model.Node("NonMaxSuppression", inputs, ("center_point_box", centred ? 1 : 0)), ElementType.Int64);
                    Differential.Check(
                        model,
                        seed,
                        inputs: new Dictionary<string, Array> { ["most"] = (long[])[most], ["overlap"] = (float[])[0.2f] },
                        targets: [Target.Auto]
                    );
                },
                iter: 8
            );

    [Fact]
    public void Constants_have_as_many_as_they_have()
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 2, 3);
        var places = model.Node("NonZero", [model.Constant([2, 3], 0, -0f, 1, 2, 0, 3)]);
        var kept = model.Node("Compress", [x, model.Constant(Tensor.From<bool>(ElementType.Bool, new(2), [false, true]))], ("axis", 1));
        var unique = model.Node("Unique", [model.Constant(Tensor.Longs(3, 1, 3, 2))]);
        model.Output(places, ElementType.Int64).Output(kept, ElementType.Float32).Output(unique, ElementType.Int64);
        Assert.All(
            ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new()).Outputs,
            o => Assert.Null(o.Size)
        );
        Differential.Check(model);
    }

    [Fact]
    public void What_follows_a_detector_computes_each_of_its_boxes_for_itself()
    {
        var model = new OnnxModelBuilder(13);
        var (boxes, scores) = (model.Input("boxes", ElementType.Float32, 1, 20, 4), model.Input("scores", ElementType.Float32, 1, 2, 20));
        var (most, overlap) = (model.Constant(Tensor.Longs(5)), model.Constant([1], 0.4f));
        var selected = model.Node("NonMaxSuppression", [boxes, scores, most, overlap, model.Constant([1], 1f)]);
        var index = model.Node("Gather", [selected, model.Constant(Tensor.Longs(2))], ("axis", 1));
        var flat = model.Node("Squeeze", [index, model.Constant(Tensor.Longs(1))]);
        var chosen = model.Node("Gather", [model.Node("Squeeze", [boxes, model.Constant(Tensor.Longs(0))]), flat], ("axis", 0));
        var scaled = model.Node("Mul", [chosen, model.Constant([4], 1, 2, 3, 4)]);
        var kinds = model.Node("Cast", [model.Node("Slice", [selected, Long(1), Long(2), Long(1)])], ("to", 1));
        var joined = model.Node("Concat", [scaled, kinds], ("axis", 1));
        var first = model.Node("Slice", [joined, Long(0), Long(3), Long(0)]);
        model.Output(model.Node("Transpose", [joined]), ElementType.Float32).Output(first, ElementType.Float32);
        model.Output(model.Node("ReduceMax", [joined], ("axes", (int[])[1]), ("keepdims", 0)), ElementType.Float32);
        model.Output(model.Node("Reshape", [joined, Long(-1)]), ElementType.Float32);
        model.Output(model.Node("Shape", [chosen]), ElementType.Int64).Output(model.Node("Size", [chosen]), ElementType.Int64);
        for (var seed = 1; seed < 4; seed++)
        {
            Differential.Check(model, seed);
        }

        string Long(long value) => model.Constant(Tensor.Longs(value));
    }

    [Theory]
    [InlineData("ReduceSum")]
    [InlineData("ArgMax")]
    [InlineData("EyeLike")]
    public void What_depends_on_the_number_of_elements_is_refused(string op)
    {
        var model = new OnnxModelBuilder(13);
        model.Output(
            model.Node(op, [model.Node("Transpose", [model.Node("NonZero", [model.Input("x", ElementType.Float32, 4, 4)])])]),
            ElementType.Int64
        );
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new());
        Assert.Contains(
            compiled.Problems,
            p => p.Kind.Code is "MC0004" && p.Message.Contains("depends on the data", StringComparison.Ordinal)
        );
    }

    /// <summary>Runs on values of which many are 0 and many are equal.</summary>
    private static void CheckSparse(OnnxModelBuilder model, ElementType type, int length, int seed)
    {
        var random = new Random(seed);
        var values = Enumerable
            .Range(0, length)
            .Select(_ => random.Next(4) - (type is ElementType.UInt8 or ElementType.Bool ? 0 : 2))
            .ToArray();
        Array elements = type switch
        {
            ElementType.Float32 => values.Select(v => (float)v).ToArray(),
            ElementType.Int64 => values.Select(v => (long)v).ToArray(),
            ElementType.Int8 => values.Select(v => (sbyte)v).ToArray(),
            ElementType.UInt8 => values.Select(v => (byte)Math.Max(v - 1, 0)).ToArray(),
            _ => values.Select(v => v > 1).ToArray(),
        };
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = elements }, targets: [Target.Auto]);
    }
}
