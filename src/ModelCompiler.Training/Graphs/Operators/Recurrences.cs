using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Recurrent layers, one time step after the other.</summary>
internal static class Recurrences
{
    /// <summary>One direction at one step: what is added to the gates is there already.</summary>
    private sealed record Cell(RecurrentLayer Op, Unary[] Functions, Tensor Recurrent, Tensor? CandidateBias, Tensor? Peepholes);

    public static Tensor[] Recurrent(RecurrentLayer op, OperatorInputs inputs)
    {
        var sequences = new List<Tensor>();
        var (lastHidden, lastCell) = (new List<Tensor>(), new List<Tensor>());
        var rows = op.Gates * op.Hidden;
        for (var d = 0; d < op.Directions.Count; d++)
        {
            var cell = new Cell(
                op,
                [.. op.Directions[d].Activations],
                inputs[1][d].t(),
                inputs.Optional(RecurrentLayer.CandidateBias)?[d],
                inputs.Optional(RecurrentLayer.Peepholes)?[d]
            );
            var gates = inputs[0].narrow(2, d * rows, rows);
            var (sequence, h, c) = Walk(cell, gates, op.Directions[d].IsReverse, d, inputs);
            sequences.Add(sequence);
            lastHidden.Add(h);
            lastCell.Add(c);
        }

        Tensor[] all = op.GivesSequence ? [stack(sequences, 1)] : [];
        Tensor[] last = op.Cell == RecurrentCell.Lstm ? [stack(lastHidden), stack(lastCell)] : [stack(lastHidden)];
        return [.. all, .. last];
    }

    private static (Tensor Sequence, Tensor Hidden, Tensor Cell) Walk(Cell cell, Tensor gates, bool reverse, int d, OperatorInputs inputs)
    {
        var (steps, batch) = ((int)gates.shape[0], gates.shape[1]);
        var h = inputs.Optional(RecurrentLayer.InitialHidden)?[d] ?? zeros(batch, cell.Op.Hidden);
        var c = inputs.Optional(RecurrentLayer.InitialCell)?[d] ?? zeros(batch, cell.Op.Hidden);
        var lengths = inputs.Optional(RecurrentLayer.Lengths)?.unsqueeze(1);
        var outputs = new Tensor[steps];
        for (var i = 0; i < steps; i++)
        {
            var t = reverse ? steps - 1 - i : i;
            var (nextH, nextC) = Step(cell, gates[t], h, c);
            outputs[t] = nextH;
            if (lengths is not null)
            {
                // Behind the end of a sequence its state stays, and its output is 0.
                var isIn = lengths > t;
                outputs[t] = where(isIn, nextH, zeros_like(nextH));
                (nextH, nextC) = (where(isIn, nextH, h), where(isIn, nextC, c));
            }

            (h, c) = (nextH, nextC);
        }

        return (steps > 0 ? stack(outputs) : zeros(0, batch, cell.Op.Hidden), h, c);
    }

    private static (Tensor H, Tensor C) Step(Cell cell, Tensor gates, Tensor h, Tensor c) =>
        cell.Op.Cell switch
        {
            RecurrentCell.Rnn => (cell.Function(0, gates + matmul(h, cell.Recurrent)), c),
            RecurrentCell.Gru => (Gru(cell, gates, h), c),
            _ => Lstm(cell, gates, h, c),
        };

    private static Tensor Gru(Cell cell, Tensor gates, Tensor h)
    {
        var hidden = cell.Op.Hidden;
        var two = gates.narrow(1, 0, 2 * hidden) + matmul(h, cell.Recurrent.narrow(1, 0, 2 * hidden));
        var z = cell.Function(0, two.narrow(1, 0, hidden));
        var r = cell.Function(0, two.narrow(1, hidden, hidden));
        var weights = cell.Recurrent.narrow(1, 2 * hidden, hidden);
        var product = cell.Op.ResetsProduct ? r * Biased(matmul(h, weights)) : matmul(r * h, weights);
        var n = cell.Function(1, gates.narrow(1, 2 * hidden, hidden) + product);
        return ((1 - z) * n) + (z * h);

        Tensor Biased(Tensor x) => cell.CandidateBias is { } bias ? x + bias : x;
    }

    private static (Tensor H, Tensor C) Lstm(Cell cell, Tensor gates, Tensor h, Tensor c)
    {
        var hidden = cell.Op.Hidden;
        var all = gates + matmul(h, cell.Recurrent);
        var i = cell.Function(0, Peeped(0, 0, c));
        var f = cell.Op.CouplesForgetGate ? 1 - i : cell.Function(0, Peeped(2, 2, c));
        var g = cell.Function(1, all.narrow(1, 3 * hidden, hidden));
        var next = (f * c) + (i * g);
        var o = cell.Function(0, Peeped(1, 1, next));
        return (o * UnaryFunctions.Apply(cell.Functions[2], next), next);

        Tensor Peeped(int gate, int peephole, Tensor state)
        {
            var x = all.narrow(1, gate * hidden, hidden);
            return cell.Peepholes is { } p ? x + (p.narrow(0, peephole * hidden, hidden) * state) : x;
        }
    }

    /// <summary>A function of gates, whose argument is bounded.</summary>
    private static Tensor Function(this Cell cell, int index, Tensor x)
    {
        var clip = cell.Op.Clip;
        return UnaryFunctions.Apply(cell.Functions[index], float.IsInfinity(clip) ? x : x.clamp(-clip, clip));
    }
}
