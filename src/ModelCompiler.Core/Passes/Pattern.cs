using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Looks upwards from a value for what computes it; null where that is something else.</summary>
internal readonly struct Pattern(Graph graph)
{
    public Node? Unary(Value? value, UnaryFunction function) =>
        graph.Producer(value) is { Operator: Unary unary } node && unary.Function == function ? node : null;

    public Node? Binary(Value? value, BinaryFunction function) =>
        graph.Producer(value) is { Operator: Binary binary } node && binary.Function == function ? node : null;

    /// <summary>f(x, c) or f(c, x) with a constant of one element: x and c.</summary>
    public (Value X, float Constant)? WithConstant(Value? value, BinaryFunction function) =>
        Binary(value, function) is not { } node ? null
        : ScalarOf(node.Input(1)) is { } right ? (node.Input(0), right)
        : ScalarOf(node.Input(0)) is { } left ? (node.Input(1), left)
        : null;

    /// <summary>x, where the value is x² in one of the ways to write it.</summary>
    public Value? Square(Value value) =>
        Binary(value, BinaryFunction.Mul) is { } product && product.Input(0) == product.Input(1) ? product.Input(0)
        : Binary(value, BinaryFunction.Pow) is { } power && ScalarOf(power.Input(1)) == 2 ? power.Input(0)
        : null;

    /// <summary>
    /// The factors of a product: multiplications and divisions by constants are followed as long as nothing else reads what is
    /// in between.
    /// </summary>
    public (List<Value> Factors, double Constant) Product(Node product)
    {
        var (factors, constant) = (new List<Value>(), 1.0);
        Collect(graph, product, factors, ref constant);
        return (factors, constant);
    }

    /// <summary>The value of a float32 constant of one element.</summary>
    public static float? ScalarOf(Value value) =>
        value is { Constant: { } tensor, Element: ElementType.Float32, Shape.Elements: 1 } ? tensor.As<float>()[0] : null;

    private static void Collect(Graph graph, Node product, List<Value> factors, ref double constant)
    {
        var divides = product.Operator is Binary { Function: BinaryFunction.Div };
        for (var i = 0; i < 2; i++)
        {
            var factor = product.Input(i);
            if (ScalarOf(factor) is { } scalar && (i == 1 || !divides))
            {
                constant = divides ? constant / scalar : constant * scalar;
            }
            else if (
                graph.Producer(factor) is { } inner
                && IsProduct(inner)
                && graph.OnlyConsumer(factor) == product
                && (i == 0 || !divides)
            )
            {
                Collect(graph, inner, factors, ref constant);
            }
            else
            {
                factors.Add(factor);
            }
        }
    }

    /// <summary>A product, or a quotient whose divisor is a constant.</summary>
    public static bool IsProduct(Node node) =>
        node.Operator is Binary { Function: BinaryFunction.Mul }
        || (node.Operator is Binary { Function: BinaryFunction.Div } && ScalarOf(node.Input(1)) is not null);
}
