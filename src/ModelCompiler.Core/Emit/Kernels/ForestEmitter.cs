using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Decision trees: a step adds the outcome of the comparison to the place of the successors.</summary>
internal static class ForestEmitter
{
    public static void Emit(ForestKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        using var rows = code.For("row", 0, kernel.Rows);
        code.Line($"ref {type} x = ref Unsafe.Add(ref {writer.Input()}, row * {kernel.Features});");
        code.Line($"ref {type} y = ref Unsafe.Add(ref {writer.Output()}, row * {kernel.Targets});");
        var start = kernel.Aggregation switch
        {
            TreeAggregation.Min => $"{type}.PositiveInfinity",
            TreeAggregation.Max => $"{type}.NegativeInfinity",
            _ => "0",
        };
        code.Line(kernel.Targets == 1 ? $"{type} total = {start};" : $"MemoryMarshal.CreateSpan(ref y, {kernel.Targets}).Fill({start});");
        using (code.For("tree", 0, kernel.Trees))
        {
            Walk(kernel, writer);
            Add(kernel, writer);
        }

        if (kernel.Targets == 1)
        {
            code.Line("y = total;");
        }
    }

    /// <summary>From the root to a leaf, which leads to itself.</summary>
    private static void Walk(ForestKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var nodes = kernel.Nodes;
        code.Line("nint node = tree;");
        if (kernel.Depth == 0)
        {
            return;
        }

        var steps = kernel.Depths is { } depths ? $"(nint){At(writer, depths, "tree")}" : $"{kernel.Depth}";
        using var walk = code.Open($"for (nint left = {steps}; left > 0; left--)");
        code.Line($"var value = Unsafe.Add(ref x, (nint){At(writer, nodes.Features, "node")});");
        code.Line($"nint below = value <= {At(writer, nodes.Thresholds, "node")} ? 1 : 0;");
        if (nodes.Missing is { } missing)
        {
            code.Line($"below |= {TypeOf(writer)}.IsNaN(value) ? (nint){At(writer, missing, "node")} : 0;");
        }

        if (!kernel.StopsAtLeaves)
        {
            code.Line($"node = (nint){At(writer, nodes.Next, "node")} + below;");
            return;
        }

        code.Line($"nint next = (nint){At(writer, nodes.Next, "node")} + below;");
        code.Line("if (next == node) break;");
        code.Line("node = next;");
    }

    /// <summary>Adds the weights of the leaf.</summary>
    private static void Add(ForestKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var leaves = kernel.Leaves;
        if (leaves.Leaves is null)
        {
            Accumulate("node");
            return;
        }

        code.Line($"nint leaf = (nint){At(writer, leaves.Leaves, "node")};");
        code.Line($"nint end = (nint){At(writer, leaves.Begins!, "leaf + 1")};");
        using var all = code.Open($"for (nint i = (nint){At(writer, leaves.Begins!, "leaf")}; i < end; i++)");
        Accumulate("i");

        void Accumulate(string index)
        {
            var target = "total";
            if (leaves.Targets is { } targets)
            {
                code.Line($"ref var target = ref Unsafe.Add(ref y, (nint){At(writer, targets, index)});");
                target = "target";
            }

            var weight = At(writer, leaves.Weights, index);
            code.Line(
                kernel.Aggregation switch
                {
                    TreeAggregation.Min => $"{target} = Math.Min({target}, {weight});",
                    TreeAggregation.Max => $"{target} = Math.Max({target}, {weight});",
                    _ => $"{target} += {weight};",
                }
            );
        }
    }

    private static string At(KernelWriter writer, PackedWeights packed, string index) => $"Unsafe.Add({writer.Weights(packed)}, {index})";

    private static string TypeOf(KernelWriter writer) => KernelWriter.TypeName(writer.Step.Outputs[0]);
}
