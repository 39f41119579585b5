using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Lowering.Chains;

/// <summary>Makes one call of several: decides how many rows each stage computes at a time and how many stay in memory.</summary>
internal static class ChainBuilder
{
    /// <summary>Narrower images are not worth a call a row.</summary>
    private const int LeastWidth = 8;

    /// <summary>Whether a call can be a stage at all.</summary>
    public static bool IsStage(KernelCall call) =>
        call is { Kernel: IRowKernel, Kernel.Split: not null, Inputs.Count: 1, Outputs: [{ Shape: { Rank: 4 } shape }] }
        && shape[0] == 1
        && shape[2] >= LeastWidth
        && call.Inputs[0].Shape.Rank == 4;

    /// <summary>Whether a stage can follow another.</summary>
    public static bool CanFollow(KernelCall call) => call.Kernel is IRowKernel { ReadsRing: true };

    /// <summary>The chain of calls, all of them stages, each reading what the one before writes.</summary>
    public static KernelCall Build(IReadOnlyList<KernelCall> calls)
    {
        var stages = new ChainStage[calls.Count];
        var rows = calls.Select(RowsOfCall).ToArray();
        var ring = 0;
        for (var i = 0; i < stages.Length; i++)
        {
            var (kernel, output) = ((IRowKernel)calls[i].Kernel, Output(calls[i]));
            var (form, scratch) = kernel.ForRows(output, rows[i], ring);
            var kept = i == stages.Length - 1 ? output.Height : RingRows((IRowKernel)calls[i + 1].Kernel, rows[i], rows[i + 1]);
            ring = kept < output.Height ? kept : 0;
            stages[i] = new ChainStage(
                calls[i].Name,
                form,
                calls[i].Inputs[0].Type,
                calls[i].Outputs[0].Type,
                kernel.RowsUnder,
                kernel.UnitsOfRow(output),
                output.Height,
                rows[i],
                Math.Min(kept, output.Height),
                scratch,
                calls[i].Macs
            );
        }

        var chain = new ChainKernel(stages);
        return new KernelCall(
            string.Join(" | ", calls.Select(c => c.Name)),
            chain,
            calls[0].Inputs,
            calls[calls.Count - 1].Outputs,
            chain.ScratchBytes,
            -1,
            calls.Sum(c => c.Macs)
        )
        {
            ReadsPastEnd = calls[0].ReadsPastEnd,
        };
    }

    private static Plane Output(KernelCall call) => Plane.Of(call.Outputs[0].Shape);

    private static int RowsOfCall(KernelCall call)
    {
        var output = Output(call);
        return Math.Min(output.Height, ((IRowKernel)call.Kernel).RowsOfCall(output));
    }

    /// <summary>
    /// Rows that must stay: those under the consumer's call, and those that the producer's last call for them computes beyond. Both
    /// write and read runs that may not wrap around.
    /// </summary>
    private static int RingRows(IRowKernel consumer, int producerRows, int consumerRows)
    {
        var under = consumer.RowsUnder;
        var least = ((consumerRows - 1) * under.Stride) + under.Extent + producerRows - 1;
        var unit = under == RowWindow.Same ? LeastCommonMultiple(producerRows, consumerRows) : producerRows;
        return (least + unit - 1) / unit * unit;
    }

    private static int LeastCommonMultiple(int a, int b)
    {
        var multiple = a;
        while (multiple % b != 0)
        {
            multiple += a;
        }

        return multiple;
    }
}
