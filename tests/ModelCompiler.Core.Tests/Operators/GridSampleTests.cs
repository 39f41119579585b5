using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class GridSampleTests
{
    [Theory]
    [InlineData("nearest")]
    [InlineData("linear")]
    [InlineData("cubic")]
    public void Sampling_images_equals_onnxruntime(string mode)
    {
        var model = new OnnxModelBuilder(20);
        var x = model.Input("x", ElementType.Float32, 2, 3, 5, 6);
        var grid = model.Input("grid", ElementType.Float32, 2, 4, 7, 2);
        foreach (var padding in new[] { "zeros", "border", "reflection" })
        {
            foreach (var aligned in new[] { 0, 1 })
            {
                (string, object)[] attributes = [("mode", mode), ("padding_mode", padding), ("align_corners", aligned)];
                model.Output(model.Node("GridSample", [x, grid], attributes), ElementType.Float32);
            }
        }

        // Inside, at the edge and far outside.
        var random = new Random(3);
        var places = Enumerable.Range(0, 2 * 4 * 7 * 2).Select(_ => (random.NextSingle() * 5) - 2.5f).ToArray();
        Differential.Check(
            model,
            tolerance: new Differential.Tolerance(Absolute: 1e-4),
            inputs: new Dictionary<string, Array> { ["grid"] = places }
        );
    }

    [Fact]
    public void Sampling_volumes_and_affine_maps_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(20);
        var x = model.Input("x", ElementType.Float32, 1, 2, 3, 4, 5);
        var map = model.Input("map", ElementType.Float32, 1, 3, 4);
        var size = model.Constant(Tensor.Longs(1, 2, 2, 3, 4));
        foreach (var aligned in new[] { 0, 1 })
        {
            var grid = model.Node("AffineGrid", [map, size], ("align_corners", aligned));
            model.Output(grid, ElementType.Float32);
            model.Output(model.Node("GridSample", [x, grid], ("align_corners", aligned)), ElementType.Float32);
        }

        Differential.Check(model, tolerance: new Differential.Tolerance(Absolute: 1e-4));
    }
}
