using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>
/// Fourier transforms, one factor of the length after the other, between two buffers of complex numbers, so that the points come out in
/// order (Stockham).
/// </summary>
/// <param name="Length">Points of a transform.</param>
/// <param name="IsInverse">Whether a signal is made of its spectrum.</param>
/// <param name="IsOneSided">Whether only half of the spectrum is written, or read.</param>
/// <param name="Outer">Elements of the dimensions before; for frames the number of signals.</param>
/// <param name="Given">Points of the input.</param>
/// <param name="Inner">Complex numbers of the dimensions behind.</param>
/// <param name="Parts">1 where the input is real, else 2.</param>
/// <param name="Frames">Frames of a signal that are transformed; null where it is transformed as a whole.</param>
/// <param name="Factors">The factors of the length, in the order in which they are applied.</param>
/// <param name="Roots">cos and sin of all multiples of one step around the circle, in the direction of the transform.</param>
internal sealed record FourierKernel(
    int Length,
    bool IsInverse,
    bool IsOneSided,
    int Outer,
    int Given,
    int Inner,
    int Parts,
    SignalFrames? Frames,
    EquatableArray<int> Factors,
    PackedWeights Roots
) : Kernel
{
    /// <summary>Points that are written.</summary>
    public int Written => IsOneSided && !IsInverse ? (Length / 2) + 1 : Length;

    public override string Describe() =>
        $"{Outer * Inner * (Frames?.Count ?? 1)} {(IsInverse ? "inverse " : "")}Fourier transforms of {Length} = {string.Join("·", Factors)} points";

    public static LoweredNode? Lower(Fourier op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var kernel = new FourierKernel(
            op.Length,
            op.IsInverse,
            op.IsOneSided,
            shape.Product(0, op.Axis),
            shape[op.Axis],
            shape.Product(op.Axis + 1, shape.Rank - 1),
            shape[shape.Rank - 1],
            null,
            FactorsOf(op.Length),
            AddRoots(op.Length, op.IsInverse, node, context)
        );
        return Lowered(kernel, node);
    }

    public static LoweredNode? Lower(ShortTimeFourier op, Node node, LoweringContext context)
    {
        var shape = node.Input(0).Shape;
        var kernel = new FourierKernel(
            op.Length,
            false,
            op.IsOneSided,
            shape[0],
            shape[1],
            1,
            shape[2],
            new(node.Output.Shape[1], op.Step),
            FactorsOf(op.Length),
            AddRoots(op.Length, false, node, context)
        );
        return Lowered(kernel, node);
    }

    private static LoweredNode Lowered(FourierKernel kernel, Node node) =>
        new(kernel, node.Inputs.ToArray()!, ScratchBytes: checked(4 * kernel.Length * node.Input(0).Element.SizeInBytes()));

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

    private static PackedWeights AddRoots(int length, bool isInverse, Node node, LoweringContext context)
    {
        var element = node.Input(0).Element;
        return element == ElementType.Float64
            ? context.AddWeights<double>(node, "roots", element, 2 * length, packed => Pack(packed, value => value))
            : context.AddWeights<float>(node, "roots", element, 2 * length, packed => Pack(packed, value => (float)value));

        void Pack<T>(Span<T> packed, Func<double, T> toElement)
        {
            for (var i = 0; i < length; i++)
            {
                var turns = (double)i / length;
                packed[2 * i] = toElement(ReproducibleMath.CosineOfTurns(turns));
                packed[(2 * i) + 1] = toElement(ReproducibleMath.CosineOfTurns(turns + (isInverse ? -0.25 : 0.25)));
            }
        }
    }
}

/// <summary>Frames of a signal.</summary>
/// <param name="Count">Number of frames.</param>
/// <param name="Step">Points from one to the next.</param>
internal sealed record SignalFrames(int Count, int Step);
