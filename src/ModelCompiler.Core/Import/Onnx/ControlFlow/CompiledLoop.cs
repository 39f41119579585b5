using System.Collections.Immutable;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>A loop that runs as one: its body is read once, on values that stand for those of any iteration.</summary>
/// <param name="node">The node.</param>
/// <param name="initial">First values of what is carried.</param>
/// <param name="scanned">Tensors that are read in slices along dimension 0.</param>
internal sealed class CompiledLoop(ControlNode node, ImmutableArray<Value> initial, ImmutableArray<Value> scanned)
{
    private readonly GraphBuilder _fork = node.Graph.Fork();

    /// <summary>The number of the iteration.</summary>
    public Value Iteration => field ??= new Value(node.Name + "/iteration", new TensorType(ElementType.Int64, Number));

    /// <summary>The shape that the number of the iteration has, of one element.</summary>
    public TensorShape Number { get; init; } = TensorShape.Scalar;

    /// <summary>Carried values at the begin of an iteration.</summary>
    public ImmutableArray<Value> Carried { get; } = [.. initial.Select(v => new Value(v.Name, v.Type))];

    /// <summary>The slices that an iteration reads.</summary>
    public ImmutableArray<Value> Slices { get; } =
    [.. scanned.Select(v => new Value(v.Name, v.Type with { Shape = new TensorShape(v.Shape.Skip(1)) }))];

    /// <summary>Where the nodes of the body go.</summary>
    public GraphBuilder Body => _fork;

    /// <summary>How many iterations there are; null where that is known at run time only, or not limited.</summary>
    public long? Trips { get; init; }

    /// <summary>Their number where it is computed at run time.</summary>
    public Value? ComputedTrips { get; init; }

    /// <summary>Whether there is a first iteration, where that is computed at run time.</summary>
    public Value? ComputedStart { get; init; }

    /// <summary>Adds the loop to the graph and returns its outputs: last carried values, then tensors of slices.</summary>
    /// <param name="condition">Whether to go on behind an iteration; null for always.</param>
    /// <param name="carried">Carried values at the end of an iteration.</param>
    /// <param name="stacked">Slices that an iteration gives.</param>
    /// <param name="counts">Whether there may be fewer iterations than <see cref="Trips"/>, so that the data give how many slices there are.</param>
    public ImmutableArray<Value> Close(Value? condition, ImmutableArray<Value> carried, ImmutableArray<Value> stacked, bool counts = false)
    {
        ControlNode.RequireSizes(carried.Concat(stacked));
        var body = _fork.BuildBody(
            "body",
            [Iteration, .. Carried, .. Slices],
            [.. condition is null ? [] : new[] { condition }, .. carried, .. stacked]
        );
        var (closed, captured) = Bodies.Close(body);
        var loop = new Graphs.Operators.Loop(closed[0], Carried.Length, Slices.Length, Trips, condition is not null, counts);
        return carried.IsEmpty && stacked.IsEmpty
            ? []
            : node.Graph.AddNode(loop, [ComputedTrips, ComputedStart, .. initial, .. scanned, .. captured]);
    }

    /// <summary>A tensor of no slices.</summary>
    public static Value NoSlices(GraphBuilder graph, Value slice) =>
        graph.Constant(Tensor.FromBytes(slice.Type with { Shape = new TensorShape([0, .. slice.Shape]) }, []));
}
