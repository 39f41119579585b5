using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>Integers of the file that one DequantizeLinear turns into the numbers they stand for.</summary>
/// <param name="Name">Name of the initialiser.</param>
/// <param name="Integers">Its elements.</param>
/// <param name="Grid">Scales and zero points.</param>
internal sealed record QuantisedConstant(string Name, Tensor Integers, QuantizationGrid Grid)
{
    /// <summary>The constant behind a value; null where the value is something else.</summary>
    public static QuantisedConstant? Behind(OnnxModel model, string value) =>
        model.Producer(value) is { } node && !model.IsOutput(value) ? Of(model, node) : null;

    /// <summary>The constant that a node reads alone; null where it is no DequantizeLinear of a constant with constant float32 scales.</summary>
    /// <exception cref="ShapeException">Scales and integers do not go together.</exception>
    public static QuantisedConstant? Of(OnnxModel model, NodeProto node)
    {
        if (
            node.OpType != "DequantizeLinear"
            || node.Input.Count < 2
            || model.OnlyConsumer(node.Input[0]) is null
            || model.Constant(node.Input[0]) is not { } integers
            || !integers.Element.IsInteger()
            || integers.Shape.Elements == 0
            || model.Constant(node.Input[1]) is not { Element: ElementType.Float32 } scale
        )
        {
            return null;
        }

        var zeroPoints =
            node.Input.Count > 2 && node.Input[2].Length > 0 ? model.Constant(node.Input[2])?.ToLongs() : new long[scale.Shape.Elements];
        if (zeroPoints is null || zeroPoints.Length != scale.Shape.Elements)
        {
            return null;
        }

        var axis = scale.Shape.Elements == 1 ? 0 : integers.Shape.NormaliseAxis(OnnxMessages.Find(node, "axis")?.I ?? 1);
        var blockSize = (int)(OnnxMessages.Find(node, "block_size")?.I ?? 0);
        var grid = new QuantizationGrid(scale.ToFloats(), zeroPoints.Select(z => (int)z).ToArray(), axis, blockSize);
        QuantizationRules.Check(integers.Shape, grid.Axis, grid.BlockSize, grid.Scales.Count);
        return new(node.Input[0], integers, grid);
    }

    /// <summary>The numbers that the integers stand for.</summary>
    public float[] Reals() =>
        [
            .. Integers
                .ToLongs()
                .Select((q, i) => QuantizationRules.Dequantize((int)q, Grid.Scales[PlaceOf(i)], Grid.ZeroPoints[PlaceOf(i)])),
        ];

    /// <summary>The integer that stands for 0 at the place of an element.</summary>
    public int ZeroPoint(int element) => Grid.ZeroPoints[PlaceOf(element)];

    /// <summary>What a step of one is worth at the place of an element.</summary>
    public float Scale(int element) => Grid.Scales[PlaceOf(element)];

    /// <summary>A tensor of the same type with other integers.</summary>
    public Tensor With(ReadOnlySpan<long> integers)
    {
        var bytes = new byte[Integers.Type.Bytes];
        var size = Integers.Element.SizeInBytes();
        for (var i = 0; i < integers.Length; i++)
        {
            BitConverter.GetBytes(integers[i]).AsSpan(0, size).CopyTo(bytes.AsSpan(i * size));
        }

        return Tensor.FromBytes(Integers.Type, bytes);
    }

    private int PlaceOf(int element) => Grid.IndexOf(Integers.Shape, element);
}
