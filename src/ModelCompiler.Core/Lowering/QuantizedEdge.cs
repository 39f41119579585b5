using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Movement;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Lowering;

/// <summary>
/// A step that does nothing but turn an input of the model into integers, or integers into an output: the raw entry leaves it out
/// and copies the caller's integers to, or from, the place of <paramref name="Integers"/>.
/// </summary>
/// <param name="Step">Index of the step.</param>
/// <param name="Port">Index of the model's input or output.</param>
/// <param name="IsInput">Whether it is an input.</param>
/// <param name="Integers">Where the integers are.</param>
/// <param name="Quantization">How they are stored there, which depends on the target.</param>
internal sealed record QuantizedEdge(int Step, int Port, bool IsInput, Operand Integers, Quantization Quantization)
{
    /// <summary>Copies the caller's integers into the order that the network has them in; null where they are in it.</summary>
    public Step? Reordering { get; init; }
}

/// <summary>Finds the edges of a network that are quantised.</summary>
internal static class QuantizedEdges
{
    /// <summary>The step that alone reads input <paramref name="port"/>, all of it, where it quantises with one scale.</summary>
    public static QuantizedEdge? Input(int port, int elements, IReadOnlyList<KernelCall> calls, IReadOnlyList<Step> steps)
    {
        var readers = Enumerable.Range(0, steps.Count).Where(i => steps[i].Inputs.Any(o => IsPort(o, Place.ModelInput, port))).ToArray();
        if (
            readers is not [var step]
            || steps[step].Outputs is not [{ Place: Place.Arena } integers]
            || integers.Type.Shape.Elements != elements
        )
        {
            return null;
        }

        return calls[step].Operator switch
        {
            QuantizeLinear { Grid: { IsPerTensor: true } grid, Element: var element } => new QuantizedEdge(
                step,
                port,
                true,
                integers,
                new Quantization(grid.Scales[0], grid.ZeroPoints[0], element)
            ),
            QuantizeChannelsLast op => new QuantizedEdge(step, port, true, integers, op.Y) { Reordering = ChannelsLast(steps[step]) },
            _ => null,
        };
    }

    /// <summary>What <see cref="QuantizeChannelsLast"/> does, but from integers.</summary>
    private static Step ChannelsLast(Step step)
    {
        var (from, to) = (
            step.Inputs[0] with
            {
                Type = step.Inputs[0].Type with { Element = step.Outputs[0].Type.Element },
            },
            step.Outputs[0]
        );
        var transpose = QuantizeChannelsLast.Transposition(from.Type.Shape.Rank);
        var node = new Node(step.Name, transpose, [new Value(step.Name, from.Type)], [new Value(step.Name, to.Type)]);
        var kernel = MovementKernel.Lower(node, MovePlan.Of(transpose, [from.Type], [to.Type])).Kernel;
        return new Step(step.Name, step.Method + "_OfIntegers", kernel, (Operand[])[from], (Operand[])[to], null, 0);
    }

    /// <summary>The step that writes all of output <paramref name="port"/>, where it dequantises with one scale and nobody reads the result.</summary>
    public static QuantizedEdge? Output(int port, int elements, IReadOnlyList<KernelCall> calls, IReadOnlyList<Step> steps)
    {
        var users = Enumerable
            .Range(0, steps.Count)
            .Where(i => steps[i].Inputs.Concat(steps[i].Outputs).Any(o => IsPort(o, Place.ModelOutput, port)))
            .ToArray();
        return
            users is [var step]
            && calls[step].Operator is DequantizeLinear { Grid: { IsPerTensor: true } grid }
            && steps[step].Inputs is [{ Place: Place.Arena } integers]
            && integers.Type.Shape.Elements == elements
            ? new QuantizedEdge(step, port, false, integers, new Quantization(grid.Scales[0], grid.ZeroPoints[0], integers.Type.Element))
            : null;
    }

    /// <summary>
    /// The element type that the file itself gives the integers of an input, whatever the target stores; null where they are not
    /// to be seen there.
    /// </summary>
    public static ElementType? ElementOfInput(Graph imported, int port)
    {
        var elements = Readers(imported, imported.Inputs[port]).Select(n => (n.Operator as QuantizeLinear)?.Element).Distinct().ToArray();
        return elements is [{ } element] ? element : null;
    }

    /// <summary>The same for an output.</summary>
    public static ElementType? ElementOfOutput(Graph imported, int port)
    {
        var value = imported.Outputs[port].Value;
        while (imported.Producer(value) is { } producer)
        {
            if (producer.Operator is DequantizeLinear)
            {
                return producer.Input(0).Element;
            }

            if (producer.Operator is not Reshape)
            {
                break;
            }

            value = producer.Input(0);
        }

        return null;
    }

    private static IEnumerable<Node> Readers(Graph graph, Value value) =>
        graph.Consumers(value).SelectMany(n => n.Operator is Reshape ? Readers(graph, n.Output) : [n]);

    private static bool IsPort(Operand operand, Place place, int port) => operand.Place == place && operand.Index == port;
}
