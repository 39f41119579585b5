using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>
/// The constant weights of a convolution or matrix product, seen as a matrix for each of its taps: the places of a convolution's
/// kernel, or the matrices of a batch.
/// </summary>
/// <param name="Name">Name of the initialiser.</param>
/// <param name="Layer">Name of the first node that reads it.</param>
/// <param name="OperatorType">Operator of that node.</param>
/// <param name="Weights">The float32 weights.</param>
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
    /// <summary>Output channels.</summary>
    public int Outputs => Weights.Shape[OutputAxis];

    /// <summary>What is summed over for one tap.</summary>
    public int Inputs => Weights.Shape[InputAxis];

    /// <summary>Matrices: places of the kernel, or entries of a batch.</summary>
    public int Taps => Weights.Shape.Elements / Math.Max(Outputs * Inputs, 1);

    /// <summary>The weights of a model, each tensor once, in the order of the nodes.</summary>
    public static IReadOnlyList<WeightTensor> AllOf(OnnxModel model) =>
        [.. model.Graph.Node.Select(n => Of(model, n)).OfType<WeightTensor>().DistinctBy(w => w.Name)];

    /// <summary>The weights of one node; null where it has none that are float32 constants.</summary>
    public static WeightTensor? Of(OnnxModel model, NodeProto node)
    {
        if (OnnxDomains.Normalise(node.Domain).Length > 0 || node.Input.Count < 2)
        {
            return null;
        }

        var constant = node.OpType == "MatMul" && model.Constant(node.Input[1]) is null ? 0 : 1;
        if (
            AxesOf(node, constant) is not { } axes
            || model.Constant(node.Input[constant]) is not { Element: ElementType.Float32, Shape: { Rank: >= 2 } shape } weights
        )
        {
            return null;
        }

        return new WeightTensor(
            node.Input[constant],
            NameOf(node),
            node.OpType,
            weights,
            axes.Output < 0 ? shape.Rank + axes.Output : axes.Output,
            axes.Input < 0 ? shape.Rank + axes.Input : axes.Input,
            (int)(OnnxMessages.Find(node, "group")?.I ?? 1)
        );
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
