using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>Finds the element types that an operator compiles for, by compiling models of one node.</summary>
internal static class OperatorProbe
{
    private const int Opset = 21;

    /// <summary>A model of one node around an element type; null where the type makes no sense in its place.</summary>
    private delegate void Form(OnnxModelBuilder model, string op, string domain, ElementType element);

    private static readonly (string Name, object Value)[] None = [];

    /// <summary>Inputs and attributes that some operator is content with.</summary>
    private static readonly Form[] Forms =
    [
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3, 4, 4)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3, 4, 4), m.Input("y", t, 2, 3, 4, 4)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 3, 4), m.Input("y", t, 4, 5)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 3, 3)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3, 4), m.Input("y", t, 4), m.Input("z", t, 4)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3, 4, 4), m.Input("y", t, 3), m.Input("z", t, 3)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3, 4), .. "abcd".Select(n => m.Input($"{n}", t, 3))]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 1, 4, 5, 5), m.Input("w", t, 4, 4, 3, 3)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 1, 2, 4, 4)], ("kernel_shape", new[] { 2, 2 })),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3), Integers(m, [2, 3])]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3), Integers(m, [1])]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3), Integers(m, [0, 1], 1, 2)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 1, 1, 4), Integers(m, [1])]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 4), Integers(m, [0]), Integers(m, [2])]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3), Integers(m, [0, 0, 1, 1])]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 2), Integers(m, [0, 1], 1, 2), m.Input("u", t, 1, 2)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("c", ElementType.Bool, 2), m.Input("x", t, 2), m.Input("y", t, 2)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3)], ("to", (long)ElementType.Float32)),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 1, 4, 4, 4)], ("blocksize", 2L)),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3), m.Input("like", ElementType.Float32, 1)]),
        (m, op, domain, t) => Node(m, op, domain, t, [m.Input("x", t, 2, 3), m.Constant([], 0.5f)]),
        (m, op, domain, t) =>
            Node(m, op, domain, t, [m.Input("x", t, 1, 2, 3, 4), m.Input("y", t, 1, 2, 3, 4), m.Input("z", t, 1, 2, 3, 4)]),
    ];

    /// <summary>Types that most operators have at least one of.</summary>
    private static readonly ElementType[] Usual = [ElementType.Float32, ElementType.Int64, ElementType.Bool, ElementType.UInt8];

    /// <summary>The element types of the first data input for which some form compiles; none where no form suits the operator.</summary>
    public static IReadOnlyList<ElementType> Types(string op, string domain)
    {
        var forms = Forms.Where(f => Usual.Any(t => Compiles(f, op, domain, t))).ToArray();
        return
        [
            .. Enum.GetValues<ElementType>()
                .Where(t => t is not (ElementType.Undefined or ElementType.String) && forms.Any(f => Compiles(f, op, domain, t))),
        ];
    }

    private static bool Compiles(Form form, string op, string domain, ElementType element)
    {
        var model = new OnnxModelBuilder(Opset);
        form(model, op, domain, element);
        var options = new CompileOptions { Target = Target.Find("portable")! };
        return ModelCompilation.Compile(new ModelSource("probe.onnx", model.ToBytes(), _ => null), options).Succeeded;
    }

    private static void Node(
        OnnxModelBuilder model,
        string op,
        string domain,
        ElementType element,
        string?[] inputs,
        params (string Name, object Value)[] attributes
    ) => model.Output(model.Node(op, domain, inputs, attributes.Length > 0 ? attributes : None)[0], element);

    private static string Integers(OnnxModelBuilder model, long[] values, params int[] shape) =>
        model.Constant(Tensor.From<long>(ElementType.Int64, new TensorShape(shape.Length > 0 ? shape : [values.Length]), values));
}
