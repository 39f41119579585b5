using CsCheck;
using ModelCompiler.Core.Tests.Kernels;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Lowering;

/// <summary>Layers that compute a few rows in turn.</summary>
public sealed class ChainTests
{
    /// <summary>One convolution of a chain.</summary>
    private sealed record Link(int Kernel, int Stride, int Pad, int Channels, bool Depthwise);

    private static readonly Gen<Link> Links =
        from depthwise in Gen.Bool
        from kernel in Int8Models.Pick(1, 3, 3, 5)
        from stride in Int8Models.Pick(1, 1, 2)
        from pad in Gen.Int[0, 2]
        from channels in Int8Models.Pick(1, 8, 16, 20, 33, 48)
        select new Link(kernel, kernel == 1 ? 1 : stride, Math.Min(pad, kernel / 2), channels, depthwise);

    [Fact]
    public void A_wide_tensor_in_the_middle_of_a_block_is_never_whole_in_memory()
    {
        var program = Lower(InvertedBottleneck(), Target.Find("x64-avx2")!);
        var chain = Assert.Single(program.Steps.Select(s => s.Kernel).OfType<ChainKernel>());
        Assert.Contains(chain.Stages, s => s.Output.Shape == new TensorShape(1, 32, 32, 96) && s.RingRows <= 8);
        Assert.DoesNotContain(program.Steps, s => s.Outputs[0].Type.Shape.Elements == 32 * 32 * 96);
        Assert.InRange(program.ArenaBytes, 1, 32 * 32 * 96 / 2);
        Assert.Equal(chain.Stages.Sum(s => s.Macs), program.Steps.Single(s => s.Kernel == chain).Macs);
    }

    [Fact]
    public void What_a_step_reads_or_writes_in_the_arena_lies_in_a_buffer_that_is_there_then()
    {
        var program = Lower(InvertedBottleneck(), Target.Find("x64-avx2")!);

        Assert.Equal(program.ArenaBytes, program.Buffers.Max(b => b.Offset + b.Bytes + ArenaPlanner.Alignment - 1) / 64 * 64);
        for (var i = 0; i < program.Steps.Count; i++)
        {
            var there = program.Buffers.Where(b => b.First <= i && i <= b.Last).ToList();
            Assert.All(
                program.Steps[i].Operands.Where(o => o.Place == Place.Arena),
                o => Assert.Contains(there, b => b.Offset <= o.Offset && o.Offset + o.Type.Bytes <= b.Offset + b.Bytes)
            );
        }

        Assert.Contains(program.Buffers, b => program.Steps[b.First].Scratch?.Offset == b.Offset);
    }

    [Fact]
    public void A_block_gives_the_same_bits_on_every_target() => Differential.Check(InvertedBottleneck());

    [Fact]
    public void A_block_gives_the_same_bits_on_targets_that_the_machine_lacks() =>
        Differential.Check(
            InvertedBottleneck(size: 12),
            targets: [Target.Find("x64-avxvnni")!, Target.Find("arm64-dotprod")!],
            transform: SoftwareIntrinsics.Substitute
        );

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Threads_give_the_same_bits_with_a_ring_of_rows_each(int threads)
    {
        var model = InvertedBottleneck(size: 33);
        var program = Lower(model, Target.Auto, threads);
        Assert.Contains(program.Steps, s => s.Kernel is ChainKernel && s.Parts == threads);
        Differential.Check(model, threads: threads);
    }

    [Fact]
    public void Any_chain_gives_the_bits_of_onnxruntime_on_every_target()
    {
        var cases =
            from height in Gen.Int[12, 30]
            from width in Gen.Int[16, 30]
            from channels in Int8Models.Pick(3, 8, 16, 24)
            from links in Links.Array[2, 5]
            from seed in Gen.Int[0, 1000]
            where FitsInto(links, Math.Min(height, width))
            select (height, width, channels, links, seed);
        var chains = 0;
        cases.Sample(
            c =>
            {
                var model = Model(c.height, c.width, c.channels, c.links, c.seed);
                Interlocked.Add(ref chains, Lower(model, Target.Auto).Steps.Count(s => s.Kernel is ChainKernel));
                Differential.Check(model, c.seed);
            },
            iter: 10,
            threads: 1
        );
        Assert.True(chains > 0, "none of the models had a chain");
    }

    [Fact]
    public void Tensors_that_others_read_too_are_whole()
    {
        var model = InvertedBottleneck(exposeWide: true);
        var chains = Lower(model, Target.Auto).Steps.Select(s => s.Kernel).OfType<ChainKernel>();
        Assert.All(chains, c => Assert.InRange(c.Stages.Count, 2, 3));
        Differential.Check(model);
    }

    private static bool FitsInto(IEnumerable<Link> links, int size)
    {
        foreach (var link in links)
        {
            size = ((size + (2 * link.Pad) - link.Kernel) / link.Stride) + 1;
            if (size < 5)
            {
                return false;
            }
        }

        return true;
    }

    private static OnnxModelBuilder InvertedBottleneck(int size = 32, bool exposeWide = false) =>
        Model(size, size, 16, [new(1, 1, 0, 96, false), new(3, 1, 1, 96, true), new(1, 1, 0, 16, false)], 7, exposeWide ? 0 : -1);

    private static OnnxModelBuilder Model(int height, int width, int channels, IReadOnlyList<Link> links, int seed, int exposed = -1)
    {
        var random = new Random(seed);
        var model = new OnnxModelBuilder();
        // The first layer reads the caller's memory; only tensors of the arena count.
        var x = Convolution(
            model,
            random,
            model.Input("x", ElementType.UInt8, 1, channels, height, width),
            channels,
            new(1, 1, 0, channels, false)
        );
        var inner = channels;
        for (var i = 0; i < links.Count; i++)
        {
            x = Convolution(model, random, x, inner, links[i]);
            inner = links[i].Depthwise ? inner : links[i].Channels;
            if (i == exposed)
            {
                model.Output(x, ElementType.UInt8);
            }
        }

        // The last writes the caller's memory.
        model.Output(Convolution(model, random, x, inner, new(1, 1, 0, 4, false)), ElementType.UInt8);
        return model;
    }

    private static string Convolution(OnnxModelBuilder model, Random random, string x, int channels, Link link) =>
        Int8Models.Convolution(
            model,
            random,
            x,
            channels,
            link.Depthwise ? channels : link.Channels,
            link.Kernel,
            link.Depthwise ? channels : 1,
            link.Stride,
            link.Pad
        );

    private static KernelProgram Lower(OnnxModelBuilder model, Target target, int threads = 1) =>
        ModelCompilation
            .Lower(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions { Target = target, Threads = threads })
            .Program!;
}
