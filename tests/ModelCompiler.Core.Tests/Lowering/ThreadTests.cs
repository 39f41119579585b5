using ModelCompiler.Core.Tests.Kernels;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Lowering;

/// <summary>Layers that several threads compute together.</summary>
public sealed class ThreadTests
{
    [Theory]
    [InlineData(1, 24)]
    [InlineData(3, 24)]
    [InlineData(3, 1)]
    public void Integer_convolutions_give_the_same_bits_on_three_threads(int kernel, int outputs)
    {
        // A layer before and one behind: what lies in the caller's spans stays with the caller's thread.
        var model = new OnnxModelBuilder();
        var random = new Random(kernel);
        var x = Int8Models.Convolution(model, random, model.Input("x", ElementType.UInt8, 1, 24, 37, 41), 24, 24, 1, group: 1);
        x = Int8Models.Convolution(model, random, x, 24, outputs > 1 ? outputs : 24, kernel, outputs > 1 ? 1 : 24);
        model.Output(Int8Models.Convolution(model, random, x, 24, 3, 1, group: 1), ElementType.UInt8);
        CheckOnThreeThreads(model);
    }

    [Fact]
    public void Float_convolutions_give_the_same_bits_on_three_threads()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 8, 29, 31);
        x = Convolution(x, 8, 32, 3, 1);
        x = Convolution(x, 32, 32, 3, 32);
        x = Convolution(x, 32, 24, 1, 1);
        model.Output(model.Node("Relu", [x]), ElementType.Float32);
        CheckOnThreeThreads(model);

        string Convolution(string input, int channels, int outputs, int kernel, int group) =>
            model.Node(
                "Conv",
                [input, model.Constant(RandomTensors.Floats(kernel + group, outputs, channels / group, kernel, kernel))],
                ("kernel_shape", new[] { kernel, kernel }),
                ("pads", Enumerable.Repeat(kernel / 2, 4).ToArray()),
                ("group", group)
            );
    }

    /// <summary>One thread is compared with ONNX Runtime elsewhere; three must give its bits.</summary>
    private static void CheckOnThreeThreads(OnnxModelBuilder model)
    {
        foreach (var target in Targets.Runnable)
        {
            Assert.Equal(ResultOn(1), ResultOn(3));

            Array ResultOn(int threads)
            {
                var options = new CompileOptions { Threads = threads, Target = target };
                var source = new ModelSource("test.onnx", model.ToBytes(), _ => null);
                Assert.Equal(threads, ModelCompilation.Plan(source, options).Description!.Threads);
                using var network = CompiledNetwork.Load(ModelCompilation.Compile(source, options), options);
                return network.Run([.. Differential.RandomInputs(network.Inputs, 1).Select(i => i.Elements)])[0].Elements;
            }
        }
    }

    [Fact]
    public void A_layer_is_computed_once_by_each_thread_that_has_a_part()
    {
        var calls = new int[4, 3];
        using var threads = new LayerThreads(3, (layer, part) => Interlocked.Increment(ref calls[layer, part]));
        for (var i = 0; i < 3000; i++)
        {
            threads.Run(i % 4, 1 + (i % 3));
            if (i % 1000 == 0)
            {
                // Long enough for the threads to go to sleep.
                Thread.Sleep(20);
            }
        }

        for (var layer = 0; layer < 4; layer++)
        {
            Assert.Equal([750, 500, 250], Enumerable.Range(0, 3).Select(part => calls[layer, part]));
        }
    }

    [Fact]
    public void What_a_part_throws_reaches_the_caller_and_the_threads_go_on()
    {
        var done = 0;
        using var threads = new LayerThreads(
            2,
            (layer, part) =>
            {
                if (layer == 7 && part == 1)
                {
                    throw new DivideByZeroException("by zero");
                }

                Interlocked.Increment(ref done);
            }
        );
        var failure = Assert.Throws<InvalidOperationException>(() => threads.Run(7, 2));
        Assert.Contains("layer 7", failure.Message, StringComparison.Ordinal);
        Assert.IsType<DivideByZeroException>(failure.InnerException);
        threads.Run(8, 2);
        Assert.Equal(3, done);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    public void The_number_of_threads_is_checked(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LayerThreads(threads, (_, _) => { }));
}
