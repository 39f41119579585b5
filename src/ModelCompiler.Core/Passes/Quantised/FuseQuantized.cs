using ModelCompiler.Graphs;

namespace ModelCompiler.Passes.Quantised;

/// <summary>Records the change for one pattern that ends in a node, if there is one.</summary>
internal delegate bool QuantizedRewrite(Graph graph, Node node, GraphEdit edit);

/// <summary>
/// Turns DequantizeLinear → operators → QuantizeLinear into one integer operator, as ONNX Runtime does at its highest level of
/// optimisation, so that the integers come out the same.
/// </summary>
internal sealed class FuseQuantized : RewritePass
{
    private static readonly QuantizedRewrite[] Rewrites =
    [
        // Quantisation first moves past what only moves elements: the other patterns then see their ends next to each other.
        QuantizedMovement.MoveDequantizeDown,
        QuantizedMovement.MoveQuantizeUp,
        QuantizedConvolutions.Fuse,
        QuantizedProducts.Fuse,
        QuantizedSums.Fuse,
        QuantizedPools.Fuse,
        QuantizedConcats.Fuse,
        QuantizedSoftmaxes.Fuse,
        // Last of those that end in QuantizeLinear, because it takes whatever has one input.
        QuantizedTables.Fuse,
    ];

    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit) => Rewrites.Any(rewrite => rewrite(graph, node, edit));
}

/// <summary>
/// Lets products and convolutions of integers whose result stays float multiply integers as well. After
/// <see cref="FuseQuantized"/>, which needs to see the float operator where a QuantizeLinear follows further down.
/// </summary>
internal sealed class MultiplyIntegers : RewritePass
{
    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit) =>
        QuantizedProducts.ToFloat(graph, node, edit) || QuantizedConvolutions.ToFloat(graph, node, edit);
}
