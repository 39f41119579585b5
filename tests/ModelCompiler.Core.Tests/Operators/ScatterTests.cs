using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Operators that update elements by index, walk along a dimension, or pick the best.</summary>
public sealed class ScatterTests
{
    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Int64)]
    public void Scattering_with_every_reduction_equals_onnxruntime(ElementType type)
    {
        var model = new OnnxModelBuilder(18);
        var data = model.Input("data", type, 3, 4, 2);
        var indices = model.Input("indices", ElementType.Int64, 2, 3, 2);
        var updates = model.Input("updates", type, 2, 3, 2);
        var tuples = model.Input("tuples", ElementType.Int64, 3, 2);
        var rows = model.Input("rows", type, 3, 2);
        foreach (var reduction in new[] { "add", "mul", "min", "max" })
        {
            model.Output(model.Node("ScatterElements", [data, indices, updates], ("axis", 1), ("reduction", reduction)), type);
            model.Output(model.Node("ScatterND", [data, tuples, rows], ("reduction", reduction)), type);
        }

        Differential.Check(
            model,
            inputs: new Dictionary<string, Array>
            {
                ["indices"] = (long[])[0, 1, 0, -1, 2, -4, 3, 3, 3, 0, -2, 3],
                ["tuples"] = (long[])[0, 1, -1, 3, 0, 1],
            }
        );
    }

    [Theory]
    [InlineData(ElementType.Float32, 18)]
    [InlineData(ElementType.UInt8, 18)]
    [InlineData(ElementType.Bool, 18)]
    [InlineData(ElementType.Int32, 10)]
    public void Scattering_equals_onnxruntime(ElementType type, int opset)
    {
        var model = new OnnxModelBuilder(opset);
        var data = model.Input("data", type, 3, 5);
        var indices = model.Input("indices", ElementType.Int32, 2, 3);
        var updates = model.Input("updates", type, 2, 3);
        model.Output(model.Node(opset < 11 ? "Scatter" : "ScatterElements", [data, indices, updates], ("axis", -1)), type);
        if (opset >= 11)
        {
            var tuples = model.Input("tuples", ElementType.Int64, 2, 1);
            model.Output(model.Node("ScatterND", [data, tuples, model.Input("rows", type, 2, 5)]), type);
        }

        var given = new Dictionary<string, Array> { ["indices"] = (int[])[4, -5, 2, 0, 1, -1], ["tuples"] = (long[])[2, -3] };
        Differential.Check(model, inputs: given);
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Int64)]
    public void Running_sums_equal_onnxruntime(ElementType type)
    {
        var model = new OnnxModelBuilder(14);
        var x = model.Input("x", type, 3, 7, 5);
        foreach (var (axis, exclusive, reverse) in new[] { (0, 0, 0), (1, 1, 0), (-1, 0, 1), (1, 1, 1) })
        {
            var along = model.Constant(Tensor.Longs(axis).Reshape(TensorShape.Scalar));
            model.Output(model.Node("CumSum", [x, along], ("exclusive", exclusive), ("reverse", reverse)), type);
        }

        Differential.Check(model);
    }

    [Theory]
    [InlineData(ElementType.Float32, 0, 0, 0)]
    [InlineData(ElementType.Float64, 1, 1, 0)]
    [InlineData(ElementType.Int32, -1, 0, 1)]
    [InlineData(ElementType.Int64, 1, 1, 1)]
    public void Running_products_equal_those_of_slices(ElementType type, int axis, int exclusive, int reverse)
    {
        int[] shape = [3, 4, 5];
        var model = new OnnxModelBuilder(26);
        string[] inputs = [model.Input("x", type, shape), model.Constant(Tensor.Longs(axis).Reshape(TensorShape.Scalar))];
        model.Output(model.Node("CumProd", inputs, ("exclusive", exclusive), ("reverse", reverse)), type);

        var reference = new OnnxModelBuilder();
        var x = reference.Input("x", type, shape);
        string Part(int i) =>
            reference.Node("Slice", [x, .. new long[] { i, i + 1, axis }.Select(n => reference.Constant(Tensor.Longs(n)))]);
        var size = shape[(axis + 3) % 3];
        var product = reference.Node("Div", [Part(0), Part(0)]);
        var products = new string[size];
        foreach (var i in reverse == 1 ? Enumerable.Range(0, size).Reverse() : Enumerable.Range(0, size))
        {
            var next = reference.Node("Mul", [product, Part(i)]);
            products[i] = exclusive == 1 ? product : next;
            product = next;
        }

        reference.Output(reference.Node("Concat", products, ("axis", axis)), type);
        Array integers =
            type == ElementType.Int32
                ? Enumerable.Range(-30, 60).Select(i => i % 4 == 0 ? 3 : i % 4).ToArray()
                : Enumerable.Range(-30, 60).Select(i => i % 4 == 0 ? 3L : i % 4).ToArray();
        var given = type.IsInteger() ? new Dictionary<string, Array> { ["x"] = integers } : null;
        Reference.Check(model, reference, inputs: given, targets: Targets.Runnable);
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Int64)]
    public void The_best_elements_and_their_places_equal_onnxruntime(ElementType type)
    {
        var model = new OnnxModelBuilder(11);
        var x = model.Input("x", type, 3, 9, 4);
        foreach (var (axis, count, largest) in new[] { (1, 3, 1), (-1, 4, 0), (0, 1, 1), (1, 9, 0) })
        {
            var wanted = model.Constant(Tensor.Longs(count));
            var outputs = model.Node("TopK", "", [x, wanted], [("axis", axis), ("largest", largest)], outputs: 2);
            model.Output(outputs[0], type);
            model.Output(outputs[1], ElementType.Int64);
        }

        // Few values, so that many are equal: the first of them comes first.
        var elements = Enumerable.Range(0, 3 * 9 * 4).Select(i => i * 7 % 11 % 5).ToArray();
        Array given = type == ElementType.Float32 ? elements.Select(e => (float)e).ToArray() : elements.Select(e => (long)e).ToArray();
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = given });
    }

    [Theory]
    [InlineData(17, 1)]
    [InlineData(100, 1)]
    [InlineData(50, 0)]
    public void Many_best_elements_equal_onnxruntime(int count, int largest)
    {
        var model = new OnnxModelBuilder(11);
        var x = model.Input("x", ElementType.Int64, 2, 100, 3);
        var outputs = model.Node("TopK", "", [x, model.Constant(Tensor.Longs(count))], [("axis", 1), ("largest", largest)], outputs: 2);
        model.Output(outputs[0], ElementType.Int64).Output(outputs[1], ElementType.Int64);
        for (var seed = 1; seed < 4; seed++)
        {
            // Numbers below 100, so that many are equal: the first of them comes first.
            Differential.Check(model, seed, targets: [Target.Auto]);
        }
    }

    [Fact]
    public void Blocks_summed_into_images_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(18);
        var (image, block) = (model.Constant(Tensor.Longs(5, 6)), model.Constant(Tensor.Longs(2, 3)));
        var x = model.Input("x", ElementType.Float32, 2, 18, 16);
        model.Output(model.Node("Col2Im", [x, image, block]), ElementType.Float32);
        var y = model.Input("y", ElementType.Float32, 1, 6, 9);
        (string, object)[] attributes = [("pads", (long[])[1, 0, 0, 2]), ("strides", (long[])[2, 2]), ("dilations", (long[])[1, 1])];
        model.Output(model.Node("Col2Im", [y, image, block], attributes), ElementType.Float32);
        Differential.Check(model);
    }
}
