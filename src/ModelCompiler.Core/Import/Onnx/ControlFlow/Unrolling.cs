using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>How far a loop is unrolled.</summary>
/// <param name="Iterations">Most iterations.</param>
/// <param name="Nodes">Most nodes that these may leave in the graph.</param>
/// <param name="ConstantBytes">Most bytes of constants that these nodes may read: each packs its weights for itself.</param>
internal sealed record UnrollLimits(int Iterations, int Nodes, long ConstantBytes)
{
    /// <summary>For loops that are better unrolled: constants can be folded and layers fused across iterations.</summary>
    public static UnrollLimits Short { get; } = new(64, 512, 128 << 10);

    /// <summary>For loops of which constants are all that is left.</summary>
    public static UnrollLimits Folded { get; } = new(4096, 0, 0);

    /// <summary>For loops that can only be unrolled.</summary>
    public static UnrollLimits Long { get; } = new(1024, 1 << 13, 64 << 20);

    /// <summary>For loops that can always run as such.</summary>
    public static UnrollLimits Few { get; } = new(8, 256, 128 << 10);
}

/// <summary>Runs of one body, one after the other, into a graph of their own.</summary>
internal sealed class Unrolling(ControlNode node, UnrollLimits limits)
{
    /// <summary>Most nodes that are read for one loop, those that are folded included.</summary>
    private const int MaxNodesRead = 1 << 14;

    private readonly int _readBefore = node.Bodies.NodesRead;
    private int _iteration;
    private int _counted;
    private long _constantBytes;

    public GraphBuilder Graph { get; } = node.Graph.Fork();

    /// <summary>The outputs of a further run; null where that would exceed a limit, or where the body has failed.</summary>
    public ImmutableArray<OnnxValue>? Next(GraphProto body, IReadOnlyList<OnnxValue> inputs) =>
        IsWithinLimits() ? node.Run(body, $"{_iteration++}", inputs, Graph) : null;

    private bool IsWithinLimits()
    {
        for (; _counted < Graph.Nodes.Count; _counted++)
        {
            _constantBytes += Bodies.ConstantBytes(Graph.Nodes[_counted]);
        }

        return _iteration < limits.Iterations
            && Graph.Nodes.Count <= limits.Nodes
            && _constantBytes <= limits.ConstantBytes
            && node.Bodies.NodesRead - _readBefore <= MaxNodesRead;
    }
}
