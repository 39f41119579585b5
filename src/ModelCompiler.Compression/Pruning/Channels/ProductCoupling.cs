using ModelCompiler.Compression.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>Convolutions and matrix products: what is summed over goes with the input's channels, the rest with the output's.</summary>
internal static class ProductCoupling
{
    public static bool Conv(Coupling coupling, NodeProto node)
    {
        var (x, weights, y) = (node.Input[0], node.Input[1], node.Output[0]);
        var groups = Groups(node);
        coupling.Join(x, 0, y, 0);
        coupling.Join(weights, 0, y, 1);
        CouplingRules.FixFrom(coupling, 2, x, weights, y);
        JoinBias(coupling, node);
        JoinGroups(coupling, x, y, groups, weights, x);
        coupling.Produces(weights, 0);
        return true;
    }

    public static bool ConvTranspose(Coupling coupling, NodeProto node)
    {
        var (x, weights, y) = (node.Input[0], node.Input[1], node.Output[0]);
        var groups = Groups(node);
        coupling.Join(x, 0, y, 0);
        coupling.Join(weights, 0, x, 1);
        CouplingRules.FixFrom(coupling, 2, x, weights, y);
        JoinBias(coupling, node);
        JoinGroups(coupling, x, y, groups, weights, y);
        coupling.Produces(weights, 1);
        return true;
    }

    public static bool Gemm(Coupling coupling, NodeProto node)
    {
        var (a, b, y) = (node.Input[0], node.Input[1], node.Output[0]);
        var transA = OnnxMessages.Find(node, "transA")?.I is 1;
        var transB = OnnxMessages.Find(node, "transB")?.I is 1;
        coupling.Join(a, transA ? 1 : 0, y, 0);
        coupling.Join(b, transB ? 0 : 1, y, 1);
        coupling.Join(a, transA ? 0 : 1, b, transB ? 1 : 0);
        coupling.Produces(b, transB ? 0 : 1);
        if (node.Input.Count > 2 && node.Input[2].Length > 0)
        {
            coupling.JoinBroadcast(node.Input[2], y);
        }

        return true;
    }

    public static bool MatMul(Coupling coupling, NodeProto node)
    {
        var (a, b, y) = (node.Input[0], node.Input[1], node.Output[0]);
        var (left, right, result) = (coupling.Shape(a)!.Rank, coupling.Shape(b)!.Rank, coupling.Shape(y)!.Rank);
        if (left < 2 || right < 2)
        {
            return false;
        }

        coupling.Join(a, left - 1, b, right - 2);
        coupling.Join(a, left - 2, y, result - 2);
        coupling.Join(b, right - 1, y, result - 1);
        JoinBatch(coupling, a, y);
        JoinBatch(coupling, b, y);
        coupling.Produces(b, right - 1);
        coupling.Produces(a, left - 2);
        return true;
    }

    private static int Groups(NodeProto node) => (int)(OnnxMessages.Find(node, "group")?.I ?? 1);

    private static void JoinBias(Coupling coupling, NodeProto node)
    {
        if (node.Input.Count > 2 && node.Input[2].Length > 0)
        {
            coupling.Join(node.Input[2], 0, node.Output[0], 1);
        }
    }

    /// <summary>
    /// All groups have to keep the same number of channels: either each loses the same places, or whole groups go, which is the only way
    /// where a group has a single channel on one side, as in depthwise convolutions.
    /// </summary>
    /// <param name="coupling">What goes together.</param>
    /// <param name="x">The input.</param>
    /// <param name="y">The output.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="weights">The weights, whose dimension 1 counts the channels of one group.</param>
    /// <param name="counted">The one of input and output whose channels these are.</param>
    private static void JoinGroups(Coupling coupling, string x, string y, int groups, string weights, string counted)
    {
        var (inputs, outputs) = (coupling.Shape(x)![1] / groups, coupling.Shape(y)![1] / groups);
        var whole = groups > 1 && (inputs == 1 || outputs == 1);
        if (whole)
        {
            coupling.Fix(weights, 1);
        }
        else
        {
            for (var i = 0; i < coupling.Shape(weights)![1]; i++)
            {
                coupling.Units.Join(new Slice(weights, 1, i), new Slice(counted, 1, i));
            }
        }

        for (var group = 0; group < groups; group++)
        {
            for (var i = 0; i < inputs; i++)
            {
                var first = new Slice(x, 1, whole ? group * inputs : i);
                coupling.Units.Join(new Slice(x, 1, (group * inputs) + i), first);
            }

            for (var o = 0; o < outputs; o++)
            {
                var first = whole ? new Slice(x, 1, group * inputs) : new Slice(y, 1, o);
                coupling.Units.Join(new Slice(y, 1, (group * outputs) + o), first);
            }
        }
    }

    private static void JoinBatch(Coupling coupling, string operand, string result)
    {
        var (a, y) = (coupling.Shape(operand)!, coupling.Shape(result)!);
        for (var axis = 3; axis <= a.Rank; axis++)
        {
            if (a[a.Rank - axis] == y[y.Rank - axis])
            {
                coupling.Join(operand, a.Rank - axis, result, y.Rank - axis);
            }
        }
    }
}
