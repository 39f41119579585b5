using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.ControlFlow;

/// <summary>
/// A body that runs again and again. What is carried lies in the node's outputs; an iteration writes the next values into scratch
/// memory, from where they are copied when it has ended. Slices are read from and written to the whole tensors.
/// </summary>
/// <param name="Body">One iteration.</param>
/// <param name="Carried">Types of the carried values.</param>
/// <param name="Scanned">Types of the slices that an iteration reads.</param>
/// <param name="Stacked">Types of the slices that an iteration writes.</param>
/// <param name="Trips">The number of iterations, where it is known.</param>
/// <param name="HasTrips">Whether the first input is the number of iterations.</param>
/// <param name="HasStart">Whether the next input says if there is a first iteration.</param>
/// <param name="HasCondition">Whether the body's first output says if there is a further one.</param>
/// <param name="Counts">Whether the last output is the number of iterations.</param>
internal sealed record LoopKernel(
    BodyProgram Body,
    EquatableArray<TensorType> Carried,
    EquatableArray<TensorType> Scanned,
    EquatableArray<TensorType> Stacked,
    long? Trips,
    bool HasTrips,
    bool HasStart,
    bool HasCondition,
    bool Counts
) : Kernel, IBodyKernel
{
    public IEnumerable<BodyProgram> Bodies => [Body];

    /// <summary>Index of the first carried value among the inputs.</summary>
    public int FirstCarried => (HasTrips ? 1 : 0) + (HasStart ? 1 : 0);

    /// <summary>Where the body's arena begins in scratch memory.</summary>
    public int ArenaOffset => NextOffset(Carried.Count);

    /// <summary>Where the next of a carried value is written.</summary>
    public int NextOffset(int carried) => Carried.Take(carried).Aggregate(0, (offset, type) => checked(offset + Aligned(type.Bytes)));

    public override string Describe() =>
        (HasCondition ? "while loop" : "loop")
        + (Trips is { } trips ? $" of {(HasCondition ? "at most " : "")}{trips} iterations" : "")
        + $" of {Body.Steps.Count} steps, {Carried.Count} carried";

    public static LoweredNode? Lower(Loop op, Node node, LoweringContext context)
    {
        if (Lowerer.LowerBody(op.Body, context) is not { } body)
        {
            return null;
        }

        var inputs = op.Body.Inputs.Select(i => i.Type).ToArray();
        var kernel = new LoopKernel(
            body,
            inputs.Skip(1).Take(op.Carried).ToArray(),
            inputs.Skip(1 + op.Carried).Take(op.Scanned).ToArray(),
            op.Body.Outputs.Skip(op.Body.Outputs.Length - op.Stacked).Select(o => o.Value.Type).ToArray(),
            op.Trips,
            node.HasInput(0),
            node.HasInput(1),
            op.HasCondition,
            op.Counts
        );
        return new LoweredNode(kernel, node.Inputs.OfType<Value>().ToArray(), checked(kernel.ArenaOffset + body.ArenaBytes));
    }

    private static int Aligned(int bytes) => checked(bytes + ArenaPlanner.Alignment - 1) / ArenaPlanner.Alignment * ArenaPlanner.Alignment;
}
