using System.Reflection;
using ModelCompiler.Generator.Tests.Running;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Generator.Tests;

/// <summary>Compiles programs that use generated classes, with nullable checks and every warning an error, and runs them.</summary>
public sealed class SurfaceTests
{
    [Fact]
    public void Spans_go_in_and_come_out_and_arrays_are_returned()
    {
        var result = Run<float[]>(
            TinyModels.Relu(),
            """
            using var model = new App.Test();
            var y = new float[4];
            model.Predict(new float[] { -1, 2, -3, 4 }, y);
            float[] z = model.Predict([1, -1, 1, -1]);
            return [.. y, .. z];
            """
        );
        Assert.Equal(new float[] { 0, 2, 0, 4, 1, 0, 1, 0 }, result);
    }

    [Fact]
    public void Several_outputs_are_a_tuple_and_keywords_are_names()
    {
        var result = Run<float[]>(
            TinyModels.TwoByTwo(),
            """
            using var model = new App.Test();
            var (sum, product) = model.Predict(@in: [1, 2, 3], @class: [4, 5, 6]);
            return [.. sum, .. product];
            """
        );
        Assert.Equal(new float[] { 5, 7, 9, 4, 10, 18 }, result);
    }

    [Fact]
    public void Sizes_that_the_data_give_are_returned_and_arrays_have_them()
    {
        var (one, two) = (Sized("NonZero"), Sized("NonZero", "Unique"));
        Assert.Equal(
            [2, 2, 4, 2, 4],
            Run<long[]>(
                one,
                """
                using var model = new App.Test();
                var places = new long[5];
                int count = model.Predict(new float[] { 0, 0, 7, 0, 7 }, places);
                return [count, .. places[..count], .. model.Predict([0, 0, 7, 0, 7])];
                """
            )
        );
        Assert.Equal(
            [1, 2, 1, 2],
            Run<long[]>(
                two,
                """
                using var model = new App.Test();
                var counts = model.Predict(new float[] { 0, 0, 7, 0, 0 }, new long[5], new float[5]);
                var (places, unique) = model.Predict([0, 0, 7, 0, 0]);
                return [counts.nonzero0_out0Count, counts.unique1_out0Count, places.Length, unique.Length];
                """
            )
        );

        static OnnxModelBuilder Sized(params string[] operators)
        {
            var model = new OnnxModelBuilder();
            var x = model.Input("x", ElementType.Float32, 5);
            foreach (var op in operators)
            {
                model.Output(model.Node(op, [x]), op == "NonZero" ? ElementType.Int64 : ElementType.Float32);
            }

            return model;
        }
    }

    [Theory]
    [InlineData("new float[5], new float[4]", "samples has 5 elements; 4 are needed, shape [1,4] (Parameter 'samples')")]
    [InlineData("new float[4], new float[3]", "relu0_out0 has 3 elements; 4 are needed, shape [1,4] (Parameter 'relu0_out0')")]
    public void A_wrong_length_is_an_error_that_names_the_parameter_and_both_lengths(string arguments, string message)
    {
        Assert.Equal(message, Thrown(TinyModels.Relu(), $"model.Predict({arguments});", nameof(ArgumentException)));
    }

    [Fact]
    public void Nothing_is_written_where_an_argument_is_wrong()
    {
        var result = Run<float[]>(
            TinyModels.TwoByTwo(),
            """
            using var model = new App.Test();
            var sum = new float[3];
            try { model.Predict(new float[] { 1, 1, 1 }, new float[] { 1, 1, 1 }, sum, new float[2]); } catch (System.ArgumentException) { }
            return sum;
            """
        );
        Assert.Equal(new float[3], result);
    }

    [Fact]
    public void An_output_that_overlaps_an_input_is_an_error()
    {
        Assert.Contains(
            "relu0_out0 overlaps samples",
            Thrown(TinyModels.Relu(), "var x = new float[4]; model.Predict(x, x);", nameof(ArgumentException)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_disposed_model_says_so()
    {
        Assert.Contains(
            "App.Test",
            Thrown(TinyModels.Relu(), "model.Dispose(); model.Predict(new float[4]);", nameof(ObjectDisposedException)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("portable")]
    [InlineData("auto")]
    public void Raw_integers_give_what_the_quantised_edges_would(string target)
    {
        // Scale 0.5 and zero point 3 in, 0.25 and −10 out: real = (q − 3) / 2, relu, q' = 4 · real − 10.
        var result = Run<int[]>(
            TinyModels.Quantised(),
            """
            using var model = new App.Test();
            var q = new sbyte[20];
            for (var i = 0; i < 20; i++) { q[i] = (sbyte)(3 * i - 12); }
            var info = App.Test.Info.Inputs[0].Quantization!;
            return [.. System.Linq.Enumerable.Select(model.PredictQuantized(q), v => (int)v), info.ZeroPoint, (int)(info.Scale * 100)];
            """,
            p => p.Property("ModelCompilerTarget", target)
        );
        var expected = Enumerable.Range(0, 20).Select(i => (3 * i) - 12).Select(q => Math.Clamp((2 * Math.Max(q - 3, 0)) - 10, -128, 127));
        Assert.Equal([.. expected, 3, 50], result);
    }

    [Theory]
    [InlineData("portable")]
    [InlineData("auto")]
    public void Raw_integers_of_an_image_come_in_the_order_of_the_model(string target)
    {
        var result = Run<int[]>(
            TinyModels.QuantisedImage(),
            """
            using var model = new App.Test();
            var (x, q) = (new float[60], new sbyte[60]);
            for (var i = 0; i < 60; i++) { q[i] = (sbyte)(i - 30); x[i] = (i - 33) * 0.5f; }
            return [.. System.Linq.Enumerable.Select(model.PredictQuantized(q), v => (int)v), .. System.Linq.Enumerable.Select(model.Predict(x), v => (int)v)];
            """,
            p => p.Property("ModelCompilerTarget", target)
        );
        var expected = Enumerable.Range(0, 60).Select(i => ((i - 33) * ((i / 20) + 1)) + 3).ToArray();
        Assert.Equal([.. expected, .. expected], result);
    }

    [Fact]
    public void Tensor_spans_are_taken_where_the_project_has_them()
    {
        var result = Run<float[]>(
            TinyModels.Relu(),
            """
            using var model = new App.Test();
            var y = new float[4];
            model.Predict(new System.Numerics.Tensors.ReadOnlyTensorSpan<float>(new float[] { -1, 2, -3, 4 }, [1, 4]), new System.Numerics.Tensors.TensorSpan<float>(y, [1, 4]));
            return y;
            """,
            p => p.WithTensors()
        );
        Assert.Equal(new float[] { 0, 2, 0, 4 }, result);
    }

    [Fact]
    public void Floats_of_few_bits_are_halves_and_bits()
    {
        var model = new OnnxModelBuilder(25);
        var x = model.Input("x", ElementType.Float16, 20);
        var y = model.Node("Add", [x, x]);
        model.Output(y, ElementType.Float16).Output(model.Node("Cast", [y], ("to", (int)ElementType.BFloat16)), ElementType.BFloat16);
        model.Output(model.Node("Cast", [y], ("to", (int)ElementType.Float8E4M3FN)), ElementType.Float8E4M3FN);
        model.Output(model.Node("Cast", [y], ("to", (int)ElementType.Int4)), ElementType.Int4);
        var result = Run<float[]>(
            model,
            """
            using var model = new App.Test();
            var x = new System.Half[20];
            x[0] = (System.Half)1.5f;
            var (y, b, f, i) = model.Predict(x);
            model.Predict(
                new System.Numerics.Tensors.ReadOnlyTensorSpan<System.Half>(x, [20]),
                new System.Numerics.Tensors.TensorSpan<System.Half>(y, [20]),
                new System.Numerics.Tensors.TensorSpan<ushort>(b, [20]),
                new System.Numerics.Tensors.TensorSpan<byte>(f, [20]),
                new System.Numerics.Tensors.TensorSpan<sbyte>(i, [20])
            );
            return [(float)y[0], b[0], f[0], i[0]];
            """,
            p => p.WithTensors()
        );
        Assert.Equal(new float[] { 3, 0x4040, 0x44, 3 }, result);
    }

    [Fact]
    public void A_tensor_span_of_another_shape_is_an_error_that_names_both()
    {
        var message = Thrown(
            TinyModels.Relu(),
            "model.Predict(new System.Numerics.Tensors.ReadOnlyTensorSpan<float>(new float[4], [4, 1]), new System.Numerics.Tensors.TensorSpan<float>(new float[4], [1, 4]));",
            nameof(ArgumentException),
            p => p.WithTensors()
        );
        Assert.Equal("samples has the shape [4,1]; [1,4] is needed (Parameter 'samples')", message);
    }

    [Fact]
    public void Predict_allocates_nothing()
    {
        var bytes = Run<long>(
            TinyModels.Quantised(),
            """
            using var model = new App.Test();
            var x = new float[20];
            var y = new float[20];
            var q = new sbyte[20];
            var r = new sbyte[20];
            model.Predict(x, y);
            model.PredictQuantized(q, r);
            var before = System.GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++) { model.Predict(x, y); model.PredictQuantized(q, r); }
            return System.GC.GetAllocatedBytesForCurrentThread() - before;
            """
        );
        Assert.Equal(0, bytes);
    }

    [Fact]
    public void The_parts_that_C_sharp_would_let_be_missing_are_there()
    {
        using var project = new TestProject().Model("test.onnx", TinyModels.Quantised());
        var type = project.Build("").GetType("App.Test")!;
        Assert.NotNull(type.GetMethod("Run", BindingFlags.Instance | BindingFlags.NonPublic));
        Assert.NotNull(type.GetMethod("RunQuantized", BindingFlags.Instance | BindingFlags.NonPublic));
    }

    [Fact]
    public void An_internal_class_is_internal()
    {
        using var project = new TestProject().Model("test.onnx", TinyModels.Relu(), ("Accessibility", "internal"));
        Assert.False(project.Build("").GetType("App.Test")!.IsPublic);
    }

    [Fact]
    public void The_public_half_is_documented()
    {
        using var project = new TestProject().Model("test.onnx", TinyModels.TwoByTwo());
        var type = project.Generate().Results[0].GeneratedSources.Single(s => s.HintName == "App.Test.g.cs").SourceText.ToString();
        var lines = type.Split('\n').Select(l => l.Trim()).ToArray();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("public ", StringComparison.Ordinal))
            {
                Assert.StartsWith("///", lines[i - 1], StringComparison.Ordinal);
            }
        }
    }

    private static string Thrown(
        OnnxModelBuilder model,
        string statements,
        string exception,
        Func<TestProject, TestProject>? configure = null
    ) =>
        Run<string>(
            model,
            $$"""
            var model = new App.Test();
            try { {{statements}} } catch (System.{{exception}} e) { return e.Message; }
            return "nothing was thrown";
            """,
            configure
        );

    private static T Run<T>(OnnxModelBuilder model, string body, Func<TestProject, TestProject>? configure = null)
    {
        using var project = new TestProject().Model("test.onnx", model);
        var type = typeof(T).ToString().Replace("System.", "global::System.", StringComparison.Ordinal);
        var assembly = (configure?.Invoke(project) ?? project).Build(
            $"public static class P {{ public static {type} Main() {{ {body} }} }}"
        );
        return assembly.GetType("P")!.GetMethod("Main")!.CreateDelegate<Func<T>>()();
    }
}
