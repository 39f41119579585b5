using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Lowering;

public class WeightImageTests
{
    private static readonly Node Node = new("node", new Reshape(new TensorShape(1)), [], []);

    [Fact]
    public void Weights_are_packed_when_their_bytes_are_asked_for()
    {
        var (context, packed) = (new LoweringContext(Target.Auto, []), 0);
        context.AddWeights<byte>(Node, "bias", ElementType.UInt8, [7, 8]);
        var entry = context.AddWeights<int>(
            Node,
            "weights",
            ElementType.Int32,
            3,
            target =>
            {
                packed++;
                target[1] = 5;
            }
        );

        var image = context.Weights();
        Assert.Equal((64, 12, 0), (entry.Offset, entry.Bytes, packed));

        var memory = Enumerable.Repeat((byte)0xFF, image.Length).ToArray();
        image.Pack(memory);
        Assert.Equal(1, packed);
        Assert.Equal([7, 8], memory[..2]);
        Assert.Equal(5, memory[68]);
        Assert.Equal(20, memory.Sum(b => b));
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Int8)]
    public void A_plan_holds_the_weights_of_a_model_once(ElementType element)
    {
        const int Size = 1024;
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, Size);
        for (var i = 0; i < 4; i++)
        {
            x = element == ElementType.Int8 ? QuantizedProduct(model, x, Size) : model.Node("MatMul", [x, Weights(model, element, Size)]);
        }

        var source = new ModelSource("test.onnx", model.Output(x, ElementType.Float32).ToBytes(), _ => null);
        var options = new CompileOptions { ClassName = "Test" };
        ModelCompilation.Plan(source, options);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var plan = ModelCompilation.Plan(source, options);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(plan.Weights.Length >= 4 * Size * Size * element.SizeInBytes());
        // Protobuf copies the file; everything else is small beside it.
        Assert.InRange(allocated, source.Bytes.Length, source.Bytes.Length * 1.25);
    }

    private static string QuantizedProduct(OnnxModelBuilder model, string x, int size)
    {
        var scale = model.Constant([], 0.1f);
        var zero = model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [3]));
        var weightZero = model.Constant(Tensor.From<sbyte>(ElementType.Int8, TensorShape.Scalar, [0]));
        var quantised = model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, scale, zero]), scale, zero]);
        var weights = model.Node("DequantizeLinear", [Weights(model, ElementType.Int8, size), scale, weightZero]);
        var product = model.Node("MatMul", [quantised, weights]);
        return model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [product, scale, zero]), scale, zero]);
    }

    private static string Weights(OnnxModelBuilder model, ElementType element, int size)
    {
        var bytes = new byte[size * size * element.SizeInBytes()];
        if (element == ElementType.Int8)
        {
            // Neither zeros nor few values, which would be packed into less.
            new Random(1).NextBytes(bytes);
        }

        bytes[1] = 1;
        return model.Constant(Tensor.FromBytes(new TensorType(element, new TensorShape(size, size)), bytes));
    }
}
