using ModelCompiler.Graphs;
using ModelCompiler.Passes.Quantised;

namespace ModelCompiler.Passes;

/// <summary>The passes, in the order in which they run.</summary>
internal static class Pipeline
{
    public static Graph Run(Graph graph, Target target)
    {
        foreach (var pass in Passes(target))
        {
            graph = pass.Run(graph);
            GraphVerifier.Check(graph, pass.GetType().Name);
        }

        return graph;
    }

    // Each line with the reason for its place.
    private static IPass[] Passes(Target target) =>
        [
            // While what bodies read can still be dequantised within them.
            new MoveIntoBodies(),
            // Bodies are graphs of their own, with all passes of their own; what they give and take stays as it is.
            new RunOnBodies(body => Run(body, target)),
            // First, so that nothing below looks at what nobody needs or at the same thing twice.
            new RemoveUnusedNodes(),
            new MergeDuplicates(),
            // While what exporters have written out still stands as they wrote it.
            new FuseLayerNormalization(),
            new FuseGelu(),
            new FuseHardSwish(),
            new SimplifyPowers(),
            // Before what changes weights, while the integers that weights are given in are still there and nothing else was fused or moved.
            new FuseQuantized(),
            new MultiplyIntegers(),
            new FoldConstants(),
            // Before the layout changes, because its parameters are aligned with dimension 1.
            new ExpandBatchNormalization(),
            new OrientMatMulOperands(),
            // Early, so that what follows a convolution is next to it; again once transpositions no longer stand in between.
            new FoldScaleAndBias(),
            new FuseActivation(),
            new ToChannelsLast(),
            new RepeatedPasses(new MergeTransposes(), new SinkTransposes(), new SinkTransposesThroughReshapes()),
            new PermuteFlattenedWeights(),
            new FoldScaleAndBias(),
            new FuseActivation(),
            new FoldPadding(),
            // Last of all about layouts: until here they could still cancel.
            new ReshapeFreeTransposes(),
            new MergeReshapes(),
            // Behind all that turns inputs of nodes into constants.
            new FoldConstants(),
            // Last, because the passes above look for single operators.
            new FuseElementwise(),
            // When every quantised operator is there and nothing is moved or fused any more.
            new ChooseActivationStorage(target),
            // Behind that, which knows the two operators that this makes one.
            new QuantizeIntoChannelsLast(),
        ];
}
