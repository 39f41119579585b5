using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Ensembles;
using ModelCompiler.Compression.Tests.Training.Graphs;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Distillation;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Optimisation;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Training.Distillation;

public sealed class DistillationTests
{
    private const int Count = 96;

    private static readonly DistillationOptions OnlyTeachers = new() { Alpha = 1, Temperature = 2 };

    private static readonly TrainingOptions Quick = new()
    {
        Epochs = 30,
        BatchSize = 16,
        ValidationPart = 0.25,
        Threads = 1,
        Optimiser = new() { LearningRate = 0.1, WeightDecay = 0 },
    };

    private readonly float[] _x = RandomTensors.Floats(7, Count, 4).ToFloats();

    [TorchFact]
    public void A_student_learns_what_its_teacher_knows_although_the_labels_are_nonsense()
    {
        using var student = Open(Dense(1, end: "Softmax"));
        using var teacher = Teach(Dense(2, end: "Softmax"));

        var agreement = Distilled(student, [teacher], OnlyTeachers, i => i % 3);

        Assert.True(agreement.Before < 0.8, $"{agreement}");
        Assert.True(agreement.After > 0.95, $"{agreement}");
    }

    [TorchFact]
    public void Teachers_alone_teach_on_items_without_targets()
    {
        using var student = Open(Dense(1, end: "Softmax"));
        using var teacher = Teach(Dense(2, end: "Softmax"));
        var data = new NpzItems("the data", [new("x", Type(ElementType.Float32, Count, 4), _x)], ["x"]);
        var items = TrainingItems.Of(student, data, needsTargets: false);
        using var objective = new DistillationObjective(student, [teacher], items, LossKind.CrossEntropy, OnlyTeachers);
        using var training = new NetworkTraining(student, items, Quick, objective);
        var before = training.MeasureValidation();
        training.Run();
        var after = training.Measure(items);

        Assert.True(after.Loss < 0.1 * before.Loss, $"{before} {after}");
        Assert.Null(after.Accuracy);
        var alone = Assert.Throws<TrainingException>(() => new NetworkTraining(student, items, Quick));
        Assert.Contains("neither classes nor other targets", alone.Message, StringComparison.Ordinal);
        Assert.Throws<TrainingException>(() => TrainingItems.Of(student, data));
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Several_teachers_count_as_the_mean_of_what_they_find_likely(bool asOneFile)
    {
        using var student = Open(Dense(1, end: "Softmax"));
        OnnxModelBuilder[] models = [Dense(2, end: "Softmax"), Dense(3, end: "Softmax")];
        List<Teacher> teachers = asOneFile
            ?
            [
                Teacher.Open(
                    new ModelSource("ensemble.onnx", Ensemble.Combine([.. models.Select(Source)], new(EnsembleRule.Average)), _ => null)
                ),
            ]
            : [.. models.Select(m => Teach(m))];
        var items = Items(student, _ => 0);
        var options = OnlyTeachers with { Temperature = 1 };

        using var objective = new DistillationObjective(student, teachers, items, LossKind.CrossEntropy, options);
        var loss = Value(objective, student, items);

        var (given, wanted) = (Probabilities(Dense(1, end: "Softmax")), models.Select(Probabilities).ToList());
        var expected = given.Select((q, i) => wanted.Average(w => w[i]) is var p ? p * Math.Log(p / q) : 0).Sum() / Count;
        Assert.Equal(expected, loss, 1e-4);
        teachers.ForEach(t => t.Dispose());
    }

    [TorchFact]
    public void A_teacher_with_operators_that_have_no_gradient_gives_what_its_twin_gives()
    {
        using var student = Open(Dense(1, end: "Softmax"));
        using var twin = Teach(Dense(2, end: "Softmax"));
        using var teacher = Teach(Dense(2, end: "Softmax", withDeterminant: true));
        var items = Items(student, i => i % 3);

        using var expected = new DistillationObjective(student, [twin], items, LossKind.CrossEntropy, OnlyTeachers);
        using var actual = new DistillationObjective(student, [teacher], items, LossKind.CrossEntropy, OnlyTeachers);

        Assert.IsNotType(twin.GetType(), teacher);
        Assert.Equal(Value(expected, student, items), Value(actual, student, items), 1e-5);
    }

    [TorchFact]
    public void A_teacher_whose_softmax_is_quantised_teaches_by_its_probabilities()
    {
        using var student = Open(Dense(1, end: "Softmax"));
        var model = Dense(2, end: null, withDeterminant: true);
        var scores = model.Proto.Graph.Output[0].Name;
        model.Proto.Graph.Output.Clear();
        string[] grid = [Scale(0.05f), Zero(128), Scale(1f / 200), Zero(0)];
        var quantised = model.Node("QuantizeLinear", [scores, grid[0], grid[1]]);
        var softmax = model.Microsoft("QLinearSoftmax", [quantised, .. grid], ("axis", 1), ("opset", 13));
        model.Output(model.Node("DequantizeLinear", [softmax, grid[2], grid[3]]), ElementType.Float32);
        using var teacher = Teach(model);
        using var twin = Teach(Dense(2, end: "Softmax"));
        var items = Items(student, i => i % 3);
        var options = OnlyTeachers with { Temperature = 1 };

        using var expected = new DistillationObjective(student, [twin], items, LossKind.CrossEntropy, options);
        using var actual = new DistillationObjective(student, [teacher], items, LossKind.CrossEntropy, options);

        var value = Value(expected, student, items);
        Assert.Equal(value, Value(actual, student, items), 0.05 * value);

        string Scale(float scale) => model.Constant(Tensor.Floats(TensorShape.Scalar, scale));
        string Zero(byte zero) => model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [zero]));
    }

    [TorchFact]
    public void A_teacher_normalises_by_its_running_statistics_and_stays_as_it_is()
    {
        using var student = Open(TrainableModels.Convolutional());
        using var teacher = Teach(TrainableModels.Convolutional());
        var images = RandomTensors.Floats(3, Count, 1, 6, 6).ToFloats();
        long[] labels = [.. Enumerable.Range(0, Count).Select(i => (long)(i % 3))];
        var items = TrainingItems.Of(
            student,
            [new("x", Type(ElementType.Float32, Count, 1, 6, 6), images), new("y", Type(ElementType.Int64, Count), labels)]
        );
        using var objective = new DistillationObjective(student, [teacher], items, LossKind.CrossEntropy, OnlyTeachers);
        var before = student.Parameters.Select(p => p.ToArray()).ToList();
        var same = Value(objective, student, items);

        using (var training = new NetworkTraining(student, items, Quick with { Epochs = 2 }, objective))
        {
            training.Run();
        }

        var moved = Value(objective, student, items);
        student.Parameters.Zip(before).ToList().ForEach(p => p.First.Set(p.Second));
        Assert.Equal(0, same, 1e-6);
        Assert.True(moved > 1e-6, $"{moved}");
        Assert.Equal(0, Value(objective, student, items), 1e-6);
    }

    [TorchTheory]
    [InlineData(LossKind.MeanSquaredError, null)]
    [InlineData(LossKind.BinaryCrossEntropy, "Sigmoid")]
    public void Outputs_are_learnt_from_teachers_too(LossKind loss, string? end)
    {
        using var student = Open(Dense(1, end));
        using var teacher = Teach(Dense(2, end));
        var items = TrainingItems.Of(
            student,
            [new("x", Type(ElementType.Float32, Count, 4), _x), new("y", Type(ElementType.Float32, Count, 3), new float[Count * 3])]
        );
        using var objective = new DistillationObjective(student, [teacher], items, loss, OnlyTeachers);
        using var training = new NetworkTraining(student, items, Quick with { Loss = loss }, objective);
        var before = Value(objective, student, items, loss);

        training.Run();

        Assert.True(before > 0.05, $"{before}");
        Assert.True(Value(objective, student, items, loss) < before / 50, $"{before}, {Value(objective, student, items, loss)}");
    }

    [TorchTheory]
    [InlineData(5, 0, false)]
    [InlineData(8, 2, false)]
    [InlineData(8, 2, true)]
    public void Hints_make_inner_values_alike_and_project_where_sizes_differ(int teacherWidth, int projections, bool withDeterminant)
    {
        using var student = Open(TwoLayers(1, 5));
        using var teacher = Teach(TwoLayers(2, teacherWidth, withDeterminant));
        var items = Items(student, i => i % 3);
        var options = OnlyTeachers with { Alpha = 0, Hints = [new("hidden", "hidden")], HintWeight = 10 };
        var file = student.ToOnnx();
        using var objective = new DistillationObjective(student, [teacher], items, LossKind.CrossEntropy, options);
        using var training = new NetworkTraining(student, items, Quick, objective);
        var before = Value(objective, student, items);

        training.Run();

        Assert.Equal(projections, objective.Parameters.Count);
        Assert.True(Value(objective, student, items) < before / 2, $"{before}, {Value(objective, student, items)}");
        Assert.Equal(file.Length, student.ToOnnx().Length);
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Items_that_stay_as_they_are_are_shown_to_teachers_once(bool several)
    {
        using var student = Open(Dense(1, end: "Softmax"));
        OnnxModelBuilder[] models = [Dense(2, end: "Softmax"), Dense(3, end: "Softmax")];
        List<Teacher> teachers = [.. (several ? models : models.Take(1)).Select(m => Teach(m))];
        var items = Items(student, i => i % 3);
        using var objective = new DistillationObjective(student, teachers, items, LossKind.CrossEntropy, OnlyTeachers);
        using var training = new NetworkTraining(student, items, Quick with { Epochs = 1 }, objective);

        training.Run();

        var asked = Value(objective, student, items, areChanged: true);
        teachers.ForEach(t => t.Dispose());
        Assert.Equal(asked, Value(objective, student, items), 1e-6);
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_resumed_distillation_ends_as_one_without_interruption(bool hints)
    {
        byte[]? saved = null;
        var whole = Run(training => training.Run(e => saved = e.Epoch == 2 ? training.Save() : saved));
        var resumed = Run(training =>
        {
            training.Resume(saved!);
            training.Run();
        });

        Assert.Equal(whole, resumed);
        Assert.Contains(
            "another training",
            Assert.Throws<TrainingException>(() => Run(t => t.Resume(saved!), alpha: 0.25)).Message,
            StringComparison.Ordinal
        );

        byte[] Run(Action<NetworkTraining> work, double alpha = 0.5)
        {
            using var student = Open(TwoLayers(1, 5));
            using var teacher = Teach(TwoLayers(2, 8));
            var items = Items(student, i => i % 3);
            var options = new DistillationOptions { Alpha = alpha, Hints = hints ? [new("hidden", "hidden")] : [] };
            using var objective = new DistillationObjective(student, [teacher], items, LossKind.CrossEntropy, options);
            using var training = new NetworkTraining(student, items, Quick with { Epochs = 4 }, objective);
            work(training);
            return student.ToOnnx();
        }
    }

    [TorchFact]
    public void What_does_not_fit_gets_a_sentence()
    {
        using var student = Open(TwoLayers(1, 5));
        using var good = Teach(TwoLayers(2, 5));

        AssertRefused("is Float32[1,5]", Dense(2, end: null, inputs: 5));
        AssertRefused("gives [32,2], and the student [32,3]", Dense(2, end: "Softmax", outputs: 2));
        AssertRefused("ends with a sigmoid", Dense(2, end: "Sigmoid"));
        AssertRefused("no number", Dense(2, end: "Softmax", first: float.NaN));
        AssertRefused("cannot be run", new OnnxModelBuilder().Output("nothing", ElementType.Float32));
        AssertRefused("alpha", TwoLayers(2, 5), new() { Alpha = 1.5 });
        AssertRefused("temperature", TwoLayers(2, 5), new() { Temperature = 0 });
        AssertRefused("student has no inner value 'absent'", TwoLayers(2, 5), new() { Hints = [new("absent", "hidden")] });
        AssertRefused("inner value 'absent'", TwoLayers(2, 5), new() { Hints = [new("hidden", "absent")] });

        void AssertRefused(string part, OnnxModelBuilder model, DistillationOptions? options = null)
        {
            var message = Assert
                .Throws<TrainingException>(() =>
                {
                    using var teacher = Teach(model);
                    using var objective = new DistillationObjective(
                        student,
                        [teacher],
                        Items(student, i => i % 3),
                        LossKind.CrossEntropy,
                        options ?? new()
                    );
                })
                .Message;
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    /// <summary>The part of the items of which student and teacher say the same, before and after.</summary>
    private (double Before, double After) Distilled(
        TrainableModel student,
        Teacher[] teachers,
        DistillationOptions options,
        Func<int, long> labels
    )
    {
        var answers = Probabilities(Dense(2, end: "Softmax")).Chunk(3).Select(row => (long)Array.IndexOf(row, row.Max())).ToArray();
        var items = Items(student, labels);
        using var objective = new DistillationObjective(student, teachers, items, LossKind.CrossEntropy, options);
        using var training = new NetworkTraining(student, items, Quick, objective);
        var agreeing = Items(student, i => answers[i]);
        var before = NetworkTraining.Measure(student, agreeing, LossKind.CrossEntropy).Accuracy!.Value;
        training.Run();
        return (before, NetworkTraining.Measure(student, agreeing, LossKind.CrossEntropy).Accuracy!.Value);
    }

    private double[] Probabilities(OnnxModelBuilder model)
    {
        using var oracle = new OnnxRuntimeOracle(model.ToBytes());
        return
        [
            .. ((float[])oracle.Run([new NamedTensor("x", Type(ElementType.Float32, Count, 4), _x)])[0].Elements).Select(p => (double)p),
        ];
    }

    private static float Value(
        DistillationObjective objective,
        TrainableModel student,
        TrainingItems items,
        LossKind loss = LossKind.CrossEntropy,
        bool areChanged = false
    )
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var noGradient = TorchSharp.torch.no_grad();
        int[] all = [.. Enumerable.Range(0, items.Count)];
        var inputs = items.Inputs(all, null);
        return objective.Of(student.Forward(inputs), new(items, all, areChanged, inputs, items.Targets(all, loss))).item<float>();
    }

    private TrainingItems Items(TrainableModel model, Func<int, long> labels) =>
        TrainingItems.Of(
            model,
            [
                new("x", Type(ElementType.Float32, Count, 4), _x),
                new("y", Type(ElementType.Int64, Count), Enumerable.Range(0, Count).Select(labels).ToArray()),
            ]
        );

    private static OnnxModelBuilder Dense(
        int seed,
        string? end,
        int inputs = 4,
        int outputs = 3,
        bool withDeterminant = false,
        float first = 0
    )
    {
        var model = new OnnxModelBuilder();
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", inputs);
        var biases = new float[outputs];
        biases[0] = first;
        var scores = model.Node(
            "Gemm",
            [x, model.Constant(RandomTensors.Floats(seed, inputs, outputs)), model.Constant([outputs], biases)]
        );
        scores = withDeterminant ? Determinant(model, scores) : scores;
        return model.Output(end is null ? scores : model.Node(end, [scores]), ElementType.Float32);
    }

    /// <summary>Of a matrix that is one number, the determinant is that number.</summary>
    private static string Determinant(OnnxModelBuilder model, string scores) =>
        model.Node("Det", [model.Node("Unsqueeze", [scores, model.Constant(Tensor.Longs(2, 3))])]);

    private static OnnxModelBuilder TwoLayers(int seed, int width, bool withDeterminant = false)
    {
        var model = new OnnxModelBuilder();
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", 4);
        model.Node("MatMul", [x, model.Constant(RandomTensors.Floats(seed, 4, width))]);
        model.Proto.Graph.Node[^1].Output[0] = "hidden";
        var scores = model.Node("MatMul", [model.Node("Relu", ["hidden"]), model.Constant(RandomTensors.Floats(seed + 10, width, 3))]);
        scores = withDeterminant ? Determinant(model, scores) : scores;
        return model.Output(model.Node("Softmax", [scores]), ElementType.Float32);
    }

    private static TensorType Type(ElementType element, params int[] shape) => new(element, new TensorShape(shape));

    private static ModelSource Source(OnnxModelBuilder model) => new("test.onnx", model.ToBytes(), _ => null);

    private static TrainableModel Open(OnnxModelBuilder model) => TrainableModel.Open(Source(model));

    private static Teacher Teach(OnnxModelBuilder model) => Teacher.Open(Source(model));
}
