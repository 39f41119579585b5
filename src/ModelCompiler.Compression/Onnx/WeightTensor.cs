using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>
/// The constant weights of a convolution or matrix product, as numbers also where the file holds integers that stand for them, seen as a matrix for each of its taps: the places of a convolution's
/// kernel, or the matrices of a batch.
/// </summary>
/// <param name="Name">Name of the initialiser.</param>
/// <param name="Layer">Name of the first node that reads it.</param>
/// <param name="OperatorType">Operator of that node.</param>
/// <param name="Weights">The weights in float32.</param>
/// <param name="OutputAxis">The dimension that counts output channels (of one group, where a transposed convolution has several).</param>
/// <param name="InputAxis">The dimension that counts what is summed over; of a convolution in groups the input channels of one.</param>
/// <param name="Group">Number of channel groups.</param>
public sealed record WeightTensor(
    string Name,
    string Layer,
    string OperatorType,
    Tensor Weights,
    int OutputAxis,
    int InputAxis,
    int Group = 1
)
{
    /// <summary>The integers that stand for them in the file; null where it holds the weights themselves.</summary>
    internal QuantisedConstant? Quantised { get; private init; }

    /// <summary>Output channels.</summary>
    public int Outputs => Weights.Shape[OutputAxis];

    /// <summary>What is summed over for one tap.</summary>
    public int Inputs => Weights.Shape[InputAxis];

    /// <summary>Matrices: places of the kernel, or entries of a batch.</summary>
    public int Taps => Weights.Shape.Elements / Math.Max(Outputs * Inputs, 1);

    /// <summary>The weights of a model, each tensor once, in the order of the nodes.</summary>
    public static IReadOnlyList<WeightTensor> AllOf(OnnxModel model) =>
        [.. model.Graph.Node.Select(n => Of(model, n)).OfType<WeightTensor>().DistinctBy(w => w.Name)];

    /// <summary>The weights of one node; null where it has none that are constants.</summary>
    public static WeightTensor? Of(OnnxModel model, NodeProto node)
    {
        if (OnnxDomains.Normalise(node.Domain).Length > 0 || node.Input.Count < 2)
        {
            return null;
        }

        var input = node.OpType == "MatMul" && !IsConstant(model, node.Input[1]) ? 0 : 1;
        if (AxesOf(node, input) is not { } axes)
        {
            return null;
        }

        var quantised = QuantisedConstant.Behind(model, node.Input[input]);
        var constant = quantised?.Integers ?? model.Constant(node.Input[input]);
        if (constant is not { Shape: { Rank: >= 2 } shape } || (quantised is null && constant.Element != ElementType.Float32))
        {
            return null;
        }

        return new WeightTensor(
            quantised?.Name ?? node.Input[input],
            NameOf(node),
            node.OpType,
            quantised is null ? constant : Tensor.Floats(shape, quantised.Reals()),
            axes.Output < 0 ? shape.Rank + axes.Output : axes.Output,
            axes.Input < 0 ? shape.Rank + axes.Input : axes.Input,
            (int)(OnnxMessages.Find(node, "group")?.I ?? 1)
        )
        {
            Quantised = quantised,
        };
    }

    /// <summary>Whether a value is known without any input: an initialiser, or what DequantizeLinear makes of one.</summary>
    internal static bool IsConstant(OnnxModel model, string value) =>
        model.Constant(value) is not null || QuantisedConstant.Behind(model, value) is not null;

    /// <summary>Makes weights zero in the file: integers become those that stand for 0.</summary>
    /// <param name="model">The model.</param>
    /// <param name="offsets">Offsets of the weights.</param>
    /// <returns>How many weights of the tensor are zero then.</returns>
    internal int MakeZero(OnnxModel model, IEnumerable<int> offsets)
    {
        if (Quantised is { } quantised)
        {
            var integers = quantised.Integers.ToLongs();
            foreach (var offset in offsets)
            {
                integers[offset] = quantised.ZeroPoint(offset);
            }

            model.SetConstant(Name, quantised.With(integers));
            return integers.Where((q, i) => q == quantised.ZeroPoint(i)).Count();
        }

        var weights = Weights.ToFloats();
        foreach (var offset in offsets)
        {
            weights[offset] = 0;
        }

        model.SetConstant(Name, Tensor.Floats(Weights.Shape, weights));
        return weights.Count(w => w == 0);
    }

    /// <summary>What people call a node: its name, or that of what it computes.</summary>
    public static string NameOf(NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output[0];

    /// <summary>Where an element is.</summary>
    /// <returns>For an output, an input and a tap the offset in the tensor.</returns>
    internal Func<int, int, int, int> Offsets()
    {
        var strides = Weights.Shape.Strides();
        var others = Enumerable.Range(0, Weights.Shape.Rank).Where(a => a != OutputAxis && a != InputAxis).Reverse().ToArray();
        var taps = new int[Taps];
        for (var tap = 0; tap < taps.Length; tap++)
        {
            var rest = tap;
            foreach (var axis in others)
            {
                taps[tap] += rest % Weights.Shape[axis] * strides[axis];
                rest /= Weights.Shape[axis];
            }
        }

        return (output, input, tap) => (output * strides[OutputAxis]) + (input * strides[InputAxis]) + taps[tap];
    }

    private static (int Output, int Input)? AxesOf(NodeProto node, int constant) =>
        node.OpType switch
        {
            "Conv" => (0, 1),
            "ConvTranspose" => (1, 0),
            "Gemm" => OnnxMessages.Find(node, "transB")?.I is 1 ? (0, 1) : (1, 0),
            "MatMul" => constant == 1 ? (-1, -2) : (-2, -1),
            _ => null,
        };
}
