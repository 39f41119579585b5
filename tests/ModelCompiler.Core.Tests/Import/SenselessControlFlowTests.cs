using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.ControlFlow;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Import;

/// <summary>Branches, loops and sequences with inputs, attributes and bodies at random: what makes no sense is a problem of the model.</summary>
public sealed class SenselessControlFlowTests
{
    private static readonly ElementType[] Types = [ElementType.Float32, ElementType.Int64, ElementType.Bool, ElementType.UInt8];

    private static readonly (string Name, object[] Values)[] Attributes =
    [
        ("axis", [0, -1, 1, 7, long.MaxValue]),
        ("directions", [(long[])[1], (long[])[0, 1], (long[])[long.MinValue, 3, 3]]),
        ("dtype", [1, 99]),
        ("keepdims", [0]),
        ("new_axis", [1]),
        ("scan_input_axes", [(long[])[1], (long[])[-1, 0], (long[])[long.MaxValue]]),
        ("scan_input_directions", [(long[])[1], (long[])[1, 0]]),
        ("scan_output_axes", [(long[])[1], (long[])[-9]]),
        ("scan_output_directions", [(long[])[1], (long[])[1, 1]]),
    ];

    public static TheoryData<string> Operators => [.. ControlFlowTable.StandardNames];

    [Theory]
    [MemberData(nameof(Operators))]
    public void What_makes_no_sense_is_a_problem(string op)
    {
        var random = new Random(op.Length);
        var compiled = 0;
        for (var round = 0; round < 200; round++)
        {
            var model = new OnnxModelBuilder(random.Next(4) == 0 ? 8 : 18);
            var inputs = Enumerable.Range(0, random.Next(1, 6)).Select(i => Input(model, random, $"x{i}")).ToArray();
            if (random.Next(2) == 0)
            {
                inputs = op switch
                {
                    "If" => [model.Input("condition", ElementType.Bool), .. inputs],
                    "Loop" => [model.Input("trips", ElementType.Int64), null, .. inputs],
                    "Scan" => [model.Input("scanned", ElementType.Float32, 3, 2)],
                    _ => inputs,
                };
            }

            var attributes = Attributes
                .Where(_ => random.Next(6) == 0)
                .Select(a => (a.Name, a.Values[random.Next(a.Values.Length)]))
                .Concat(new[] { "body", "then_branch", "else_branch" }.Select(n => (n, (object)Body(random, n, inputs))))
                .Append(("num_scan_inputs", random.Next(4) == 0 ? random.NextInt64() : random.Next(1, 3)))
                .ToArray();
            foreach (var output in model.Node(op, "", inputs, attributes, outputs: random.Next(3) == 0 ? random.Next(2, 5) : 1))
            {
                model.Output(output, ElementType.Float32);
            }

            // Whatever it says: it says it.
            var plan = ModelCompilation.Plan(new ModelSource("test.onnx", model.ToBytes(), _ => null), new());
            Assert.True(plan.Description is not null || plan.Problems.Length > 0);
            compiled += plan.Description is not null && plan.Implementation().Length > 0 ? 1 : 0;
        }

        Assert.True(compiled > 0 || op is not ("If" or "Loop" or "Scan"), "nothing made any sense");
    }

    private static OnnxModelBuilder Body(Random random, string name, string?[] outer)
    {
        var body = OnnxModelBuilder.Subgraph(name);
        var names = new List<string>();
        var fitting = name == "body" ? outer.Length : 0;
        for (var i = random.Next(3) == 0 ? random.Next(6) : fitting; i > 0; i--)
        {
            names.Add(body.Input($"{name}{i}", Type(random), [.. Enumerable.Range(0, random.Next(3)).Select(_ => 2)]));
        }

        names.AddRange(outer.OfType<string>());
        var condition = body.Constant(Tensor.From<byte>(ElementType.Bool, TensorShape.Scalar, [(byte)random.Next(2)]));
        names.Add(condition);
        string[] operators = ["Neg", "Not", "Identity", "Relu", "Add", "Concat", "SequenceInsert", "SequenceConstruct", "Shape", "NonZero"];
        for (var i = random.Next(4); i > 0; i--)
        {
            string?[] inputs = random.Next(2) == 0 ? [Any()] : [Any(), random.Next(4) == 0 ? null : Any()];
            names.Add(body.Node(operators[random.Next(operators.Length)], inputs, ("axis", 0)));
        }

        if (random.Next(2) == 0)
        {
            // A condition, and what is carried as it came.
            body.Output(condition, ElementType.Bool);
            names.Skip(2).Take(Math.Max(fitting - 2, 0)).ToList().ForEach(n => body.Output(n, Type(random)));
        }

        for (var i = random.Next(5); i > 0; i--)
        {
            body.Output(random.Next(20) == 0 ? "nobody" : Any(), Type(random));
        }

        return body;

        string Any() => names[random.Next(names.Count)];
    }

    private static string? Input(OnnxModelBuilder model, Random random, string name)
    {
        int[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(1, 4))];
        return random.Next(6) switch
        {
            0 => null,
            1 => model.Constant(Tensor.Longs(random.Next(4) - 1).Reshape(TensorShape.Scalar), name),
            2 => model.Constant(Tensor.Longs(random.NextInt64()).Reshape(TensorShape.Scalar), name),
            3 => model.Node("SequenceConstruct", [model.Input(name, Type(random), shape)]),
            _ => model.Input(name, Type(random), shape),
        };
    }

    private static ElementType Type(Random random) => Types[random.Next(Types.Length)];
}
