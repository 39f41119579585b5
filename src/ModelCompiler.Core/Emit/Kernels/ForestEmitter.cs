using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Decision trees: a step adds the outcome of the comparison to the place of the successors.</summary>
internal static class ForestEmitter
{
    /// <summary>A truth value as a number. Within loops the JIT branches on "? 1 : 0", which is mispredicted half of the time.</summary>
    private static readonly SharedCode BitCode = new(
        "Bit",
        """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static nint Bit(bool holds) => Unsafe.BitCast<bool, byte>(holds);
        """
    );

    /// <summary>Trees that are walked down in turns: the processor waits less for what each step needs of the one before.</summary>
    private const int Abreast = 4;

    public static void Emit(ForestKernel kernel, KernelWriter writer) =>
        Forest(
            writer,
            (kernel.Rows, kernel.Features, kernel.Targets, kernel.Trees),
            kernel.Aggregation,
            (begin, end, abreast) => Trees(kernel, writer, begin, end, abreast)
        );

    public static void Complete(CompleteForestKernel kernel, KernelWriter writer) =>
        Forest(
            writer,
            (kernel.Rows, kernel.Features, kernel.Targets, kernel.Trees),
            kernel.Aggregation,
            (begin, end, abreast) => Trees(kernel, writer, begin, end, abreast)
        );

    /// <summary>
    /// Loops over rows; in each, what <paramref name="trees"/> writes for some trees abreast adds what they say of row x to
    /// <c>total</c>, or to targets from y on.
    /// </summary>
    private static void Forest(
        KernelWriter writer,
        (int Rows, int Features, int Targets, int Trees) sizes,
        TreeAggregation aggregation,
        Action<int, int, int> trees
    )
    {
        var (code, type) = (writer.Code, TypeOf(writer));
        writer.Use(BitCode);

        // The JIT makes poor code of the loops within one that it finds to run once.
        using var rows = sizes.Rows == 1 ? code.Open() : code.For("row", 0, sizes.Rows);
        var row = sizes.Rows == 1 ? "0" : "row";
        code.Line($"ref {type} x = ref Unsafe.Add(ref {writer.Input()}, {row} * {sizes.Features});");
        code.Line($"ref {type} y = ref Unsafe.Add(ref {writer.Output()}, {row} * {sizes.Targets});");
        var start = aggregation switch
        {
            TreeAggregation.Min => $"{type}.PositiveInfinity",
            TreeAggregation.Max => $"{type}.NegativeInfinity",
            _ => "0",
        };
        code.Line(sizes.Targets == 1 ? $"{type} total = {start};" : $"MemoryMarshal.CreateSpan(ref y, {sizes.Targets}).Fill({start});");
        var whole = sizes.Trees / Abreast * Abreast;
        Walk(0, whole, Abreast);
        Walk(whole, sizes.Trees, 1);
        if (sizes.Targets == 1)
        {
            code.Line("y = total;");
        }

        void Walk(int begin, int end, int abreast)
        {
            if (begin < end)
            {
                trees(begin, end, abreast);
            }
        }
    }

    /// <summary>Some trees abreast, one question a line: from node 1 to a place behind the last nodes, which is that of the leaf.</summary>
    private static void Trees(CompleteForestKernel kernel, KernelWriter writer, int begin, int end, int abreast)
    {
        var code = writer.Code;
        var nodes = 1 << kernel.Depth;
        using var trees = code.For("tree", begin, end, abreast);
        code.Line($"nint first = tree * {nodes};");
        code.Line($"ref var compared = ref Unsafe.Add({writer.Weights(kernel.Compared)}, first);");
        code.Line($"ref var thresholds = ref Unsafe.Add({writer.Weights(kernel.Thresholds)}, first);");
        for (var tree = 0; tree < abreast; tree++)
        {
            code.Line($"nint node{tree} = 1;");
        }

        for (var step = 0; step < kernel.Depth; step++)
        {
            for (var tree = 0; tree < abreast; tree++)
            {
                Step(kernel, writer, $"node{tree}", tree * nodes);
            }
        }

        for (var tree = 0; tree < abreast; tree++)
        {
            using var leaf = code.Open();
            code.Line($"nint leaf = first + node{tree} + {(tree - 1) * nodes};");
            Accumulate(writer, kernel.Aggregation, kernel.Weights, kernel.WeightTargets, "leaf");
        }
    }

    /// <summary>One step down a tree whose nodes begin some places behind the first.</summary>
    private static void Step(CompleteForestKernel kernel, KernelWriter writer, string node, int offset)
    {
        var place = offset == 0 ? node : $"{node} + {offset}";
        var value = $"Unsafe.Add(ref x, (nint)Unsafe.Add(ref compared, {place}))";
        var below = $"Shared.Bit({value} <= Unsafe.Add(ref thresholds, {place}))";
        if (kernel.Missing is { } missing)
        {
            below = $"({below} | {Missing(writer, missing, value, $"first + {place}")})";
        }

        writer.Code.Line($"{node} = 2 * {node} + {below};");
    }

    /// <summary>Some trees abreast, from their roots to their leaves, which lead to themselves.</summary>
    private static void Trees(ForestKernel kernel, KernelWriter writer, int begin, int end, int abreast)
    {
        var code = writer.Code;
        using var trees = code.For("tree", begin, end, abreast);
        for (var tree = 0; tree < abreast; tree++)
        {
            code.Line($"nint node{tree} = tree + {tree};");
        }

        if (kernel.Depth > 0)
        {
            using var walk = code.For("step", 0, kernel.Depth);
            Step(kernel, writer, abreast);
        }

        for (var tree = 0; tree < abreast; tree++)
        {
            using var leaf = code.Open();
            Add(kernel, writer, $"node{tree}");
        }
    }

    private static void Step(ForestKernel kernel, KernelWriter writer, int abreast)
    {
        var (code, nodes) = (writer.Code, kernel.Nodes);
        for (var tree = 0; tree < abreast; tree++)
        {
            var node = $"node{tree}";
            var value = $"Unsafe.Add(ref x, (nint){At(writer, nodes.Features, node)})";
            var below = $"Shared.Bit({value} <= {At(writer, nodes.Thresholds, node)})";
            below = nodes.Missing is { } missing ? $"({below} | {Missing(writer, missing, value, node)})" : below;
            code.Line($"nint next{tree} = (nint){At(writer, nodes.Next, node)} + {below};");
        }

        if (kernel.StopsAtLeaves)
        {
            code.Line($"if (({string.Join(" | ", Enumerable.Range(0, abreast).Select(t => $"(next{t} - node{t})"))}) == 0) break;");
        }

        for (var tree = 0; tree < abreast; tree++)
        {
            code.Line($"node{tree} = next{tree};");
        }
    }

    /// <summary>Adds the weights of the leaf.</summary>
    private static void Add(ForestKernel kernel, KernelWriter writer, string node)
    {
        var code = writer.Code;
        var leaves = kernel.Leaves;
        if (leaves.Leaves is null)
        {
            Accumulate(writer, kernel.Aggregation, leaves.Weights, leaves.Targets, node);
            return;
        }

        code.Line($"nint leaf = (nint){At(writer, leaves.Leaves, node)};");
        code.Line($"nint end = (nint){At(writer, leaves.Begins!, "leaf + 1")};");
        using var all = code.Open($"for (nint i = (nint){At(writer, leaves.Begins!, "leaf")}; i < end; i++)");
        Accumulate(writer, kernel.Aggregation, leaves.Weights, leaves.Targets, "i");
    }

    /// <summary>Adds one weight to its target.</summary>
    private static void Accumulate(
        KernelWriter writer,
        TreeAggregation aggregation,
        PackedWeights weights,
        PackedWeights? targets,
        string index
    )
    {
        var target = "total";
        if (targets is not null)
        {
            writer.Code.Line($"ref var target = ref Unsafe.Add(ref y, (nint){At(writer, targets, index)});");
            target = "target";
        }

        var weight = At(writer, weights, index);
        writer.Code.Line(
            aggregation switch
            {
                TreeAggregation.Min => $"{target} = Math.Min({target}, {weight});",
                TreeAggregation.Max => $"{target} = Math.Max({target}, {weight});",
                _ => $"{target} += {weight};",
            }
        );
    }

    /// <summary>1 where a value is missing and the node sends those below.</summary>
    private static string Missing(KernelWriter writer, PackedWeights missing, string value, string node) =>
        $"(Shared.Bit({TypeOf(writer)}.IsNaN({value})) & {At(writer, missing, node)})";

    private static string At(KernelWriter writer, PackedWeights packed, string index) => $"Unsafe.Add({writer.Weights(packed)}, {index})";

    private static string TypeOf(KernelWriter writer) => KernelWriter.TypeName(writer.Step.Outputs[0]);
}
