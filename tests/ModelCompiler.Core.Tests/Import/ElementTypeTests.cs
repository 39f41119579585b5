using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Import;

/// <summary>Tensors of all element types, from both places where files have them.</summary>
public sealed class ElementTypeTests
{
    /// <summary>Five elements as a file has them, and as they are held.</summary>
    public static TheoryData<ElementType, byte[], byte[]> Tensors =>
        new()
        {
            { ElementType.UInt4, [0x21, 0xF3, 0x08], [1, 2, 3, 15, 8] },
            { ElementType.Int4, [0x21, 0xF3, 0x08], [1, 2, 3, 255, 248] },
            { ElementType.Float4E2M1, [0x21, 0xF3, 0x08], [1, 2, 3, 15, 8] },
            { ElementType.UInt2, [0b11_10_01_00, 0b11], [0, 1, 2, 3, 3] },
            { ElementType.Int2, [0b11_10_01_00, 0b11], [0, 1, 254, 255, 255] },
            { ElementType.Float8E4M3FN, [1, 2, 128, 255, 7], [1, 2, 128, 255, 7] },
            { ElementType.Float8E8M0, [1, 2, 128, 255, 7], [1, 2, 128, 255, 7] },
            { ElementType.Bool, [1, 0, 1, 1, 0], [1, 0, 1, 1, 0] },
            { ElementType.Float16, [1, 2, 3, 4, 5, 6, 7, 8, 9, 255], [1, 2, 3, 4, 5, 6, 7, 8, 9, 255] },
            { ElementType.BFloat16, [1, 2, 3, 4, 5, 6, 7, 8, 9, 255], [1, 2, 3, 4, 5, 6, 7, 8, 9, 255] },
        };

    [Theory]
    [MemberData(nameof(Tensors))]
    public void Tensors_are_read_from_raw_data_and_from_integers(ElementType element, byte[] stored, byte[] held)
    {
        var raw = new TensorProto
        {
            DataType = (int)element,
            Dims = { 5 },
            RawData = ByteString.CopyFrom(stored),
        };
        Assert.Equal(held, Read(raw).Bytes.ToArray());

        var integers = new TensorProto { DataType = (int)element, Dims = { 5 } };
        var size = held.Length / 5;
        integers.Int32Data.AddRange(stored.Chunk(size).Select(c => size == 1 ? c[0] : c[0] | (c[1] << 8)));
        Assert.Equal(held, Read(integers).Bytes.ToArray());

        raw.RawData = ByteString.CopyFrom(stored[..^1]);
        integers.Int32Data.RemoveAt(integers.Int32Data.Count - 1);
        Assert.Contains("bytes", Assert.Throws<ProblemException>(() => Read(raw)).Message, StringComparison.Ordinal);
        Assert.Contains("bytes", Assert.Throws<ProblemException>(() => Read(integers)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(14, "14 (complex64)")]
    [InlineData(99, "99")]
    public void Types_that_are_not_known_are_named(int type, string name)
    {
        var tensor = new TensorProto { DataType = type, Dims = { 0 } };
        Assert.Contains(name, Assert.Throws<ProblemException>(() => Read(tensor)).Problem.Message, StringComparison.Ordinal);
    }

    /// <summary>Whatever types and attributes a damaged file gives to conversions, importing it ends with a graph or a diagnostic.</summary>
    [Fact]
    public void Damaged_conversions_never_throw()
    {
        var model = new OnnxModelBuilder(25);
        var x = model.Input("x", ElementType.Float16, 2, 6);
        var w = model.Constant(Tensor.FromBytes(new TensorType(ElementType.Int4, new TensorShape(6, 4)), new byte[24]));
        var scale = model.Constant(Tensor.From<byte>(ElementType.Float8E8M0, new TensorShape(2, 4), [.. Enumerable.Repeat((byte)127, 8)]));
        var real = model.Node("DequantizeLinear", [w, scale], ("axis", 0), ("block_size", 3), ("output_dtype", (int)ElementType.Float16));
        var y = model.Node("MatMul", [x, real]);
        model.Output(
            model.Node("QuantizeLinear", [y, model.Constant([], 1)], ("output_dtype", (int)ElementType.Float8E5M2), ("precision", 16)),
            ElementType.Float8E5M2
        );
        model.Output(model.Node("Cast", [y], ("to", (int)ElementType.Float4E2M1), ("saturate", 1)), ElementType.Float4E2M1);

        var (bytes, random) = (model.ToBytes(), new Random(3));
        for (var i = 0; i < 3000; i++)
        {
            var damaged = (byte[])bytes.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", damaged, _ => null), new CompileOptions());
            Assert.True(compiled.Succeeded || compiled.Problems.Length > 0);
        }
    }

    /// <summary>A block of scales that claims to be larger than the tensor is the tensor.</summary>
    [Fact]
    public void Enormous_blocks_take_no_memory()
    {
        var model = new OnnxModelBuilder(25);
        var scale = model.Constant([1, 2], 1, 2);
        var y = model.Node(
            "QuantizeLinear",
            [model.Input("x", ElementType.Float32, 3, 2), scale],
            ("axis", 0),
            ("block_size", 200_000_000),
            ("output_dtype", (int)ElementType.Float8E5M2)
        );
        model.Output(y, ElementType.Float8E5M2);
        var plan = ModelCompilation.Plan(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.True(plan.Description is not null, string.Join("\n", plan.Problems));
        Assert.True(plan.Description.ArenaBytes < 1000);
    }

    private static Tensor Read(TensorProto proto) => new OnnxTensorReader(new ModelSource("", [], _ => null)).Read(proto);
}
