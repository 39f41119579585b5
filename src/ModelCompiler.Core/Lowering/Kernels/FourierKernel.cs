using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>
/// Fourier transforms, one factor of the length after the other, between two buffers of complex numbers, so that the points come out in
/// order (Stockham).
/// </summary>
/// <param name="Operator">What is transformed.</param>
/// <param name="Outer">Elements of the dimensions before.</param>
/// <param name="Given">Points of the input.</param>
/// <param name="Inner">Complex numbers of the dimensions behind.</param>
/// <param name="Parts">1 where the input is real, else 2.</param>
/// <param name="Factors">The factors of the length, in the order in which they are applied.</param>
/// <param name="Roots">cos and sin of all multiples of one step around the circle, in the direction of the transform.</param>
internal sealed record FourierKernel(
    Fourier Operator,
    int Outer,
    int Given,
    int Inner,
    int Parts,
    EquatableArray<int> Factors,
    PackedWeights Roots
) : Kernel
{
    public override string Describe() =>
        $"{Outer * Inner} {(Operator.IsInverse ? "inverse " : "")}Fourier transforms of {Operator.Length} = {string.Join("·", Factors)} points";

    public static LoweredNode? Lower(Fourier op, Node node, LoweringContext context)
    {
        var (x, shape) = (node.Input(0), node.Input(0).Shape);
        var kernel = new FourierKernel(
            op,
            shape.Product(0, op.Axis),
            shape[op.Axis],
            shape.Product(op.Axis + 1, shape.Rank - 1),
            shape[shape.Rank - 1],
            FactorsOf(op.Length),
            AddRoots(op, node, context)
        );
        return new(kernel, (Value[])[x], ScratchBytes: checked(4 * op.Length * x.Element.SizeInBytes()));
    }

    private static EquatableArray<int> FactorsOf(int length)
    {
        var factors = new List<int>();
        foreach (var factor in new[] { 4, 2 })
        {
            for (; length % factor == 0; length /= factor)
            {
                factors.Add(factor);
            }
        }

        for (var factor = 3; length > 1; factor = length % factor == 0 ? factor : factor + 2)
        {
            // What has no small factor is prime.
            factor = (long)factor * factor > length ? length : factor;
            if (length % factor == 0)
            {
                factors.Add(factor);
                length /= factor;
            }
        }

        return factors.ToArray();
    }

    private static PackedWeights AddRoots(Fourier op, Node node, LoweringContext context)
    {
        var element = node.Input(0).Element;
        return element == ElementType.Float64
            ? context.AddWeights<double>(node, "roots", element, 2 * op.Length, packed => Pack(packed, value => value))
            : context.AddWeights<float>(node, "roots", element, 2 * op.Length, packed => Pack(packed, value => (float)value));

        void Pack<T>(Span<T> packed, Func<double, T> toElement)
        {
            for (var i = 0; i < op.Length; i++)
            {
                var turns = (double)i / op.Length;
                packed[2 * i] = toElement(ReproducibleMath.CosineOfTurns(turns));
                packed[(2 * i) + 1] = toElement(ReproducibleMath.CosineOfTurns(turns + (op.IsInverse ? -0.25 : 0.25)));
            }
        }
    }
}
