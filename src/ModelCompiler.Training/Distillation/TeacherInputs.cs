using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Training.Distillation;

/// <summary>Gives a teacher the inputs of the student: those of the same names, or in the same order, without regard to sizes of 1.</summary>
internal sealed class TeacherInputs
{
    private readonly TrainableModel _student;
    private readonly Teacher _teacher;
    private readonly int[] _sources;

    /// <summary>Finds the student's input for each of the teacher's.</summary>
    /// <exception cref="TrainingException">They do not fit.</exception>
    public TeacherInputs(TrainableModel student, Teacher teacher)
    {
        (_student, _teacher) = (student, teacher);
        if (student.FileBatch % teacher.FileBatch != 0)
        {
            throw new TrainingException(
                $"the teacher '{teacher.Path}' takes {teacher.FileBatch} items at a time, and the student {student.FileBatch}, which is no multiple of it"
            );
        }

        if (teacher.Inputs.Count != student.Inputs.Count)
        {
            throw new TrainingException(
                $"the teacher '{teacher.Path}' has {teacher.Inputs.Count} inputs, and the student {student.Inputs.Count}"
            );
        }

        var names = student.Inputs.Select(i => i.Name).ToList();
        var byName = teacher.Inputs.All(i => names.Contains(i.Name));
        _sources = [.. teacher.Inputs.Select((input, i) => byName ? names.IndexOf(input.Name) : i)];
        for (var i = 0; i < _sources.Length; i++)
        {
            Check(student.Inputs[_sources[i]], teacher.Inputs[i]);
        }
    }

    /// <summary>The teacher's inputs, from those of the student.</summary>
    public Tensor[] From(IReadOnlyList<Tensor> inputs) =>
        [.. _teacher.Inputs.Select((port, i) => Moved(port, inputs[_sources[i]], _student.Inputs[_sources[i]]))];

    private Tensor Moved(ModelPort port, Tensor values, ModelPort source)
    {
        if (_teacher.BatchAxis(port) is not { } to || _student.BatchAxis(source) is not { } from)
        {
            return values.reshape(TorchTypes.Sizes(port.Type.Shape));
        }

        var sizes = TorchTypes.Sizes(OfItem(port, to));
        return values.movedim([from], [0]).reshape([values.shape[from], .. sizes]).movedim([0], [to]);
    }

    private void Check(ModelPort student, ModelPort teacher)
    {
        var (mine, theirs) = (_student.BatchAxis(student), _teacher.BatchAxis(teacher));
        var fits =
            student.Type.Element == teacher.Type.Element
            && mine.HasValue == theirs.HasValue
            && OfItem(student, mine).Where(s => s != 1).SequenceEqual(OfItem(teacher, theirs).Where(s => s != 1));
        if (!fits)
        {
            throw new TrainingException(
                $"input '{teacher.Name}' of the teacher '{_teacher.Path}' is {teacher.Type}, but the student's '{student.Name}' is {student.Type}"
            );
        }
    }

    private static IEnumerable<int> OfItem(ModelPort port, int? axis) => port.Type.Shape.Where((_, d) => d != axis);
}
