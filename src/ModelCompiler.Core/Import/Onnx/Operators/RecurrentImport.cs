using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>
/// RNN, GRU and LSTM. The products x·W of all time steps become one matrix product in front of the recurrent operator; a layout with
/// the batch first becomes transpositions around it.
/// </summary>
internal static class RecurrentImport
{
    // Layout 1 has the batch before time or direction.
    private static readonly int[] SwapFirstTwo = [1, 0, 2];

    public static ImmutableArray<Value> Rnn(OnnxNode node, GraphBuilder graph) => Import(RecurrentCell.Rnn, node, graph);

    public static ImmutableArray<Value> Gru(OnnxNode node, GraphBuilder graph) => Import(RecurrentCell.Gru, node, graph);

    public static ImmutableArray<Value> Lstm(OnnxNode node, GraphBuilder graph) => Import(RecurrentCell.Lstm, node, graph);

    private static ImmutableArray<Value> Import(RecurrentCell cell, OnnxNode node, GraphBuilder graph)
    {
        var batchFirst = node.Int("layout", 0) != 0;
        var x = BatchSecond(node.Input(0), batchFirst, graph);
        var op = OperatorOf(cell, node);
        var rows = op.Directions.Count * op.Gates * op.Hidden;
        var w = node.Input(1);
        if (x.Shape.Rank != 3 || w.Shape != new TensorShape(op.Directions.Count, op.Gates * op.Hidden, x.Shape[2]))
        {
            throw new ShapeException(
                $"X [T,B,I] and W [{op.Directions.Count},{op.Gates * op.Hidden},I] were expected, found {x.Shape} and {w.Shape}"
            );
        }

        var bias = node.OptionalInput(3) is { } b ? new RecurrentBias(b, op) : null;
        var outputs = graph.AddNode(
            op,
            Projected(x, w, bias?.OfProjection(graph), rows, graph),
            node.Input(2),
            op.ResetsProduct ? bias?.OfCandidate(graph) : null,
            Lengths(node, x.Shape[0]),
            State(node, 5, batchFirst, graph),
            cell == RecurrentCell.Lstm ? State(node, 6, batchFirst, graph) : null,
            cell == RecurrentCell.Lstm ? node.OptionalInput(7) : null
        );
        return Outputs(node, op, outputs, batchFirst, graph);
    }

    private static RecurrentLayer OperatorOf(RecurrentCell cell, OnnxNode node)
    {
        if (node.Input(2).Shape.Rank != 3)
        {
            throw new ShapeException($"R of rank 3 was expected, found {node.Input(2).Shape}");
        }

        bool[] reversals = node.Text("direction", "forward") switch
        {
            "forward" => [false],
            "reverse" => [true],
            "bidirectional" => [false, true],
            var other => throw node.Unsupported($"direction '{other}' is not supported; supported: forward, reverse, bidirectional"),
        };
        var hidden = (long)node.Input(2).Shape[2];
        if (node.Int("hidden_size", hidden) != hidden)
        {
            throw new ShapeException($"hidden_size is {node.Int("hidden_size", hidden)}, but R is {node.Input(2).Shape}");
        }

        if (reversals.Length * RecurrentLayer.GatesOf(cell) * hidden > TensorShape.MaxElements)
        {
            throw new ShapeException($"R is {node.Input(2).Shape}; its last dimension, the number of units, is too large");
        }

        var activations = RecurrentActivations.Read(node, cell, reversals.Length);
        var clip = node.Float("clip", 0);
        return new RecurrentLayer(
            cell,
            (int)hidden,
            reversals.Select((reverse, d) => new RecurrentDirection(reverse, activations[d])).ToArray(),
            clip > 0 ? clip : float.PositiveInfinity,
            CouplesForgetGate: cell == RecurrentCell.Lstm && node.Int("input_forget", 0) != 0,
            ResetsProduct: cell == RecurrentCell.Gru && node.Int("linear_before_reset", 0) != 0,
            GivesSequence: node.HasOutput(0)
        );
    }

    private static Value Projected(Value x, Value w, Value? bias, int rows, GraphBuilder graph)
    {
        var (steps, batch, features) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        var matrix = graph.Add(new Reshape(new TensorShape(steps * batch, features)), x);
        var weights = graph.Add(new Reshape(new TensorShape(rows, features)), w);
        var product = new MatMul(false, true, 1, Clamp.None);
        var projected = bias is null ? graph.Add(product, matrix, weights) : graph.Add(product, matrix, weights, bias);
        return graph.Add(new Reshape(new TensorShape(steps, batch, rows)), projected);
    }

    /// <summary>The lengths of the sequences, where they are not known to be whole.</summary>
    private static Value? Lengths(OnnxNode node, int steps)
    {
        if (node.OptionalInput(4) is not { Constant: { } constant } lengths)
        {
            return node.OptionalInput(4);
        }

        var given = constant.ToLongs();
        return given.Any(length => length < 0 || length > steps)
                ? throw new ShapeException($"sequence lengths [{string.Join(",", given)}] are not all in [0, {steps}]")
            : given.All(length => length == steps) ? null
            : lengths;
    }

    private static Value? State(OnnxNode node, int input, bool batchFirst, GraphBuilder graph) =>
        node.OptionalInput(input) is { } state ? BatchSecond(state, batchFirst, graph) : null;

    private static Value BatchSecond(Value value, bool batchFirst, GraphBuilder graph) =>
        batchFirst ? graph.Add(new Transpose(SwapFirstTwo), value) : value;

    /// <summary>ONNX's three outputs; one that nobody asked for is given what is there anyway.</summary>
    private static ImmutableArray<Value> Outputs(
        OnnxNode node,
        RecurrentLayer op,
        ImmutableArray<Value> outputs,
        bool batchFirst,
        GraphBuilder graph
    )
    {
        var states = op.GivesSequence ? outputs.RemoveAt(0) : outputs;
        var last = states.Select(s => BatchSecond(s, batchFirst, graph)).ToImmutableArray();
        var sequence =
            !op.GivesSequence ? last[0]
            : batchFirst ? graph.Add(new Transpose(new[] { 2, 0, 1, 3 }), outputs[0])
            : outputs[0];
        return [.. last.Insert(0, sequence).Take(node.OutputCount)];
    }
}

/// <summary>The bias B [D, 2·G·H] of a recurrent operator: one of the input's part, one of the recurrent part.</summary>
internal sealed class RecurrentBias
{
    private readonly Value _bias;
    private readonly RecurrentLayer _op;
    private readonly int _directions;

    public RecurrentBias(Value bias, RecurrentLayer op)
    {
        (_bias, _op, _directions) = (bias, op, op.Directions.Count);
        var expected = new TensorShape(_directions, 2 * op.Gates * op.Hidden);
        if (bias.Shape != expected)
        {
            throw new ShapeException($"B {expected} was expected, found {bias.Shape}");
        }
    }

    /// <summary>What can be added before the recurrent part: both, but for a candidate whose product is reset.</summary>
    public Value OfProjection(GraphBuilder graph)
    {
        var gates = _op.Gates;
        var both = _op.ResetsProduct ? gates - 1 : gates;
        var sum = graph.Add(new Binary(BinaryFunction.Add), Range(graph, 0, both), Range(graph, gates, both));
        var all = both == gates ? sum : graph.Add(new Concat(1), sum, Range(graph, both, 1));
        return graph.Add(new Reshape(new TensorShape(all.Shape.Elements)), all);
    }

    /// <summary>The recurrent part of the candidate's bias.</summary>
    public Value OfCandidate(GraphBuilder graph) => Range(graph, (2 * _op.Gates) - 1, 1);

    private Value Range(GraphBuilder graph, int gate, int gates) =>
        graph.Add(Slice.Range(_bias.Shape, 1, gate * _op.Hidden, gates * _op.Hidden), _bias);
}
