using CsCheck;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class ScanLoopTests
{
    private static readonly Gen<(int Length, int Columns, int[] Axes, int[] Directions)> Cases = Gen.Select(
        Gen.Int[1, 20],
        Gen.Int[1, 9],
        Gen.Int[-1, 1].Array[4],
        Gen.Int[0, 1].Array[4]
    );

    [Fact]
    public void Scans_along_every_dimension_in_both_directions() =>
        Cases.Sample(
            c =>
            {
                var model = new OnnxModelBuilder(11);
                var state = model.Input("state", ElementType.Float32, c.Columns);
                var weights = model.Input("weights", ElementType.Float32, c.Columns, 3);
                var sequences = new[] { "first", "second" }.Select(
                    (name, i) =>
                        c.Axes[i] == 0
                            ? model.Input(name, ElementType.Float32, c.Length, c.Columns)
                            : model.Input(name, ElementType.Float32, c.Columns, c.Length)
                );
                var body = OnnxModelBuilder.Subgraph("body");
                body.Input("h", ElementType.Float32, c.Columns);
                body.Input("x", ElementType.Float32, c.Columns);
                body.Input("y", ElementType.Float32, c.Columns);
                var next = body.Node("Add", [body.Node("Mul", ["h", body.Constant([], 0.5f)]), body.Node("Mul", ["x", "y"])]);
                body.Output(next, ElementType.Float32).Output(body.Node("MatMul", [next, weights]), ElementType.Float32);
                body.Output(body.Node("Sub", ["x", "h"]), ElementType.Float32);
                var outputs = model.Node(
                    "Scan",
                    "",
                    [state, .. sequences],
                    [
                        ("body", body),
                        ("num_scan_inputs", 2),
                        ("scan_input_axes", c.Axes[..2].Select(a => a < 0 ? -1 : a).ToArray()),
                        ("scan_input_directions", c.Directions[..2]),
                        ("scan_output_axes", c.Axes[2..]),
                        ("scan_output_directions", c.Directions[2..]),
                    ],
                    3
                );
                foreach (var output in outputs)
                {
                    model.Output(output, ElementType.Float32);
                }

                Differential.Check(model, targets: [Target.Auto]);
            },
            iter: 8
        );

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Scan_of_opset_8_runs_each_sequence_of_a_batch_for_its_length(bool hasLengths)
    {
        var model = new OnnxModelBuilder(8);
        var state = model.Input("state", ElementType.Float32, 3, 2);
        var sequence = model.Input("sequence", ElementType.Float32, 3, 12, 2);
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("h", ElementType.Float32, 2);
        body.Input("x", ElementType.Float32, 2);
        var next = body.Node("Add", [body.Node("Mul", ["h", body.Constant([1], 0.5f)]), "x"]);
        body.Output(next, ElementType.Float32).Output(body.Node("Neg", [next]), ElementType.Float32);
        var outputs = model.Node(
            "Scan",
            "",
            [hasLengths ? model.Constant(Tensor.Longs(12, 5, 1)) : null, state, sequence],
            [("body", body), ("num_scan_inputs", 1), ("directions", (int[])[1])],
            2
        );
        Differential.Check(model.Output(outputs[0], ElementType.Float32).Output(outputs[1], ElementType.Float32));
    }

    [Fact]
    public void Scan_without_states_and_with_slices_of_no_dimension()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Int64, 30);
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("slice", ElementType.Int64);
        body.Output(body.Node("Mul", ["slice", "slice"]), ElementType.Int64).Output(body.Node("Neg", [x]), ElementType.Int64);
        var outputs = model.Node("Scan", "", [x], [("body", body), ("num_scan_inputs", 1)], 2);
        Differential.Check(model.Output(outputs[0], ElementType.Int64).Output(outputs[1], ElementType.Int64));
    }

    [Fact]
    public void Sequences_of_different_lengths_are_refused()
    {
        var model = new OnnxModelBuilder();
        var (x, y) = (model.Input("x", ElementType.Float32, 3), model.Input("y", ElementType.Float32, 4));
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("a", ElementType.Float32);
        body.Input("b", ElementType.Float32);
        body.Output(body.Node("Add", ["a", "b"]), ElementType.Float32);
        model.Output(model.Node("Scan", "", [x, y], [("body", body), ("num_scan_inputs", 2)])[0], ElementType.Float32);
        var problem = Assert.Single(
            ModelCompilation.Compile(new ModelSource("model.onnx", model.ToBytes(), _ => null), new CompileOptions()).Problems
        );
        Assert.Equal(ProblemKinds.ShapeMismatch, problem.Kind);
        Assert.Contains("'y' has 4 elements to scan, 'x' has 3", problem.Message);
    }
}
