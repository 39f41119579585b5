using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>Inputs for a model that comes without recorded ones.</summary>
public static class RandomInputs
{
    /// <summary>
    /// Floats that are quantised first fill the range of that quantisation, others lie in [−1, 1); 8-bit integers take all
    /// values; wider ones, which are mostly indices and lengths, 0 or 1. The same seed gives the same values on every machine.
    /// </summary>
    public static IReadOnlyList<NamedTensor> For(OnnxFile file, IReadOnlyList<ModelPort> ports, int seed = 1)
    {
        var random = new Random(seed);
        return [.. ports.Select(p => new NamedTensor(p.Name, p.Type, Fill(p.Type, RangeOf(file.Proto?.Graph, p.Name), random)))];
    }

    private static Array Fill(TensorType type, (float Low, float High) range, Random random)
    {
        var array = Elements.Allocate(type);
        switch (array)
        {
            case float[] floats:
                for (var i = 0; i < floats.Length; i++)
                {
                    floats[i] = range.Low + (random.NextSingle() * (range.High - range.Low));
                }

                break;
            case Half[] halves:
                for (var i = 0; i < halves.Length; i++)
                {
                    halves[i] = (Half)((2 * random.NextSingle()) - 1);
                }

                break;
            case ushort[] codes when type.Element == ElementType.BFloat16:
                for (var i = 0; i < codes.Length; i++)
                {
                    codes[i] = (ushort)(BitConverter.SingleToUInt32Bits((2 * random.NextSingle()) - 1) >> 16);
                }

                break;
            case byte[] or sbyte[] when PackedElements.ArePacked(type.Element):
                random.NextBytes(Elements.Bytes(array));
                PackedElements.Unpack(PackedElements.Pack(Elements.Bytes(array), type.Element), type).CopyTo(Elements.Bytes(array));
                break;
            case double[] doubles:
                for (var i = 0; i < doubles.Length; i++)
                {
                    doubles[i] = (2 * random.NextDouble()) - 1;
                }

                break;
            case byte[] or sbyte[]:
                random.NextBytes(Elements.Bytes(array));
                break;
            default:
                for (var i = 0; i < array.Length; i++)
                {
                    array.SetValue(Convert.ChangeType(random.Next(2), array.GetType().GetElementType()!), i);
                }

                break;
        }

        return array;
    }

    private static (float Low, float High) RangeOf(GraphProto? graph, string input)
    {
        var name = input;
        while (graph?.Node.FirstOrDefault(n => n.Input.FirstOrDefault() == name) is { } node)
        {
            if (node.OpType == "QuantizeLinear")
            {
                return QuantisedRange(graph, node) ?? (-1, 1);
            }

            if (node.OpType is not ("Transpose" or "Reshape" or "Squeeze" or "Unsqueeze" or "Flatten" or "Identity"))
            {
                break;
            }

            name = node.Output[0];
        }

        return (-1, 1);
    }

    private static (float Low, float High)? QuantisedRange(GraphProto graph, NodeProto quantise)
    {
        var scale = Constant(graph, quantise.Input[1]);
        var zero = quantise.Input.Count > 2 ? Constant(graph, quantise.Input[2]) : null;
        if (scale is not { Element: ElementType.Float32, Shape.Elements: 1 } || zero is not { Shape.Elements: 1 })
        {
            return null;
        }

        var (s, z) = (scale.ToFloats()[0], zero.ToLongs()[0]);
        return ((zero.Element.LowestValue() - z) * s, (zero.Element.HighestValue() - z) * s);
    }

    private static Tensor? Constant(GraphProto graph, string name)
    {
        var proto = graph.Initializer.FirstOrDefault(i => i.Name == name);
        return proto is null ? null : new OnnxTensorReader(new ModelSource("", [], _ => null)).Read(proto);
    }
}
