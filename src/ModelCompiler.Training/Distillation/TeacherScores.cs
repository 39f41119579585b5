using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Distillation;

/// <summary>
/// A teacher's scores in the form that a loss wants. Networks that end with a mean of probabilities, as ensembles do, have no scores:
/// their logarithms do as well.
/// </summary>
internal sealed class TeacherScores
{
    /// <summary>What a probability is at least, before its logarithm is taken.</summary>
    private const double LeastProbability = 1e-30;

    /// <summary>How near a float32 probability of two outcomes comes to 0 and 1.</summary>
    private const double LeastOfTwo = 1e-7;

    private readonly string _teacher;
    private readonly LossKind _loss;
    private readonly bool _areProbabilities;

    /// <summary>Looks at what a teacher gives for some items.</summary>
    /// <exception cref="TrainingException">It does not fit what the student gives.</exception>
    public TeacherScores(string teacher, LossKind loss, NetworkOutputs given, NetworkOutputs student)
    {
        (_teacher, _loss) = (teacher, loss);
        switch (loss)
        {
            case LossKind.CrossEntropy when given.Function == FinalFunction.Sigmoid:
                throw new TrainingException($"the teacher '{teacher}' ends with a sigmoid; cross-entropy needs a softmax, or nothing");
            case LossKind.BinaryCrossEntropy when given.Function == FinalFunction.Softmax:
                throw new TrainingException(
                    $"the teacher '{teacher}' ends with a softmax; binary cross-entropy needs a sigmoid, or nothing"
                );
            default:
                break;
        }

        var (mine, theirs) = (Raw(loss, student), Raw(loss, given));
        if (!theirs.is_floating_point() || !mine.shape.SequenceEqual(theirs.shape))
        {
            throw new TrainingException(
                $"for {mine.shape[0]} items, the teacher '{teacher}' gives [{string.Join(",", theirs.shape)}], and the student [{string.Join(",", mine.shape)}]"
            );
        }

        _areProbabilities =
            given.Function == FinalFunction.None
            && loss switch
            {
                LossKind.CrossEntropy => theirs.shape[1] > 1
                    && (theirs >= 0).all().item<bool>()
                    && ((theirs.sum(1) - 1).abs() < 1e-3).all().item<bool>(),
                LossKind.BinaryCrossEntropy => student.Function == FinalFunction.Sigmoid
                    && theirs.greater_equal(0).logical_and(theirs.less_equal(1)).all().item<bool>(),
                _ => false,
            };
    }

    /// <summary>The scores.</summary>
    /// <exception cref="TrainingException">They are no numbers.</exception>
    public Tensor Of(NetworkOutputs given)
    {
        var raw = Raw(_loss, given).to_type(ScalarType.Float32);
        if (!raw.isfinite().all().item<bool>())
        {
            throw new TrainingException(
                $"the teacher '{_teacher}' gives what is no number for some items, from which nothing can be learnt"
            );
        }

        return !_areProbabilities
            ? raw
            : OfProbabilities(raw, _loss == LossKind.CrossEntropy ? FinalFunction.Softmax : FinalFunction.Sigmoid);
    }

    /// <summary>Scores of which a function makes the probabilities.</summary>
    public static Tensor OfProbabilities(Tensor probabilities, FinalFunction function) =>
        function == FinalFunction.Softmax
            ? probabilities.clamp(min: LeastProbability).log()
            : probabilities.clamp(LeastOfTwo, 1 - LeastOfTwo).logit();

    /// <summary>What is compared: scores, or outputs where there is nothing but these.</summary>
    public static Tensor Raw(LossKind loss, NetworkOutputs outputs) =>
        loss switch
        {
            LossKind.CrossEntropy => Loss.Scores(outputs),
            LossKind.BinaryCrossEntropy => outputs.Scores,
            _ => outputs.Outputs[0],
        };
}
