using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Distillation;

/// <summary>
/// Losses against the mean of what teachers find likely, softened by a temperature (Hinton, Vinyals and Dean 2015). They are multiplied
/// with the temperature's square, so that their gradients weigh the same at any temperature, and computed from logarithms.
/// </summary>
internal static class SoftTargets
{
    /// <summary>T² · KL(mean of softmax(teacher / T) ‖ softmax(student / T)), the mean over items.</summary>
    /// <param name="student">Scores of the student, a row an item.</param>
    /// <param name="teachers">Scores of each teacher, in the same shape.</param>
    /// <param name="temperature">T.</param>
    public static Tensor OfClasses(Tensor student, IReadOnlyList<Tensor> teachers, double temperature)
    {
        var wanted = LogMean(teachers.Select(t => functional.log_softmax(t / temperature, 1)));
        var given = functional.log_softmax(student / temperature, 1);
        return (wanted.exp() * (wanted - given)).sum(1).mean() * (temperature * temperature);
    }

    /// <summary>The same of outputs that are each likely or not for themselves, the mean over outputs.</summary>
    public static Tensor OfOutputs(Tensor student, IReadOnlyList<Tensor> teachers, double temperature)
    {
        var wanted = LogMean(teachers.Select(t => functional.logsigmoid(t / temperature)));
        var unwanted = LogMean(teachers.Select(t => functional.logsigmoid(-t / temperature)));
        var given = student / temperature;
        var divergence =
            (wanted.exp() * (wanted - functional.logsigmoid(given))) + (unwanted.exp() * (unwanted - functional.logsigmoid(-given)));
        return divergence.mean() * (temperature * temperature);
    }

    private static Tensor LogMean(IEnumerable<Tensor> logarithms)
    {
        Tensor[] all = [.. logarithms];
        return all.Length == 1 ? all[0] : logsumexp(stack(all, 0), 0) - Math.Log(all.Length);
    }
}
