using Google.Protobuf;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;
using ModelCompiler.Training;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;
using static TorchSharp.torch;
using Constant = ModelCompiler.Graphs.Tensor;
using Tensor = TorchSharp.torch.Tensor;

namespace ModelCompiler.Compression.Tests.Training.Graphs;

public sealed class TrainableModelTests
{
    [TorchFact]
    public void The_written_file_has_the_changed_parameters_and_gives_the_outputs_of_the_module()
    {
        var builder = TrainableModels.Convolutional();
        using var model = Open(builder);
        using var scope = NewDisposeScope();
        Disturb(model);

        var written = model.ToOnnx();

        Assert.Equal(
            ["conv.weight", "bn.scale", "bn.bias", "bn.mean", "bn.var", "fc.weight", "fc.bias"],
            model.Parameters.Select(p => p.Name)
        );
        Assert.Equal([false, false, false, true, true, false, false], model.Parameters.Select(p => p.IsStatistic));
        AssertSame(model, written);
        var (before, after) = (builder.Proto.Clone(), ModelProto.Parser.ParseFrom(written));
        foreach (var initialiser in before.Graph.Initializer.Concat(after.Graph.Initializer))
        {
            initialiser.RawData = ByteString.Empty;
        }

        Assert.Equal(before, after);
    }

    [TorchFact]
    public void Running_statistics_follow_the_batches_unless_they_are_frozen()
    {
        using var model = Open(TrainableModels.Convolutional());
        using var scope = NewDisposeScope();
        var mean = model.Parameters.Single(p => p.Name == "bn.mean");
        var before = mean.ToArray();

        model.Forward(rand(4, 1, 6, 6));
        var atInference = mean.ToArray();
        model.IsTraining = true;
        model.Forward(rand(4, 1, 6, 6));
        var inTraining = mean.ToArray();
        Assert.Equal(4, model.Freeze("bn.*"));
        model.Forward(rand(4, 1, 6, 6));

        Assert.Equal(before, atInference);
        Assert.NotEqual(before, inTraining);
        Assert.Equal(inTraining, mean.ToArray());
    }

    [TorchFact]
    public void Quantised_weights_are_trained_as_real_numbers_and_written_as_integers()
    {
        using var model = Open(TrainableModels.Quantised());
        using var scope = NewDisposeScope();
        Assert.Equal(["fc.weight", "fc.bias"], model.Parameters.Select(p => p.Name));
        Assert.All(model.Parameters, p => Assert.True(p.IsQuantised));
        AssertSame(model, model.ToOnnx(), tolerance: 1e-3);

        var optimiser = TorchSharp.torch.optim.SGD(model.Parameters.Select(p => p.Tensor), 0.5);
        var before = model.ToOnnx();
        model.Forward(rand(8, 6)).Scores.square().sum().backward();
        optimiser.step();

        Assert.NotEqual(before, model.ToOnnx());
        AssertSame(model, model.ToOnnx(), tolerance: 1e-3);
    }

    public static TheoryData<string> FixedBatches => [.. TrainableModels.OfBatchOne.Keys];

    [TorchTheory]
    [MemberData(nameof(FixedBatches))]
    public void Models_of_batch_one_take_any_batch(string name)
    {
        using var model = Open(TrainableModels.OfBatchOne[name]());
        using var scope = NewDisposeScope();
        long[] item = [.. model.Inputs[0].Type.Shape.Skip(1).Select(s => (long)s)];
        var batch = rand([5, .. item]);

        var together = model.Forward(batch).Outputs[0];

        var alone = cat([.. Enumerable.Range(0, 5).Select(i => model.Forward(batch.narrow(0, i, 1)).Outputs[0])]);
        Assert.True(allclose(alone, together, rtol: 1e-4, atol: 1e-5));
    }

    [TorchFact]
    public void A_network_that_mixes_the_items_of_a_batch_is_refused()
    {
        var builder = new OnnxModelBuilder();
        var x = builder.SymbolicInput("x", ElementType.Float32, "batch", 4);
        var centred = builder.Node("Sub", [x, builder.Node("ReduceMean", [x], ("axes", new[] { 0 }))]);
        builder.Output(builder.Node("MatMul", [centred, builder.Constant(RandomTensors.Floats(1, 4, 3))]), ElementType.Float32);

        Assert.Contains(
            "other items of its batch",
            Assert.Throws<TrainingException>(() => Open(builder)).Message,
            StringComparison.Ordinal
        );
    }

    [TorchFact]
    public void Open_sizes_are_bound_and_the_first_is_the_batch()
    {
        var builder = new OnnxModelBuilder();
        var x = builder.SymbolicInput("x", ElementType.Float32, "batch", "time", 4);
        var shared = builder.Input("shared", ElementType.Float32, 1, 3);
        var product = builder.Node("MatMul", [x, builder.Constant(RandomTensors.Floats(1, 4, 3))]);
        builder.Output(builder.Node("Mul", [product, shared]), ElementType.Float32);
        using var scope = NewDisposeScope();
        Assert.Contains("time", Assert.Throws<TrainingException>(() => Open(builder)).Message, StringComparison.Ordinal);

        using var model = TrainableModel.Open(new ModelSource("test.onnx", builder.ToBytes(), _ => null), new DimensionBinding("time", 6));

        Assert.Equal([5, 6, 3], model.Forward(rand(5, 6, 4), rand(1, 3)).Outputs[0].shape);
        Assert.Equal([0, null], model.Inputs.Select(model.BatchAxis));
    }

    [TorchFact]
    public void An_open_length_behind_a_batch_of_one_is_no_batch()
    {
        var builder = new OnnxModelBuilder();
        var x = builder.SymbolicInput("x", ElementType.Float32, 1, "length", 4);
        builder.Output(builder.Node("MatMul", [x, builder.Constant(RandomTensors.Floats(1, 4, 3))]), ElementType.Float32);

        Assert.Contains("length", Assert.Throws<TrainingException>(() => Open(builder)).Message, StringComparison.Ordinal);
        using var model = TrainableModel.Open(
            new ModelSource("test.onnx", builder.ToBytes(), _ => null),
            new DimensionBinding("length", 6)
        );
        Assert.Equal([0], model.Inputs.Select(model.BatchAxis));
    }

    [TorchFact]
    public void A_state_counts_items_in_another_dimension()
    {
        var builder = new OnnxModelBuilder();
        var x = builder.SymbolicInput("x", ElementType.Float32, 3, "batch", 4);
        var state = builder.SymbolicInput("state", ElementType.Float32, 1, "batch", 5);
        string?[] inputs =
        [
            x,
            builder.Constant(RandomTensors.Floats(1, 1, 15, 4)),
            builder.Constant(RandomTensors.Floats(2, 1, 15, 5)),
            null,
            null,
            state,
        ];
        builder.Output(builder.Node("GRU", "", inputs, [("hidden_size", 5)], 2)[1], ElementType.Float32);
        using var model = Open(builder);
        using var scope = NewDisposeScope();
        float[] xs = [.. Enumerable.Range(0, 24).Select(i => i / 24f)];
        float[] states = [.. Enumerable.Range(0, 10).Select(i => i / 10f)];
        var items = TrainingItems.Of(
            model,
            [
                new("x", new(ElementType.Float32, new(2, 3, 4)), xs),
                new("state", new(ElementType.Float32, new(2, 1, 5)), states),
                new("y", new(ElementType.Float32, new(2, 5)), new float[10]),
            ]
        );

        var together = model.Forward(items.Inputs([0, 1], null)).Outputs[0];

        Assert.Equal([1, 1], model.Inputs.Select(model.BatchAxis));
        Assert.Equal([1, 2, 5], together.shape);
        Assert.True(allclose(model.Forward(items.Inputs([1], null)).Outputs[0], together.narrow(1, 1, 1)));
    }

    [TorchFact]
    public void A_network_that_gives_the_best_class_is_trained_on_what_it_is_chosen_from()
    {
        var builder = new OnnxModelBuilder();
        var scores = builder.Node(
            "MatMul",
            [builder.Input("x", ElementType.Float32, 1, 4), builder.Constant(RandomTensors.Floats(1, 4, 3))]
        );
        builder.Output(builder.Node("ArgMax", [builder.Node("Softmax", [scores])], ("axis", 1), ("keepdims", 0)), ElementType.Int64);
        using var model = Open(builder);
        using var scope = NewDisposeScope();

        var outputs = model.Forward(rand(5, 4));

        Assert.Equal((FinalFunction.Softmax, 3), (outputs.Function, outputs.Scores.shape[1]));
        Assert.Equal(outputs.Scores.argmax(1).data<long>().ToArray(), outputs.Outputs[0].data<long>().ToArray());
    }

    [TorchTheory(needsTestData: true)]
    [InlineData("keyword-spotting/mlperf_kws_dscnn_int8_qdq", 20)]
    [InlineData("anomaly-detection/mlperf_ad_autoencoder_int8_qdq", 20)]
    [InlineData("image-classification/mnist_8_cntk", 6)]
    [InlineData("transformer/deeploy_CCT_1_16_16_64", 16)]
    [InlineData("rnn-audio/dtln_model_1", 8)]
    public void Real_networks_give_what_is_recorded_and_gradients_for_every_parameter(string name, int parameters)
    {
        var file = OnnxFile.Read(TestData.PathOf(["models", "onnx", .. name.Split('/'), "model.onnx"]));
        var recorded = TestDataSet.Load(file, TestDataSet.Find(file.Folder)[0]);
        using var model = TrainableModel.Open(file.Source);
        using var scope = NewDisposeScope();

        var outputs = model.Forward([.. recorded.Inputs.Select(i => TorchTypes.ToTensor(i.Type, i.Elements))]);
        outputs.Outputs.Aggregate(zeros(1), (sum, o) => sum + o.square().sum()).backward();

        var actual = outputs.Outputs.Select(
            (o, i) => recorded.Outputs[i] with { Elements = o.detach().contiguous().data<float>().ToArray() }
        );
        Differential.AssertEqual([.. recorded.Outputs], [.. actual], new Differential.Tolerance(1e-3, 1e-4), name);
        Assert.Equal(parameters, model.Parameters.Count(p => p.Tensor.grad is not null));
    }

    [TorchFact]
    public void Constant_nodes_are_parameters_and_numbers_of_a_formula_are_not()
    {
        var builder = new OnnxModelBuilder();
        var x = builder.Input("x", ElementType.Float32, 1, 4);
        var weight = builder.Node("Constant", [], ("value", RandomTensors.Floats(1, 4, 3)));
        var doubled = builder.Node("Mul", [builder.Node("MatMul", [x, weight]), builder.Constant([], 2f)]);
        builder.Output(builder.Node("Clip", [doubled, builder.Constant([], -1), builder.Constant([], 1)]), ElementType.Float32);
        using var model = Open(builder);
        using var scope = NewDisposeScope();
        Assert.Equal([weight], model.Parameters.Select(p => p.Name));
        Disturb(model);

        AssertSame(model, model.ToOnnx());
    }

    [TorchFact]
    public void Files_that_cannot_be_trained_get_a_sentence()
    {
        var withoutWeights = new OnnxModelBuilder();
        withoutWeights.Output(withoutWeights.Node("Relu", [withoutWeights.Input("x", ElementType.Float32, 1, 4)]), ElementType.Float32);

        Assert.Contains(
            "no float initialisers",
            Assert.Throws<TrainingException>(() => Open(withoutWeights)).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<TrainingException>(() => TrainableModel.Open(new ModelSource("x.onnx", [1, 2, 3], _ => null)));
    }

    [TorchTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Damaged_files_get_a_sentence_and_nothing_else(int seed)
    {
        byte[][] files = [TrainableModels.Convolutional().ToBytes(), TrainableModels.Quantised().ToBytes()];
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < 150; i++)
        {
            var bytes = files[i % 2].ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                using var model = TrainableModel.Open(new ModelSource("damaged.onnx", bytes, _ => null));
            }
            catch (TrainingException e)
            {
                Assert.NotEqual("", e.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 20, 149);
    }

    private static TrainableModel Open(OnnxModelBuilder model) =>
        TrainableModel.Open(new ModelSource("test.onnx", model.ToBytes(), _ => null));

    private static void Disturb(TrainableModel model)
    {
        var random = new Random(1);
        foreach (var parameter in model.Parameters)
        {
            parameter.Set([.. parameter.ToArray().Select(v => v + (random.NextSingle() * 0.1f))]);
        }
    }

    private static void AssertSame(TrainableModel model, byte[] written, double tolerance = 1e-4)
    {
        using var oracle = new OnnxRuntimeOracle(written, Microsoft.ML.OnnxRuntime.GraphOptimizationLevel.ORT_DISABLE_ALL);
        var inputs = Differential.RandomInputs(model.Inputs, 2);
        var expected = oracle.Run(inputs);
        var actual = model.Forward([.. inputs.Select(i => TorchTypes.ToTensor(i.Type, i.Elements))]).Outputs;
        Differential.AssertEqual(
            expected,
            [.. actual.Select((o, i) => expected[i] with { Elements = o.contiguous().data<float>().ToArray() })],
            new Differential.Tolerance(tolerance, tolerance / 10),
            "written"
        );
    }
}
