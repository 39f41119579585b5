using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Import;

/// <summary>Operators with inputs and attributes at random: what makes no sense is a problem of the model, never an exception.</summary>
public sealed class SenselessOperatorTests
{
    private static readonly ElementType[] Types =
    [
        ElementType.Float32,
        ElementType.Int64,
        ElementType.Float32,
        ElementType.Bool,
        ElementType.Float64,
        ElementType.Int32,
    ];

    private static readonly (string Name, object[] Values)[] Attributes =
    [
        ("axis", [0, -1, 1, 7, -9, long.MaxValue]),
        ("batch_dims", [1, -1]),
        ("center_point_box", [1]),
        ("coordinate_transformation_mode", ["output_half_pixel", "none"]),
        ("dilation", [2, 0, long.MaxValue]),
        ("dilations", [(long[])[1, 2], (long[])[0], (long[])[long.MaxValue, 1]]),
        ("equation", ["ii->i", "iji,jk", "...ii", "aab->", "a->a", "->"]),
        ("group", [2, 0, -1, long.MaxValue]),
        ("inverse", [1]),
        ("kernel_shape", [(long[])[2, 2], (long[])[0], (long[])[-1, long.MaxValue]]),
        ("kv_num_heads", [1, 2, 0, -3, long.MaxValue]),
        ("largest", [0]),
        ("mode", ["max", "circular", "none"]),
        ("momentum", [0.5f]),
        ("offset_group", [1, 2, 0, long.MaxValue]),
        ("onesided", [1, 0]),
        ("output_datatype", [1, 11, 99, -1]),
        ("output_height", [2, 0, long.MaxValue]),
        ("pads", [(long[])[1, 1, 1, 1], (long[])[0], (long[])[long.MinValue, 0, long.MaxValue, 5]]),
        ("q_num_heads", [2, 0, long.MaxValue]),
        ("reduction", ["add", "none", "other"]),
        ("sampling_ratio", [2, -1, long.MaxValue]),
        ("sorted", [0]),
        ("strides", [(long[])[2, 2], (long[])[0], (long[])[-1, long.MaxValue]]),
        ("to", [1, 7, 11, 0, 8, 99]),
        ("training_mode", [1]),
        ("update_rule", ["linear", "gated", "delta", "other"]),
    ];

    public static TheoryData<string> Operators => [.. OnnxOperatorTable.StandardNames];

    [Theory]
    [MemberData(nameof(Operators))]
    public void What_makes_no_sense_is_a_problem(string op)
    {
        var random = new Random(op.Length);
        for (var round = 0; round < 200; round++)
        {
            var model = new OnnxModelBuilder(random.Next(2) == 0 ? 17 : 27);
            var rank = random.Next(5);
            var inputs = Enumerable.Range(0, random.Next(7)).Select(i => Input(model, random, $"x{i}", rank)).ToArray();
            var attributes = Attributes
                .Where(_ => random.Next(3) == 0)
                .Select(a => (a.Name, a.Values[random.Next(a.Values.Length)]))
                .ToArray();
            foreach (var output in model.Node(op, "", inputs, attributes, outputs: random.Next(1, 5)))
            {
                model.Output(output, ElementType.Float32);
            }

            // Whatever it says: it says it.
            var plan = ModelCompilation.Plan(new ModelSource("test.onnx", model.ToBytes(), _ => null), new());
            Assert.True(plan.Description is not null || plan.Problems.Length > 0);
        }
    }

    private static string? Input(OnnxModelBuilder model, Random random, string name, int rank)
    {
        var shape = Enumerable
            .Range(0, Math.Max(0, rank + random.Next(5) / 4 - random.Next(5) / 4))
            .Select(_ => random.Next(10) / 9 + random.Next(4))
            .ToArray();
        var type = Types[random.Next(Types.Length)];
        return random.Next(5) switch
        {
            0 => null,
            1 => Constant(new TensorType(type, new(shape))),
            2 => Constant(new TensorType(ElementType.Int64, random.Next(2) == 0 ? TensorShape.Scalar : new(random.Next(3)))),
            _ => model.Input(name, type, [.. shape.Select(s => Math.Max(s, 1))]),
        };

        string Constant(TensorType of) =>
            model.Constant(
                of.Element == ElementType.Int64 && random.Next(4) == 0
                    ? Tensor.From<long>(
                        of.Element,
                        of.Shape,
                        [.. Enumerable.Repeat(random.Next(2) == 0 ? long.MaxValue : 1L << 27, of.Shape.Elements)]
                    )
                    : Tensor.FromBytes(of, Verification.Elements.Bytes(Differential.RandomElements(of, random)).ToArray())
            );
    }
}
