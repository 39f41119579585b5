using Google.Protobuf;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Onnx;

/// <summary>
/// Puts (x − mean) / deviation in front of a network, so that it takes numbers as they are measured: whoever runs it cannot forget, or
/// confuse, by what they have to be divided.
/// </summary>
public static class InputStandardisation
{
    /// <summary>What the names of its constants begin with.</summary>
    public const string Prefix = "standardize/";

    /// <summary>The model with the two operators in front.</summary>
    /// <param name="source">A model with one input of floats, whose second dimension has the channels.</param>
    /// <param name="statistics">Mean and deviation of each channel.</param>
    /// <exception cref="CompressionException">The model has no such input.</exception>
    public static byte[] InFrontOf(ModelSource source, ItemStatistics statistics)
    {
        var model = OnnxModel.Read(source);
        var channels = statistics.Means.Count;
        if (
            model.Inputs is not [{ Type: { Element: ElementType.Float32, Shape: { Rank: > 1 } shape }, Name: var input }]
            || shape[1] != channels
        )
        {
            throw new CompressionException(
                $"{source.Path}: standardising {channels} channels needs one input of floats [batch,{channels},…]; this model has {string.Join(", ", model.Inputs.Select(i => $"{i.Name} {i.Type}"))}"
            );
        }

        int[] sizes = [channels, .. Enumerable.Repeat(1, shape.Rank - 2)];
        var mean = model.AddConstant<float>($"{Prefix}mean", ElementType.Float32, sizes, [.. statistics.Means]);
        var deviation = model.AddConstant<float>($"{Prefix}deviation", ElementType.Float32, sizes, [.. statistics.Deviations]);
        var centred = model.UniqueName($"{Prefix}centred");
        var standardised = model.UniqueName($"{Prefix}standardised");
        foreach (var node in model.Graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
            {
                node.Input[i] = node.Input[i] == input ? standardised : node.Input[i];
            }
        }

        model.SetNodes([
            OnnxMessages.Node($"{Prefix}sub", "Sub", [input, mean], centred),
            OnnxMessages.Node($"{Prefix}div", "Div", [centred, deviation], standardised),
            .. model.Graph.Node,
        ]);
        return model.Proto.ToByteArray();
    }
}
