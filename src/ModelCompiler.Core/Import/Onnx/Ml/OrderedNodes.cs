using System.Runtime.InteropServices;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>The question "x ≤ threshold?", or a leaf.</summary>
/// <param name="Feature">Which feature is x.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Below">Number of the node for x ≤ threshold.</param>
/// <param name="Above">Number of the node for x &gt; threshold.</param>
/// <param name="MissingBelow">Whether NaN goes below.</param>
/// <param name="IsLeaf">Whether it is a leaf instead.</param>
internal readonly record struct OrderedNode(int Feature, double Threshold, int Below, int Above, bool MissingBelow, bool IsLeaf);

/// <summary>
/// Turns all comparisons into x ≤ t: x &lt; t is x ≤ the number before t, the opposites swap their successors, and sets of numbers
/// are searched by halves.
/// </summary>
internal sealed class OrderedNodes
{
    private readonly List<OrderedNode> _nodes = [];
    private readonly bool _single;

    private OrderedNodes(bool single) => _single = single;

    /// <summary>Nodes of which the first have the numbers of the given ones.</summary>
    public static List<OrderedNode> Of(IReadOnlyList<TreeNode> nodes, ElementType element)
    {
        var ordered = new OrderedNodes(element == ElementType.Float32);
        ordered._nodes.AddRange(nodes.Select(_ => default(OrderedNode)));
        for (var i = 0; i < nodes.Count; i++)
        {
            ordered._nodes[i] = ordered.Convert(nodes[i]);
        }

        return ordered._nodes;
    }

    private OrderedNode Convert(TreeNode node)
    {
        var value = node.Values.Length == 1 ? node.Values[0] : double.NaN;
        return node.Mode switch
        {
            BranchMode.Leaf => new(0, double.NaN, 0, 0, false, true),
            BranchMode.LessOrEqual => AtMost(node, value),
            BranchMode.Less => AtMost(node, Before(value)),
            BranchMode.Greater => MoreThan(node, value),
            BranchMode.GreaterOrEqual => MoreThan(node, double.IsNaN(value) ? value : Before(value), always: !double.IsNaN(value)),
            BranchMode.NotEqual => Among(node, node.False, node.True, node.True),
            _ => Among(node, node.True, node.False, node.MissingIsTrue ? node.True : node.False),
        };
    }

    /// <summary>A threshold of NaN holds for nothing.</summary>
    private static OrderedNode AtMost(TreeNode node, double threshold) =>
        new(node.Feature, threshold, node.True, node.False, node.MissingIsTrue, false);

    /// <summary>A threshold of NaN holds for nothing, or for all numbers.</summary>
    private static OrderedNode MoreThan(TreeNode node, double threshold, bool always = false) =>
        new(
            node.Feature,
            double.IsNaN(threshold) && !always ? double.PositiveInfinity : threshold,
            node.False,
            node.True,
            !node.MissingIsTrue,
            false
        );

    /// <summary>Whether x is one of the values.</summary>
    private OrderedNode Among(TreeNode node, int inside, int outside, int missing)
    {
        var ranges = Ranges(node.Values, inside, outside);
        return ranges.Count > 1
            ? Search(node.Feature, ranges, 0, ranges.Count - 1, missing)
            : new(node.Feature, double.PositiveInfinity, outside, outside == missing ? inside : missing, outside == missing, false);
    }

    /// <summary>The ranges of numbers up to a bound, each with the node that they lead to.</summary>
    private List<(double Bound, int Node)> Ranges(double[] values, int inside, int outside)
    {
        var ranges = new List<(double Bound, int Node)>();
        foreach (var value in values.Where(v => !double.IsNaN(v)).Distinct().OrderBy(v => v))
        {
            var before = Before(value);
            if (ranges.Count > 0 && ranges[ranges.Count - 1].Bound == before)
            {
                ranges[ranges.Count - 1] = (value, inside);
                continue;
            }

            if (!double.IsNaN(before))
            {
                ranges.Add((before, outside));
            }

            ranges.Add((value, inside));
        }

        ranges.Add((double.PositiveInfinity, outside));
        return ranges;
    }

    private OrderedNode Search(int feature, List<(double Bound, int Node)> ranges, int first, int last, int missing)
    {
        var middle = (first + last) / 2;
        var missingAbove = Enumerable.Range(middle + 1, last - middle).Any(i => ranges[i].Node == missing);
        return new(feature, ranges[middle].Bound, Half(first, middle), Half(middle + 1, last), !missingAbove, false);

        int Half(int from, int to)
        {
            if (from == to)
            {
                return ranges[from].Node;
            }

            _nodes.Add(Search(feature, ranges, from, to, missing));
            return _nodes.Count - 1;
        }
    }

    /// <summary>The greatest number of the element type that is less; NaN where there is none.</summary>
    private double Before(double value)
    {
        if (double.IsNaN(value) || double.IsNegativeInfinity(value))
        {
            return double.NaN;
        }

        if (value == 0)
        {
            return _single ? -(double)float.Epsilon : -double.Epsilon;
        }

        // The bits of numbers of one sign are in the order of their magnitudes.
        if (_single)
        {
            var bits = MemoryMarshal.Cast<float, int>([(float)value])[0];
            return MemoryMarshal.Cast<int, float>([value > 0 ? bits - 1 : bits + 1])[0];
        }

        return BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) + (value > 0 ? -1 : 1));
    }
}
