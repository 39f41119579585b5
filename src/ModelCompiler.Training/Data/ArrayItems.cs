using ModelCompiler.Graphs;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using ModelCompiler.Verification;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Data;

/// <summary>Items that are rows of arrays: one array an input of the model, and one with what it is to give.</summary>
public sealed class ArrayItems : TrainingItems
{
    private readonly IReadOnlyList<NamedTensor> _inputs;
    private readonly IReadOnlyList<int> _axes;
    private readonly NamedTensor _targets;

    private ArrayItems(IReadOnlyList<NamedTensor> inputs, IReadOnlyList<int> axes, NamedTensor targets)
    {
        (_inputs, _axes, _targets) = (inputs, axes, targets);
        Count = targets.Type.Shape[0];
        if (targets.Elements is not float[] && targets.Type.Shape.Elements == Count)
        {
            Labels =
            [
                .. targets.Elements.Cast<object>().Select(l => Convert.ToInt64(l, System.Globalization.CultureInfo.InvariantCulture)),
            ];
        }
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<long>? Labels { get; }

    /// <summary>Finds the arrays that belong to the inputs of a model; the one that is left has the targets.</summary>
    /// <param name="model">The model.</param>
    /// <param name="arrays">Arrays named after inputs, or, for a model of one input, <c>x</c>; and one more.</param>
    /// <exception cref="TrainingException">They do not fit.</exception>
    public static ArrayItems Of(TrainableModel model, IReadOnlyList<NamedTensor> arrays)
    {
        var inputs = model.Inputs.Select(i => Find(i, model.Inputs.Count, arrays)).ToList();
        if (arrays.Except(inputs).ToList() is not [{ } targets])
        {
            throw new TrainingException(
                $"one array with the targets was expected beside {string.Join(", ", inputs.Select(i => $"'{i.Name}'"))}; found {string.Join(", ", arrays.Select(a => $"'{a.Name}'"))}"
            );
        }

        foreach (var (port, array) in model.Inputs.Zip(inputs))
        {
            if (model.BatchAxis(port) is not { } axis)
            {
                throw new TrainingException(
                    $"input '{port.Name}' is the same for all items of a batch; training needs one that counts items"
                );
            }

            if (
                array.Type.Element != port.Type.Element
                || !array.Type.Shape.Skip(1).SequenceEqual(port.Type.Shape.Where((_, d) => d != axis))
            )
            {
                throw new TrainingException($"array '{array.Name}' is {array.Type}, but input '{port.Name}' is {port.Type}");
            }
        }

        var counts = inputs.Append(targets).Select(a => a.Type.Shape.Rank > 0 ? a.Type.Shape[0] : 0).Distinct().ToList();
        return counts is [> 0]
            ? new ArrayItems(inputs, [.. model.Inputs.Select(i => model.BatchAxis(i) ?? 0)], targets)
            : throw new TrainingException(
                $"the arrays must have one row an item: {string.Join(", ", inputs.Append(targets).Select(a => $"'{a.Name}' is {a.Type}"))}"
            );
    }

    /// <inheritdoc/>
    public override Tensor[] Inputs(ReadOnlySpan<int> which, Random? augmentation)
    {
        var rows = which.ToArray();
        return [.. _inputs.Select((input, i) => Rows(input, rows).movedim([0], [_axes[i]]))];
    }

    /// <inheritdoc/>
    public override Tensor Targets(ReadOnlySpan<int> which, LossKind loss)
    {
        var targets = Rows(_targets, which.ToArray());
        return loss == LossKind.CrossEntropy ? targets.reshape(-1).to_type(ScalarType.Int64)
            : targets.dim() == 1 ? targets.unsqueeze(1).to_type(ScalarType.Float32)
            : targets.to_type(ScalarType.Float32);
    }

    private static NamedTensor Find(ModelPort port, int inputs, IReadOnlyList<NamedTensor> arrays) =>
        arrays.FirstOrDefault(a => a.Name == port.Name)
        ?? (inputs == 1 ? arrays.FirstOrDefault(a => a.Name == "x") : null)
        ?? throw new TrainingException(
            $"there is no array for input '{port.Name}'; found {string.Join(", ", arrays.Select(a => $"'{a.Name}'"))}"
        );

    private static Tensor Rows(NamedTensor array, int[] which)
    {
        var shape = array.Type.Shape.With(0, which.Length);
        var rows = Array.CreateInstance(array.Elements.GetType().GetElementType()!, shape.Elements);
        var size = array.Type.Shape.Product(1, array.Type.Shape.Rank);
        for (var i = 0; i < which.Length; i++)
        {
            Array.Copy(array.Elements, which[i] * size, rows, i * size, size);
        }

        return TorchTypes.ToTensor(array.Type with { Shape = shape }, rows);
    }
}
