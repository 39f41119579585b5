using ModelCompiler.Diagnostics;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Bounds what evaluating constants may cost, in proportion to the model: a few nodes could otherwise make any amount of data.</summary>
public sealed class FoldingBudget
{
    private const long FixedBytes = 64L << 20;
    private const long FixedWork = 1L << 30;
    private long _bytes;
    private long _work;

    private FoldingBudget(long bytes, long work)
    {
        _bytes = bytes;
        _work = work;
    }

    /// <summary>The budget for a model file of the given size.</summary>
    public static FoldingBudget ForFile(long fileBytes) => new(FixedBytes + (4 * fileBytes), FixedWork + (64 * fileBytes));

    /// <summary>Counts one evaluated node.</summary>
    /// <exception cref="LimitExceededException">The budget is used up.</exception>
    internal void Spend(IReadOnlyList<Value?> inputs, TensorType[] outputs)
    {
        var produced = outputs.Sum(o => (long)o.Bytes);
        _bytes -= produced;
        _work -= produced + inputs.Sum(i => (long)(i?.Type.Bytes ?? 0));
        if (_bytes < 0 || _work < 0)
        {
            throw new LimitExceededException(
                "the model's constant parts would take more memory or time to evaluate than a network of its size can need"
            );
        }
    }
}
