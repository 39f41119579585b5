using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Einsum (opset 12): operands are contracted one after the other, each time by one matrix product.</summary>
internal static class EinsumImport
{
    /// <summary>Stands for the first of the dimensions of an ellipsis, the following characters for the others.</summary>
    private const char FirstOfEllipsis = '\u0100';

    /// <summary>A value with a letter for each dimension.</summary>
    private readonly record struct Labelled(Term Term, string Labels)
    {
        public int Size(char label) => Term.Shape[Labels.IndexOf(label)];

        /// <summary>Without the dimensions that nothing else names: they are summed.</summary>
        public Labelled SumAllBut(string kept)
        {
            var labels = Labels;
            int[] summed = [.. Enumerable.Range(0, labels.Length).Where(i => kept.IndexOf(labels[i]) < 0)];
            return summed.Length == 0
                ? this
                : new(
                    Term.Apply(new Reduce(ReduceFunction.Sum, summed, KeepDims: false)),
                    new string([.. labels.Where(label => kept.IndexOf(label) >= 0)])
                );
        }

        public Term Ordered(string wanted)
        {
            var labels = Labels;
            int[] order = [.. wanted.Select(label => labels.IndexOf(label))];
            return order.SequenceEqual(Enumerable.Range(0, order.Length)) ? Term : Term.Transpose(order);
        }
    }

    public static ImmutableArray<Value> Einsum(OnnxNode node, GraphBuilder graph)
    {
        var equation = node.Text("equation", "").Replace(" ", "");
        var arrow = equation.IndexOf("->", StringComparison.Ordinal);
        var terms = (arrow < 0 ? equation : equation.Substring(0, arrow)).Split(',');
        if (terms.Length != node.Inputs.Length)
        {
            throw new ShapeException($"equation '{equation}' names {terms.Length} inputs, found {node.Inputs.Length}");
        }

        Labelled[] operands = [.. terms.Select((labels, i) => Read(new Term(graph, node.Input(i)), labels))];
        var longest = operands
            .SelectMany(o => o.Labels)
            .Where(label => label >= FirstOfEllipsis)
            .Distinct()
            .OrderBy(label => label)
            .ToArray();
        var output = arrow < 0 ? Implied(operands) : equation.Substring(arrow + 2).Replace("...", new string(longest));
        if (output.Distinct().Count() != output.Length || output.Any(label => operands.All(o => o.Labels.IndexOf(label) < 0)))
        {
            throw new ShapeException($"equation '{equation}' has an output that names a dimension twice, or one that no input has");
        }

        operands = [.. operands.Select(Diagonals)];
        var result = operands[0];
        for (var i = 1; i < operands.Length; i++)
        {
            var needed = output + string.Concat(operands.Skip(i + 1).Select(o => o.Labels));
            result = Contract(result, operands[i], needed);
        }

        return [result.SumAllBut(output).Ordered(output).Value];
    }

    /// <summary>The letters of an operand, those of an ellipsis counted from the last dimension so that they broadcast.</summary>
    private static Labelled Read(Term x, string labels)
    {
        var ellipsis = x.Shape.Rank - (labels.Length - 3);
        var resolved =
            labels.IndexOf("...", StringComparison.Ordinal) < 0 || ellipsis < 0
                ? labels
                : labels.Replace(
                    "...",
                    new string([.. Enumerable.Range(0, ellipsis).Select(i => (char)(FirstOfEllipsis + TensorRanks - ellipsis + i))])
                );
        if (resolved.Length != x.Shape.Rank)
        {
            throw new ShapeException($"'{labels}' does not name the dimensions of {x.Shape}");
        }

        return new(x, resolved);
    }

    /// <summary>Of dimensions with one letter the elements with one index: every (n + 1)-th where the two are one dimension.</summary>
    private static Labelled Diagonals(Labelled x)
    {
        while (x.Labels.GroupBy(label => label).FirstOrDefault(group => group.Count() > 1)?.Key is { } twice)
        {
            var (labels, shape) = (x.Labels, x.Term.Shape);
            int[] axes = [.. Enumerable.Range(0, labels.Length).Where(i => labels[i] == twice).Take(2)];
            int[] others = [.. Enumerable.Range(0, labels.Length).Except(axes)];
            var size = shape[axes[0]];
            if (shape[axes[1]] != size)
            {
                throw new ShapeException($"'{twice}' has {size} and {shape[axes[1]]} elements in one input {shape}");
            }

            int[] rest = [.. others.Select(axis => shape[axis])];
            var square = x.Term.Transpose([.. axes, .. others]).Reshape([size * size, .. rest]);
            var diagonal = new Slice(
                square.Shape.Select(_ => 0).ToArray(),
                (int[])[size, .. rest],
                (int[])[Math.Max(size, 1) == 1 ? 1 : size + 1, .. rest.Select(_ => 1)]
            );
            x = new(square.Apply(diagonal), new string([twice, .. others.Select(axis => labels[axis])]));
        }

        return x;
    }

    // More dimensions than any tensor has: the last one of every ellipsis gets the same letter.
    private const int TensorRanks = 64;

    /// <summary>Without an arrow the output has the ellipsis and, in alphabetical order, the letters that occur once.</summary>
    private static string Implied(Labelled[] operands)
    {
        var all = operands.SelectMany(o => o.Labels).ToArray();
        var ellipsis = all.Where(label => label >= FirstOfEllipsis).Distinct().OrderBy(label => label);
        var single = all.Where(label => label < FirstOfEllipsis && all.Count(other => other == label) == 1).OrderBy(label => label);
        return new string([.. ellipsis, .. single]);
    }

    private static Labelled Contract(Labelled a, Labelled b, string needed)
    {
        (a, b) = (WithoutBroadcast(a, b), WithoutBroadcast(b, a));
        (a, b) = (a.SumAllBut(needed + b.Labels), b.SumAllBut(needed + a.Labels));
        foreach (var label in a.Labels.Intersect(b.Labels))
        {
            if (a.Size(label) != b.Size(label))
            {
                throw new ShapeException($"'{label}' has {a.Size(label)} elements in one input and {b.Size(label)} in another");
            }
        }

        var shared = new string([.. a.Labels.Intersect(b.Labels)]);
        var batch = new string([.. shared.Where(label => needed.IndexOf(label) >= 0)]);
        var summed = new string([.. shared.Except(batch)]);
        var left = new string([.. a.Labels.Except(shared)]);
        var right = new string([.. b.Labels.Except(shared)]);
        var (count, rows, columns, depth) = (Elements(a, batch), Elements(a, left), Elements(b, right), Elements(a, summed));
        int[] outer = batch.Length == 0 ? [] : [count];
        var first = a.Ordered(batch + left + summed).Reshape([.. outer, rows, depth]);
        var second = b.Ordered(batch + summed + right).Reshape([.. outer, depth, columns]);
        var product = summed.Length == 0 ? first * second : first.Apply(MatMul.Plain, second.Value);
        int[] sizes = [.. (batch + left).Select(label => a.Size(label)), .. right.Select(label => b.Size(label))];
        return new(product.Reshape(sizes), batch + left + right);
    }

    /// <summary>A dimension of size 1 where the other operand has more is left out: it broadcasts.</summary>
    private static Labelled WithoutBroadcast(Labelled x, Labelled other)
    {
        var kept = new string([
            .. x.Labels.Where(label => x.Size(label) != 1 || other.Labels.IndexOf(label) < 0 || other.Size(label) == 1),
        ]);
        return new(x.Term.Reshape([.. kept.Select(label => x.Size(label))]), kept);
    }

    private static int Elements(Labelled x, string labels) => new TensorShape(labels.Select(label => x.Size(label))).Elements;
}
