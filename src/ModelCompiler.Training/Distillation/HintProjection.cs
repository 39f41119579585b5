using ModelCompiler.Graphs;
using ModelCompiler.Training.Graphs;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Distillation;

/// <summary>
/// How far a value of the student is from one of a teacher (Romero et al. 2015): the mean squared error, behind a trained 1×1 projection
/// where the two differ in one size, such as the number of channels.
/// </summary>
internal sealed class HintProjection : IDisposable
{
    private readonly int _axis = -1;

    /// <summary>Makes the projection for two values as they are for some items.</summary>
    /// <exception cref="TrainingException">They differ in more than one size, or are no floats.</exception>
    public HintProjection(FeatureHint hint, Tensor student, Tensor teacher, Random random)
    {
        var differing = Enumerable
            .Range(0, (int)student.dim())
            .Where(d => d < teacher.dim() && student.shape[d] != teacher.shape[d])
            .ToList();
        if (
            !student.is_floating_point()
            || !teacher.is_floating_point()
            || student.dim() != teacher.dim()
            || differing.Count > 1
            || differing.Contains(0)
        )
        {
            throw new TrainingException(
                $"the hint '{hint.Student}={hint.Teacher}' compares [{string.Join(",", student.shape)}] with [{string.Join(",", teacher.shape)}]; floats that differ in one size at most were expected"
            );
        }

        if (differing.Count == 1)
        {
            _axis = differing[0];
            var (given, wanted) = ((int)student.shape[_axis], (int)teacher.shape[_axis]);
            var limit = 1 / Math.Sqrt(given);
            float[] weights = [.. Enumerable.Range(0, given * wanted).Select(_ => (float)(((random.NextDouble() * 2) - 1) * limit))];
            Parameters = [Parameter("weight", new(wanted, given), weights), Parameter("bias", new(wanted), new float[wanted])];
        }

        TrainableParameter Parameter(string what, TensorShape shape, float[] elements) =>
            new(
                new($"hint {hint.Student}={hint.Teacher} {what}", ParameterRole.Weight, ModelCompiler.Graphs.Tensor.Floats(shape, elements))
            );
    }

    /// <summary>Weight and bias of the projection; none where there is no projection.</summary>
    public IReadOnlyList<TrainableParameter> Parameters { get; } = [];

    /// <summary>The mean squared error.</summary>
    public Tensor Error(Tensor student, Tensor teacher) =>
        functional.mse_loss(
            _axis < 0
                ? student
                : functional.linear(student.movedim([_axis], [-1]), Parameters[0].Tensor, Parameters[1].Tensor).movedim([-1], [_axis]),
            teacher
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in Parameters)
        {
            parameter.Dispose();
        }
    }
}
