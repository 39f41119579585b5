using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Distillation;

/// <summary>
/// What a student minimises: α times the distance to what the teachers give, 1 − α times the loss against the targets, and the squared
/// errors of the hints. The teachers stay the caller's.
/// </summary>
public sealed class DistillationObjective : TrainingObjective, IDisposable
{
    /// <summary>Items on which teachers are tried before training begins.</summary>
    private const int TriedItems = 32;

    private readonly IReadOnlyList<(Teacher Teacher, TeacherInputs Inputs, TeacherScores Scores)> _teachers;
    private readonly List<(HintProjection Projection, int Student, int Teacher, int Observed)> _hints = [];
    private readonly TrainableModel _student;
    private readonly LossKind _loss;
    private readonly DistillationOptions _options;
    private RememberedScores? _remembered;

    /// <summary>Prepares to learn from teachers.</summary>
    /// <param name="student">The student.</param>
    /// <param name="teachers">One or more; several count alike.</param>
    /// <param name="items">What is learnt from.</param>
    /// <param name="loss">The loss against the targets, which decides what of the teachers is compared.</param>
    /// <param name="options">How.</param>
    /// <exception cref="TrainingException">Student, teachers and items do not go together; the message says why.</exception>
    public DistillationObjective(
        TrainableModel student,
        IReadOnlyList<Teacher> teachers,
        TrainingItems items,
        LossKind loss,
        DistillationOptions options
    )
    {
        options.Check();
        if (teachers.Count == 0)
        {
            throw new TrainingException("distillation needs a teacher");
        }

        (_student, _loss, _options) = (student, loss, options);
        Loss.Check(loss, student, items);
        var places = Observe(student, teachers, options.Hints);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var count = Math.Max(Math.Min(items.Count, TriedItems) / student.FileBatch, 1) * student.FileBatch;
        var inputs = items.Inputs([.. Enumerable.Range(0, count)], null);
        var given = student.Forward(inputs);
        var tried = teachers.Select(t => (Teacher: t, Inputs: new TeacherInputs(student, t))).ToList();
        var answers = tried.Select(t => t.Teacher.Answer(t.Inputs.From(inputs))).ToList();
        _teachers = [.. tried.Select((t, i) => (t.Teacher, t.Inputs, new TeacherScores(t.Teacher.Path, loss, answers[i], given)))];
        for (var i = 0; i < answers.Count; i++)
        {
            _teachers[i].Scores.Of(answers[i]);
        }

        var random = new Random(options.Seed);
        for (var h = 0; h < places.Count; h++)
        {
            var (teacher, observed) = places[h];
            var projection = new HintProjection(options.Hints[h], given.Observed[h], answers[teacher].Observed[observed], random);
            _hints.Add((projection, h, teacher, observed));
        }
    }

    /// <inheritdoc/>
    public override bool UsesTargets => _options.Alpha < 1;

    /// <inheritdoc/>
    protected internal override IReadOnlyList<TrainableParameter> Parameters => [.. _hints.SelectMany(h => h.Projection.Parameters)];

    /// <inheritdoc/>
    protected internal override string Key =>
        $"distillation {_options with { Hints = [] }} hints {string.Join(' ', _options.Hints)} teachers {string.Join(' ', _teachers.Select(t => t.Teacher.Hash))}";

    /// <summary>Where only scores are compared, the teachers need not give them again in each epoch.</summary>
    protected internal override void Prepare(TrainingItems items, CancellationToken cancellation)
    {
        if (_hints.Count == 0 && _remembered?.Items != items)
        {
            _remembered?.Dispose();
            _remembered = RememberedScores.Of(items, _student.FileBatch, inputs => Scores(Answers(inputs)), cancellation);
        }
    }

    /// <inheritdoc/>
    public override Tensor Of(NetworkOutputs outputs, TrainingBatch batch)
    {
        var isKnown = !batch.AreChanged && _remembered?.Items == batch.Items;
        IReadOnlyList<NetworkOutputs> answers = isKnown ? [] : Answers(batch.Inputs);
        var scores = isKnown ? _remembered!.Of(batch.Which) : Scores(answers);
        var student = TeacherScores.Raw(_loss, outputs);
        var soft = _loss switch
        {
            LossKind.CrossEntropy => SoftTargets.OfClasses(student, scores, _options.Temperature),
            LossKind.BinaryCrossEntropy => SoftTargets.OfOutputs(student, scores, _options.Temperature),
            _ => functional.mse_loss(student, stack(scores, 0).mean([0])),
        };
        var loss = soft * _options.Alpha;
        if (UsesTargets)
        {
            loss += Loss.Of(_loss, outputs, batch.Targets) * (1 - _options.Alpha);
        }

        foreach (var (projection, mine, teacher, theirs) in _hints)
        {
            loss += projection.Error(outputs.Observed[mine], answers[teacher].Observed[theirs]) * _options.HintWeight;
        }

        return loss;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _remembered?.Dispose();
        _student.Observe();
        foreach (var (teacher, _, _) in _teachers)
        {
            teacher.Observe();
        }

        foreach (var hint in _hints)
        {
            hint.Projection.Dispose();
        }
    }

    private List<NetworkOutputs> Answers(IReadOnlyList<Tensor> inputs) =>
        [.. _teachers.Select(t => t.Teacher.Answer(t.Inputs.From(inputs)))];

    private List<Tensor> Scores(IReadOnlyList<NetworkOutputs> answers) => [.. _teachers.Select((t, i) => t.Scores.Of(answers[i]))];

    /// <summary>Has student and teachers give what the hints compare.</summary>
    /// <returns>For each hint the number of its teacher, and the place among what that one gives.</returns>
    private static List<(int Teacher, int Observed)> Observe(
        TrainableModel student,
        IReadOnlyList<Teacher> teachers,
        IReadOnlyList<FeatureHint> hints
    )
    {
        if (hints.FirstOrDefault(h => !student.HasValue(h.Student)) is { } missing)
        {
            throw new TrainingException($"the student has no inner value '{missing.Student}'");
        }

        var places = new List<(int, int)>();
        List<List<string>> observed = [.. teachers.Select(_ => new List<string>())];
        foreach (var hint in hints)
        {
            var index = teachers.ToList().FindIndex(t => t.Has(hint.Teacher));
            if (index < 0)
            {
                throw new TrainingException($"no teacher has an inner value '{hint.Teacher}' for '{hint.Student}' to become like");
            }

            observed[index].Add(hint.Teacher);
            places.Add((index, observed[index].Count - 1));
        }

        if (hints.Count > 0)
        {
            student.Observe([.. hints.Select(h => h.Student)]);
            teachers.Zip(observed).ToList().ForEach(t => t.First.Observe(t.Second));
        }

        return places;
    }
}
