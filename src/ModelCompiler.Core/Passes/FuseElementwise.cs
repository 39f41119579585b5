using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>Merges an element-wise operator into the one that reads its result, so that nothing is stored in between.</summary>
internal sealed class FuseElementwise : RewritePass
{
    // Longer chains would need more vector registers than there are.
    private const int MaxSteps = 16;
    private const int MaxInputs = 8;

    protected override bool TryRewrite(Graph graph, Node node, GraphEdit edit)
    {
        if (!IsVectorised(node))
        {
            return false;
        }

        foreach (var input in node.Inputs)
        {
            if (
                graph.Producer(input) is { } producer
                && IsVectorised(producer)
                && !edit.IsTouched(producer)
                && graph.OnlyConsumer(input!) == node
                // A smaller result would be computed again for every element that it is broadcast to.
                && input!.Shape == node.Output.Shape
                && Merged(producer, node) is { } merged
            )
            {
                edit.Remove(producer);
                edit.Replace(node, merged);
                edit.ReplaceUses(node.Output, merged.Output);
                return true;
            }
        }

        return false;
    }

    /// <summary>Only what runs in vectors by itself is merged: one scalar function would make the whole chain scalar.</summary>
    private static bool IsVectorised(Node node) =>
        node.Operator is IElementwiseOperator
        && StepsOf(node).All(s => ElementwiseRules.HasVectorForm(s.Operator, ElementType.Float32))
        && node.Inputs.Concat(node.Outputs).All(v => v!.Element is ElementType.Float32 or ElementType.Bool);

    private static Node? Merged(Node producer, Node node)
    {
        var inputs = producer.Inputs.Concat(node.Inputs.Where(i => i != producer.Output)).Distinct().ToList();
        var steps = new List<ElementwiseStep>();
        var place = Append(producer, []);
        Append(node, new() { [producer.Output] = place });
        return inputs.Count <= MaxInputs && steps.Count <= MaxSteps && inputs.All(i => i!.Element == ElementType.Float32)
            ? GraphEdit.NewNode(node, new ElementwiseChain(steps.ToArray()), [.. inputs])
            : null;

        // Adds the steps of a node, with operands renumbered, and returns the number of its result.
        int Append(Node part, Dictionary<Value, int> computed)
        {
            var first = inputs.Count + steps.Count;
            foreach (var step in StepsOf(part))
            {
                steps.Add(
                    step with
                    {
                        Operands = step
                            .Operands.Select(o =>
                                o >= part.Inputs.Length ? first + o - part.Inputs.Length
                                : computed.TryGetValue(part.Input(o), out var result) ? result
                                : inputs.IndexOf(part.Inputs[o])
                            )
                            .ToArray(),
                    }
                );
            }

            return inputs.Count + steps.Count - 1;
        }
    }

    private static EquatableArray<ElementwiseStep> StepsOf(Node node) =>
        node.Operator is ElementwiseChain chain
            ? chain.Steps
            : (ElementwiseStep[])[new(node.Operator, Enumerable.Range(0, node.Inputs.Length).ToArray())];
}
