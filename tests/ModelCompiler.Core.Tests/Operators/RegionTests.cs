using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Operators of detectors and trackers that address images, caches and matrices by place.</summary>
public sealed class RegionTests
{
    /// <summary>Regions inside, across the edges, of one pixel, and of none: an end before its start.</summary>
    [Theory]
    [InlineData(2, 3, 1f)]
    [InlineData(4, 1, 0.5f)]
    [InlineData(7, 7, 0.25f)]
    public void The_greatest_elements_of_regions_equal_onnxruntime(int rows, int columns, float scale)
    {
        var model = new OnnxModelBuilder(12);
        var (x, regions) = (model.Input("x", ElementType.Float32, 2, 3, 8, 9), model.Input("regions", ElementType.Float32, 6, 5));
        (string, object)[] attributes = [("pooled_shape", (long[])[rows, columns]), ("spatial_scale", scale)];
        model.Output(model.Node("MaxRoiPool", [x, regions], attributes), ElementType.Float32);
        float[] given =
        [
            .. new float[] { 0, 1, 1, 6, 5 },
            .. new float[] { 1, 0, 0, 8.5f, 7.5f },
            .. new float[] { 1, 3, 4, 3, 4 },
            .. new float[] { 0, -3, -2.5f, 4, 3 },
            .. new float[] { 1, 5, 6, 20, 30 },
            .. new float[] { 0, 6, 6, 2, 2 },
        ];
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["regions"] = given });
    }

    [Fact]
    public void Regions_equal_onnxruntime() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[0, 3], Gen.Float[0.2f, 1.2f], Gen.Bool, Gen.Int[0, 2], Gen.Int[1, 1000])
            .Sample(
                (height, width, samples, scale, isMaximum, mode, seed) =>
                {
                    var model = new OnnxModelBuilder(mode == 0 ? 10 : 16);
                    var (x, regions, images) = (
                        model.Input("x", ElementType.Float32, 2, 3, 7, 9),
                        model.Input("regions", ElementType.Float32, 4, 4),
                        model.Input("images", ElementType.Int64, 4)
                    );
                    (string, object)[] attributes =
                    [
                        ("output_height", height),
                        ("output_width", width),
                        ("sampling_ratio", samples),
                        ("spatial_scale", scale),
                        ("mode", isMaximum ? "max" : "avg"),
                        .. mode == 1 ? new (string, object)[] { ("coordinate_transformation_mode", "output_half_pixel") } : [],
                    ];
                    model.Output(model.Node("RoiAlign", [x, regions, images], attributes), ElementType.Float32);
                    var given = new Dictionary<string, Array>
                    {
                        ["regions"] = (float[])[0, 0, 6, 6, 1.5f, 2, 4.2f, 9, -3, -2, 20, 5, 3, 3, 3.5f, 3.2f],
                        ["images"] = (long[])[0, 1, 1, 0],
                    };
                    Differential.Check(model, seed, inputs: given, targets: [Target.Auto]);
                },
                iter: 8
            );

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void Determinants_equal_onnxruntime(int size)
    {
        Reference.Check(Model(ElementType.Float32), Model(ElementType.Float32), tolerance: new(1e-4, 1e-4));
        Reference.Check(Model(ElementType.Float64), Model(ElementType.Float32), tolerance: new(1e-4, 1e-4));

        // ONNX Runtime has it for Float32 alone.
        OnnxModelBuilder Model(ElementType type)
        {
            var model = new OnnxModelBuilder(11);
            foreach (
                var x in new[]
                {
                    model.Input("x", ElementType.Float32, 2, 3, size, size),
                    model.Input("y", ElementType.Float32, size, size),
                }
            )
            {
                var determinant = model.Node("Det", [model.Node("Cast", [x], ("to", (int)type))]);
                model.Output(model.Node("Cast", [determinant], ("to", (int)ElementType.Float32)), ElementType.Float32);
            }

            return model;
        }
    }

    [Fact]
    public void Singular_matrices_have_the_determinant_0()
    {
        var model = new OnnxModelBuilder(11);
        model.Output(model.Node("Det", [model.Input("x", ElementType.Float32, 2, 2)]), ElementType.Float32);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = (float[])[0, 1, 0, 2] });
    }

    [Fact]
    public void Maxima_put_back_equal_onnxruntime() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[0, 1], Gen.Int[1, 1000])
            .Sample(
                (kernel, stride, pad, seed) =>
                {
                    pad = kernel > 1 ? pad : 0;
                    var model = new OnnxModelBuilder(11);
                    var x = model.Input("x", ElementType.Float32, 2, 3, 8, 9);
                    (string, object)[] attributes =
                    [
                        ("kernel_shape", (long[])[kernel, kernel]),
                        ("strides", (long[])[stride, stride]),
                        ("pads", (long[])[0, pad, pad, 0]),
                    ];
                    // The pooling's own size, as far as its result tells: places count elements of that.
                    var (height, width) = (Seen(8), Seen(9));
                    var slice = model.Node("Slice", [x, Longs(0, 0), Longs(height, width), Longs(2, 3)]);
                    var pooled = model.Node("MaxPool", "", [slice], attributes, outputs: 2);
                    model.Output(model.Node("MaxUnpool", [pooled[0], pooled[1]], attributes), ElementType.Float32);
                    Differential.Check(model, seed, targets: [Target.Auto]);

                    int Seen(int size) => ((((size + pad - kernel) / stride) + 1 - 1) * stride) + kernel - pad;
                    string Longs(params long[] values) => model.Constant(Tensor.Longs(values));
                },
                iter: 6
            );

    [Fact]
    public void Maxima_of_a_larger_output_stay_in_its_upper_left()
    {
        var model = new OnnxModelBuilder(11);
        var (x, places) = (
            model.Input("x", ElementType.Float32, 1, 1, 2, 2),
            model.Constant(Tensor.Longs(5, 7, 13, 15).Reshape(new(1, 1, 2, 2)))
        );
        (string, object)[] attributes = [("kernel_shape", (long[])[2, 2]), ("strides", (long[])[2, 2])];
        model.Output(model.Node("MaxUnpool", [x, places, model.Constant(Tensor.Longs(1, 1, 5, 5))], attributes), ElementType.Float32);
        var reference = new OnnxModelBuilder(13);
        var given = reference.Input("x", ElementType.Float32, 1, 1, 2, 2);
        var unpooled = reference.Node(
            "MaxUnpool",
            [given, reference.Constant(Tensor.Longs(5, 7, 13, 15).Reshape(new(1, 1, 2, 2)))],
            attributes
        );
        reference.Output(reference.Node("Pad", [unpooled, reference.Constant(Tensor.Longs(0, 0, 0, 0, 0, 0, 1, 1))]), ElementType.Float32);
        Reference.Check(model, reference);
    }

    [Theory]
    [InlineData("linear", -2, true)]
    [InlineData("circular", -2, true)]
    [InlineData("circular", 1, true)]
    [InlineData("linear", 2, false)]
    public void Caches_are_written_as_onnxruntime_does(string mode, int axis, bool hasStarts)
    {
        int[] shape = [2, 3, 6, 4];
        var model = new OnnxModelBuilder(24);
        model.Proto.IrVersion = 10;
        var updated = shape.ToArray();
        updated[(axis + 4) % 4] = 2;
        string?[] inputs =
        [
            model.Input("cache", ElementType.Float32, shape),
            model.Input("update", ElementType.Float32, updated),
            hasStarts ? model.Input("starts", ElementType.Int64, 2) : null,
        ];
        model.Output(model.Node("TensorScatter", inputs, ("mode", mode), ("axis", axis)), ElementType.Float32);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["starts"] = mode == "circular" ? (long[])[2, 5] : [4, 1] });
    }

    [Theory]
    [InlineData(ElementType.Float32, ElementType.Int32)]
    [InlineData(ElementType.Int64, ElementType.Float64)]
    [InlineData(ElementType.UInt8, ElementType.Int8)]
    public void Bits_stay_what_they_are(ElementType from, ElementType to)
    {
        var model = new OnnxModelBuilder(26);
        model.Output(model.Node("BitCast", [model.Input("x", from, 2, 3)], ("to", (int)to)), to);
        var sum = model.Node("Add", [model.Input("y", from, 2, 3), model.Input("z", from, 2, 3)]);
        model.Output(model.Node("BitCast", [sum], ("to", (int)to)), to);
        Differential.Check(model);
    }
}
