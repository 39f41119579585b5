using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>What an operator means to quantisation.</summary>
internal enum OperatorRole
{
    /// <summary>It computes in float.</summary>
    Float,

    /// <summary>It multiplies with weights or with another value; most of the work, so its inputs are quantised for its sake.</summary>
    Product,

    /// <summary>It gives new numbers, in integers where its inputs are integers already.</summary>
    Follower,

    /// <summary>It may become a bound of what computes its input; else it is a follower.</summary>
    Activation,

    /// <summary>It gives numbers of its first input: one scale serves both sides.</summary>
    PassThrough,
}

/// <summary>The table of roles.</summary>
internal static class OperatorRoles
{
    private static readonly Dictionary<string, OperatorRole> Roles = new(StringComparer.Ordinal)
    {
        ["Add"] = OperatorRole.Follower,
        ["AveragePool"] = OperatorRole.Follower,
        ["Clip"] = OperatorRole.Activation,
        ["Concat"] = OperatorRole.Follower,
        ["Conv"] = OperatorRole.Product,
        ["DepthToSpace"] = OperatorRole.PassThrough,
        ["Dropout"] = OperatorRole.PassThrough,
        ["Expand"] = OperatorRole.PassThrough,
        ["Flatten"] = OperatorRole.PassThrough,
        ["Gather"] = OperatorRole.PassThrough,
        ["Gemm"] = OperatorRole.Product,
        ["GlobalAveragePool"] = OperatorRole.Follower,
        ["GlobalMaxPool"] = OperatorRole.PassThrough,
        ["Identity"] = OperatorRole.PassThrough,
        ["LeakyRelu"] = OperatorRole.Follower,
        ["MatMul"] = OperatorRole.Product,
        ["MaxPool"] = OperatorRole.PassThrough,
        ["Mul"] = OperatorRole.Follower,
        ["Pad"] = OperatorRole.PassThrough,
        ["Relu"] = OperatorRole.Activation,
        ["Reshape"] = OperatorRole.PassThrough,
        ["Resize"] = OperatorRole.PassThrough,
        ["Sigmoid"] = OperatorRole.Follower,
        ["Slice"] = OperatorRole.PassThrough,
        ["SpaceToDepth"] = OperatorRole.PassThrough,
        ["Split"] = OperatorRole.PassThrough,
        ["Squeeze"] = OperatorRole.PassThrough,
        ["Transpose"] = OperatorRole.PassThrough,
        ["Unsqueeze"] = OperatorRole.PassThrough,
    };

    public static OperatorRole Of(NodeProto node) =>
        OnnxDomains.Normalise(node.Domain).Length == 0 ? Roles.GetValueOrDefault(node.OpType) : OperatorRole.Float;

    /// <summary>The inputs that carry numbers, not shapes, bounds or biases.</summary>
    public static IEnumerable<int> DataInputs(NodeProto node) =>
        node.OpType switch
        {
            "Add" or "Mul" or "MatMul" or "Conv" or "Gemm" => [0, 1],
            "Concat" => Enumerable.Range(0, node.Input.Count),
            _ => [0],
        };

    /// <summary>The outputs that carry numbers: all parts of a Split, of others the first.</summary>
    public static IEnumerable<string> DataOutputs(NodeProto node) => node.OpType == "Split" ? node.Output : node.Output.Take(1);
}
