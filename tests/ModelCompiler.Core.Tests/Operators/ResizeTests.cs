using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class ResizeTests
{
    private static readonly string[] Transformations =
    [
        "half_pixel",
        "half_pixel_symmetric",
        "pytorch_half_pixel",
        "align_corners",
        "asymmetric",
        "tf_half_pixel_for_nn",
    ];

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.UInt8)]
    public void Nearest_equals_onnxruntime_with_all_coordinates_and_roundings(ElementType type)
    {
        var model = new OnnxModelBuilder(19);
        var x = model.Input("x", type, 1, 2, 5, 6);
        foreach (var transformation in Transformations)
        {
            foreach (var rounding in new[] { "round_prefer_floor", "round_prefer_ceil", "floor", "ceil" })
            {
                var node = model.Node(
                    "Resize",
                    [x, null, model.Constant([4], 1, 1, 1.7f, 0.6f)],
                    ("coordinate_transformation_mode", transformation),
                    ("nearest_mode", rounding)
                );
                model.Output(node, type);
            }
        }

        model.Output(
            model.Node(
                "Resize",
                [x, null, model.Constant([4], 1, 1, 2, 3)],
                ("coordinate_transformation_mode", "asymmetric"),
                ("nearest_mode", "floor")
            ),
            type
        );
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Fact]
    public void Linear_and_cubic_equal_onnxruntime_with_all_coordinates()
    {
        var model = new OnnxModelBuilder(19);
        var x = model.Input("x", ElementType.Float32, 2, 3, 5, 6);
        foreach (var transformation in Transformations.Where(t => t != "tf_half_pixel_for_nn"))
        {
            foreach (var mode in new[] { "linear", "cubic" })
            {
                // Aligned corners count the fraction that a smaller scale gives; ONNX Runtime does not.
                Add(transformation == "align_corners" ? 0.5f : 0.6f, ("mode", mode), ("coordinate_transformation_mode", transformation));
            }
        }

        Add(0.6f, ("mode", "cubic"), ("exclude_outside", 1), ("cubic_coeff_a", -0.5f));
        Differential.Check(model);

        void Add(float scale, params (string Name, object Value)[] attributes)
        {
            model.Output(model.Node("Resize", [x, null, model.Constant([4], 1, 1, 1.7f, scale)], attributes), ElementType.Float32);
            model.Output(model.Node("Resize", [x, null, null, model.Constant(Tensor.Longs(2, 3, 9, 12))], attributes), ElementType.Float32);
        }
    }

    [Theory]
    [InlineData(ElementType.UInt8, 4)]
    [InlineData(ElementType.Int8, 4)]
    [InlineData(ElementType.Int32, 4)]
    [InlineData(ElementType.Float32, 35)]
    public void Linear_over_many_channels_equals_onnxruntime(ElementType type, int channels)
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", type, 1, channels, 5, 6);
        model.Output(model.Node("Resize", [x, null, model.Constant([2], 2, 1.5f)], ("mode", "linear"), ("axes", (long[])[2, 3])), type);
        Differential.Check(model);
    }

    /// <summary>ONNX Runtime computes 8-bit images with channels last in fixed point, and those with channels first in float.</summary>
    [Theory]
    [InlineData(ElementType.UInt8, 5)]
    [InlineData(ElementType.Float32, 35)]
    public void Channels_that_are_last_in_the_model_stay_there(ElementType type, int channels)
    {
        var model = new OnnxModelBuilder(18);
        var y = model.Input("y", type, 2, 5, 6, channels);
        foreach (var mode in new[] { "nearest", "linear" })
        {
            var resized = model.Node("Resize", [y, null, model.Constant([2], 1.6f, 0.6f)], ("mode", mode), ("axes", (long[])[1, 2]));
            model.Output(resized, type);
        }

        Differential.Check(model, tolerance: new(Quanta: 1));
    }

    /// <summary>As in ONNX's recorded tests; ONNX Runtime takes the whole number of outputs for the size.</summary>
    [Theory]
    [InlineData(4, 0.6f, new float[] { 0, 2.142857f })]
    [InlineData(7, 0.5f, new float[] { 0, 2.4f, 4.8f })]
    public void Aligned_corners_count_fractions_of_an_element(int size, float scale, float[] expected)
    {
        var model = new OnnxModelBuilder(13);
        string?[] inputs = [model.Input("x", ElementType.Float32, size), null, model.Constant([1], scale)];
        model.Output(
            model.Node("Resize", inputs, ("mode", "linear"), ("coordinate_transformation_mode", "align_corners")),
            ElementType.Float32
        );
        // A ramp gives the coordinates themselves.
        var options = new CompileOptions { ClassName = "TestModel" };
        using var network = CompiledNetwork.Load(
            ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options),
            options
        );
        var y = (float[])network.Run([Enumerable.Range(0, size).Select(i => (float)i).ToArray()])[0].Elements;
        Assert.Equal(expected, y, (want, got) => Math.Abs(want - got) < 1e-5f);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("cubic")]
    public void Antialias_equals_onnxruntime(string mode)
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", ElementType.Float32, 2, 3, 11, 13);
        foreach (var transformation in new[] { "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric" })
        {
            Add(("coordinate_transformation_mode", transformation));
        }

        Add(("exclude_outside", 1), ("cubic_coeff_a", -0.5f));
        Differential.Check(model);

        void Add(params (string Name, object Value)[] attributes)
        {
            attributes = [.. attributes, ("mode", mode), ("antialias", 1)];
            model.Output(model.Node("Resize", [x, null, model.Constant([4], 1, 1, 0.6f, 0.3f)], attributes), ElementType.Float32);
            model.Output(model.Node("Resize", [x, null, model.Constant([4], 1, 1, 1.5f, 0.7f)], attributes), ElementType.Float32);
            model.Output(model.Node("Resize", [x, null, null, model.Constant(Tensor.Longs(2, 3, 4, 7))], attributes), ElementType.Float32);
        }
    }

    [Fact]
    public void Antialias_with_channels_last_in_the_model_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", ElementType.Float32, 1, 9, 12, 3);
        var scales = model.Constant([4], 1, 0.4f, 0.6f, 1);
        model.Output(model.Node("Resize", [x, null, scales], ("mode", "linear"), ("antialias", 1)), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Crop_and_resize_fills_what_lies_outside()
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", ElementType.Float32, 1, 2, 5, 6);
        foreach (var mode in new[] { "nearest", "linear" })
        {
            model.Output(
                model.Node(
                    "Resize",
                    [x, model.Constant([8], 0, 0, -0.2f, 0.1f, 1, 1, 0.7f, 1.3f), null, model.Constant(Tensor.Longs(1, 2, 7, 4))],
                    ("mode", mode),
                    ("coordinate_transformation_mode", "tf_crop_and_resize"),
                    ("extrapolation_value", 2.5f)
                ),
                ElementType.Float32
            );
        }

        Differential.Check(model);
    }

    [Theory]
    [InlineData(9, "Upsample")]
    [InlineData(10, "Resize")]
    public void Forms_of_old_operator_sets_equal_onnxruntime(int opset, string op)
    {
        var model = new OnnxModelBuilder(opset);
        var x = model.Input("x", ElementType.Float32, 1, 3, 5, 6);
        foreach (var mode in new[] { "nearest", "linear" })
        {
            model.Output(model.Node(op, [x, model.Constant([4], 1, 1, 2, 3)], ("mode", mode)), ElementType.Float32);
        }

        Differential.Check(model);
    }
}
