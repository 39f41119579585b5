using System.Collections.Immutable;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>ONNX SequenceMap (opset 17): a subgraph for each element of a sequence.</summary>
internal static class SequenceMapImport
{
    public static ImmutableArray<OnnxValue?> SequenceMap(ControlNode node)
    {
        var body = node.Subgraph("body");
        var length = node.Sequence(0).Length;
        var results = body.Output.Select(_ => ImmutableArray.CreateBuilder<Value>(length)).ToArray();
        for (var i = 0; i < length; i++)
        {
            var given = Enumerable.Range(0, node.Inputs.Length).Select(input => ItemOf(node, input, i, length)).ToList();
            if (node.Run(body, $"{i}", given, node.Graph) is not { } outputs)
            {
                return node.Failed;
            }

            for (var o = 0; o < outputs.Length; o++)
            {
                results[o]
                    .Add(
                        outputs[o] is OnnxTensor tensor
                            ? tensor.Value
                            : throw new ShapeException($"output {o} of the subgraph is {outputs[o].Description}; a tensor was expected")
                    );
            }
        }

        return [.. results.Select(r => new OnnxSequence(r.ToImmutable()))];
    }

    /// <summary>Of a sequence its element, of a tensor all of it.</summary>
    private static OnnxValue ItemOf(ControlNode node, int input, int index, int length)
    {
        if (node.Input(input) is not OnnxSequence sequence)
        {
            return node.Input(input);
        }

        return sequence.Items.Length == length
            ? new OnnxTensor(sequence.Items[index])
            : throw new ShapeException($"input {input} is a sequence of {sequence.Items.Length} tensors, input 0 one of {length}");
    }
}
