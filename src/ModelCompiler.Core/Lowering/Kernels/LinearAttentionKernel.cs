using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>Walks through the steps with one state a head. Inputs: queries, keys, values, then those of the others that are there.</summary>
/// <param name="Batches">Batches.</param>
/// <param name="Steps">Steps.</param>
/// <param name="Keys">Size of keys.</param>
/// <param name="Values">Size of values.</param>
/// <param name="Operator">Heads and scale.</param>
/// <param name="Past">The input with the state before; null where it is zero.</param>
/// <param name="Decay">The input with the decay; null where there is none.</param>
/// <param name="DecayPerKey">Whether each row of the state decays for itself.</param>
/// <param name="Rate">The input with the rate; null where values are added as they are.</param>
/// <param name="RatePerHead">Whether each head has a rate of its own.</param>
internal sealed record LinearAttentionKernel(
    int Batches,
    int Steps,
    int Keys,
    int Values,
    LinearAttention Operator,
    int? Past,
    int? Decay,
    bool DecayPerKey,
    int? Rate,
    bool RatePerHead
) : Kernel
{
    public override string Describe() =>
        $"{Batches}×{Operator.Heads} states {Keys}×{Values} through {Steps} steps, {Operator.QueryHeads} heads of queries";

    public static LoweredNode? Lower(LinearAttention op, Node node, LoweringContext context)
    {
        var (keys, state) = (node.Input(1).Shape, node.Outputs[1].Shape);
        var inputs = new List<Value> { node.Input(0), node.Input(1), node.Input(2) };
        var kernel = new LinearAttentionKernel(
            keys[0],
            keys[1],
            state[2],
            state[3],
            op,
            Optional(3),
            Optional(4),
            node.HasInput(4) && node.Input(4).Shape[2] == keys[2] && keys[2] != op.Heads,
            Optional(5),
            node.HasInput(5) && node.Input(5).Shape[2] == op.Heads
        );
        return new(kernel, inputs.ToArray(), ScratchBytes: checked(Math.Max(kernel.Values, 1) * sizeof(float)));

        int? Optional(int input)
        {
            if (!node.HasInput(input))
            {
                return null;
            }

            inputs.Add(node.Input(input));
            return inputs.Count - 1;
        }
    }
}
