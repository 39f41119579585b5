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

    /// <summary>
    /// Puts the opposite, given · deviation + mean, behind a network that learnt to give what it sees: what comes out has the units of
    /// what goes in, with the same constants.
    /// </summary>
    /// <param name="source">A model that standardises its input, and whose only output has the channels where the input has them.</param>
    /// <exception cref="CompressionException">The model does not standardise its input, or has other outputs.</exception>
    public static byte[] UndoneBehind(ModelSource source)
    {
        var model = OnnxModel.Read(source);
        if (Find(model) is not { } constants || model.Graph.Output is not [var output])
        {
            throw new CompressionException($"{source.Path}: only a network with one output that standardises its input can undo that");
        }

        var given = model.UniqueName($"{Prefix}given");
        var scaled = model.UniqueName($"{Prefix}scaled");
        foreach (var node in model.Graph.Node)
        {
            Rename(node.Input);
            Rename(node.Output);
        }

        model.SetNodes([
            .. model.Graph.Node,
            OnnxMessages.Node($"{Prefix}mul", "Mul", [given, constants.Deviation], scaled),
            OnnxMessages.Node($"{Prefix}add", "Add", [scaled, constants.Mean], output.Name),
        ]);
        return model.Proto.ToByteArray();

        void Rename(IList<string> names)
        {
            for (var i = 0; i < names.Count; i++)
            {
                names[i] = names[i] == output.Name ? given : names[i];
            }
        }
    }

    /// <summary>
    /// The names of the constants by which a network standardises its only input, whoever has put that in front of it: everything reads
    /// (input − mean) / deviation, and nothing the input itself.
    /// </summary>
    internal static (string Mean, string Deviation)? Find(OnnxModel model) =>
        model.Graph.Input is [var input]
        && model.OnlyConsumer(input.Name) is { OpType: "Sub" } sub
        && sub.Input[0] == input.Name
        && IsConstant(model, sub.Input[1])
        && model.OnlyConsumer(sub.Output[0]) is { OpType: "Div" } div
        && div.Input[0] == sub.Output[0]
        && IsConstant(model, div.Input[1])
            ? (sub.Input[1], div.Input[1])
            : null;

    private static bool IsConstant(OnnxModel model, string name) => model.Constant(name) is { Element: ElementType.Float32 };
}
