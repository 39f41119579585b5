using ModelCompiler.Testing;
using ModelCompiler.Training.Distillation;
using static TorchSharp.torch;

namespace ModelCompiler.Compression.Tests.Training.Distillation;

public sealed class SoftTargetsTests
{
    private static readonly float[][] Teachers =
    [
        [1.5f, -0.5f, 0.25f, 3, 0, -2],
        [-1, 2, 0.5f, 0.1f, 0.2f, 4],
    ];

    private static readonly float[] Student = [0.3f, -0.2f, 1.1f, -1.4f, 0.7f, 0.9f];

    public static TheoryData<int, double, bool> Cases =>
        new()
        {
            { 1, 1, true },
            { 1, 4, true },
            { 2, 2.5, true },
            { 1, 4, false },
            { 2, 1.5, false },
        };

    [TorchTheory]
    [MemberData(nameof(Cases))]
    public void The_loss_is_that_of_the_formula(int teachers, double temperature, bool classes)
    {
        using var scope = NewDisposeScope();
        using var student = tensor(Student, [2, 3]);

        var loss = Loss(classes, student, teachers, temperature).item<float>();

        Assert.Equal(Formula(classes, [.. Student.Select(s => (double)s)], teachers, temperature), loss, 1e-5);
    }

    [TorchTheory]
    [MemberData(nameof(Cases))]
    public void The_gradient_is_that_of_finite_differences(int teachers, double temperature, bool classes)
    {
        const double Step = 1e-5;
        using var scope = NewDisposeScope();
        var student = tensor(Student, [2, 3], requires_grad: true);

        Loss(classes, student, teachers, temperature).backward();

        var gradient = student.grad!.data<float>().ToArray();
        for (var i = 0; i < Student.Length; i++)
        {
            double[] higher = [.. Student.Select((s, k) => s + (k == i ? Step : 0))];
            double[] lower = [.. Student.Select((s, k) => s - (k == i ? Step : 0))];
            var expected = (Formula(classes, higher, teachers, temperature) - Formula(classes, lower, teachers, temperature)) / (2 * Step);
            Assert.Equal(expected, gradient[i], 1e-4);
        }
    }

    [TorchFact]
    public void Certain_teachers_and_students_give_numbers()
    {
        using var scope = NewDisposeScope();
        var (sure, other) = (tensor([1000f, -1000f], [1, 2]), tensor([-1000f, 1000f], [1, 2]));

        Assert.Equal(0, SoftTargets.OfClasses(sure, [sure], 1).item<float>(), 1e-6);
        Assert.Equal(2000, SoftTargets.OfClasses(sure, [other], 1).item<float>(), 1e-2);
        Assert.Equal(1000, SoftTargets.OfOutputs(sure, [other], 1).item<float>(), 1e-2);
        Assert.True(float.IsFinite(SoftTargets.OfOutputs(sure, [sure, other], 1).item<float>()));
    }

    private static Tensor Loss(bool classes, Tensor student, int teachers, double temperature)
    {
        Tensor[] scores = [.. Teachers.Take(teachers).Select(t => tensor(t, [2, 3]))];
        return classes ? SoftTargets.OfClasses(student, scores, temperature) : SoftTargets.OfOutputs(student, scores, temperature);
    }

    private static double Formula(bool classes, double[] student, int teachers, double temperature)
    {
        var given = Probabilities(student);
        double[][] all = [.. Teachers.Take(teachers).Select(t => Probabilities([.. t.Select(s => (double)s)]))];
        double[] wanted = [.. Enumerable.Range(0, 6).Select(i => all.Average(p => p[i]))];
        var sum = classes
            ? wanted.Zip(given, (p, q) => p * Math.Log(p / q)).Sum() / 2
            : wanted.Zip(given, (p, q) => (p * Math.Log(p / q)) + ((1 - p) * Math.Log((1 - p) / (1 - q)))).Sum() / 6;
        return sum * temperature * temperature;

        double[] Probabilities(double[] scores) =>
            classes
                ? [.. scores.Chunk(3).SelectMany(r => r.Select(s => Math.Exp(s / temperature) / r.Sum(o => Math.Exp(o / temperature))))]
                : [.. scores.Select(s => 1 / (1 + Math.Exp(-s / temperature)))];
    }
}
