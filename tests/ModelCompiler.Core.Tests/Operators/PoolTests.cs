using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class PoolTests
{
    private sealed record Shape(int Channels, int Size, int Kernel, int Stride, int Dilation, int PadBegin, int PadEnd, bool Ceil);

    private static readonly Gen<Shape> Shapes = Gen.Select(
        Gen.Int[0, 5].Select(i => new[] { 1, 3, 8, 16, 24, 37 }[i]),
        Gen.Int[6, 12],
        Gen.Int[1, 4],
        Gen.Int[1, 3],
        Gen.Int[1, 2],
        Gen.Int[0, 3],
        Gen.Int[0, 3],
        Gen.Bool,
        (c, size, k, s, d, begin, end, ceil) =>
            new Shape(c, size, k, s, (k - 1) * d < 6 ? d : 1, Math.Min(begin, k - 1), Math.Min(end, k - 1), ceil)
    );

    [Fact]
    public void Pools_in_two_dimensions_equal_onnxruntime_on_every_target() =>
        Shapes.Sample(
            s =>
            {
                var model = new OnnxModelBuilder(19);
                var x = model.Input("x", ElementType.Float32, 2, s.Channels, s.Size, s.Size + 1);
                var q = model.Input("q", ElementType.UInt8, 1, s.Channels, s.Size, s.Size + 1);
                var attributes = Attributes(s, 2);
                model.Output(model.Node("MaxPool", [x], attributes), ElementType.Float32);
                model.Output(model.Node("MaxPool", [q], attributes), ElementType.UInt8);
                model.Output(model.Node("AveragePool", [x], attributes), ElementType.Float32);
                model.Output(model.Node("AveragePool", [x], [.. attributes, ("count_include_pad", 1)]), ElementType.Float32);
                Differential.Check(model);
            },
            iter: 5
        );

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Pools_in_one_and_three_dimensions_equal_onnxruntime(int rank)
    {
        var model = new OnnxModelBuilder(19);
        var x = model.Input("x", ElementType.Float32, [1, 9, .. Enumerable.Repeat(7, rank)]);
        var attributes = Attributes(new Shape(9, 7, 3, 2, 1, 1, 1, false), rank);
        model.Output(model.Node("MaxPool", [x], attributes), ElementType.Float32);
        model.Output(model.Node("AveragePool", [x], attributes), ElementType.Float32);
        model.Output(model.Node("GlobalAveragePool", [x]), ElementType.Float32);
        model.Output(model.Node("GlobalMaxPool", [x]), ElementType.Float32);
        Differential.Check(model);
    }

    [Theory]
    [InlineData("SAME_UPPER")]
    [InlineData("SAME_LOWER")]
    [InlineData("VALID")]
    public void Automatic_padding_equals_onnxruntime(string padding)
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 1, 5, 11, 8);
        (string, object)[] attributes = [("kernel_shape", new[] { 3, 2 }), ("strides", new[] { 2, 2 }), ("auto_pad", padding)];
        model.Output(model.Node("MaxPool", [x], attributes), ElementType.Float32);
        model.Output(model.Node("AveragePool", [x], attributes), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Indices_of_the_greatest_elements_equal_onnxruntime() =>
        Shapes
            .Where(s => s.Channels < 8 && s.Size > (s.Kernel - 1) * s.Dilation)
            .Sample(
                s =>
                {
                    var model = new OnnxModelBuilder(12);
                    for (var rank = 1; rank <= 3; rank++)
                    {
                        var x = model.Input($"x{rank}", ElementType.Float32, [2, s.Channels, s.Size, .. Enumerable.Repeat(7, rank - 1)]);
                        AddIndices(model, x, ElementType.Float32, Attributes(s, rank));
                    }

                    Differential.Check(model, targets: [Target.Auto]);
                },
                iter: 4
            );

    [Fact]
    public void The_first_of_equal_elements_is_the_greatest_and_columns_may_count_first()
    {
        var model = new OnnxModelBuilder(12);
        // Few values, so that windows are full of equal ones.
        var x = model.Node("Floor", [model.Input("x", ElementType.Float32, 2, 3, 6, 5)]);
        var q = model.Input("q", ElementType.UInt8, 1, 2, 6, 5);
        (string, object)[] attributes = [("kernel_shape", new[] { 3, 3 }), ("strides", new[] { 2, 1 }), ("pads", new[] { 1, 1, 1, 1 })];
        AddIndices(model, x, ElementType.Float32, attributes);
        AddIndices(model, x, ElementType.Float32, [.. attributes, ("storage_order", 1)]);
        AddIndices(model, q, ElementType.UInt8, attributes);
        Differential.Check(model);
    }

    private static void AddIndices(OnnxModelBuilder model, string x, ElementType type, (string, object)[] attributes)
    {
        var outputs = model.Node("MaxPool", "", [x], attributes, outputs: 2);
        model.Output(outputs[0], type).Output(outputs[1], ElementType.Int64);
    }

    private static (string, object)[] Attributes(Shape s, int rank) =>
        [
            ("kernel_shape", Enumerable.Repeat(s.Kernel, rank).ToArray()),
            ("strides", Enumerable.Repeat(s.Stride, rank).ToArray()),
            ("dilations", Enumerable.Repeat(s.Dilation, rank).ToArray()),
            ("pads", Enumerable.Repeat(s.PadBegin, rank).Concat(Enumerable.Repeat(s.PadEnd, rank)).ToArray()),
            ("ceil_mode", s.Ceil ? 1 : 0),
        ];
}
