using ModelCompiler.Benchmarks.Programs;
using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Modes;

/// <summary>Layers of pruned and clustered weights against the same layers with all of their weights.</summary>
internal static class SparseMode
{
    public static SparseRow Measure(CompressedLayer layer, Target target, TimeSpan duration, CancellationToken cancellation)
    {
        var (compressed, given) = Load(layer, target);
        var (dense, all) = Load(layer.Dense, target);
        using (compressed)
        using (dense)
        {
            var inputs = Differential.RandomInputs(compressed.Inputs, seed: 1);
            var turns = Benchmark.InTurns(
                [Benchmark.Timed(Benchmark.Call(compressed, inputs)), Benchmark.Timed(Benchmark.Call(dense, inputs))],
                duration,
                cancellation
            );
            return new SparseRow(
                layer.Name,
                $"{layer.Inputs} → {layer.Outputs}",
                given.Packing,
                turns.MedianMs[0],
                turns.MedianMs[1],
                given.Bytes,
                all.Bytes,
                turns.Rounds
            );
        }
    }

    private static (CompiledNetwork Network, (string Packing, long Bytes) Weights) Load(CompressedLayer layer, Target target)
    {
        var options = new CompileOptions
        {
            ClassName = "Network",
            Target = target,
            Weights = layer.Packing,
        };
        var source = new ModelSource("layer.onnx", layer.Model(), _ => null);
        var compiled = ModelCompilation.Compile(source, options);
        if (!compiled.Succeeded)
        {
            throw new BenchmarkException($"{layer.Name} does not compile:\n{string.Join("\n", compiled.Problems)}");
        }

        // Bias and factors are the same in both: what is compared is what stands for the weights.
        var program = ModelCompilation.Lower(source, options).Program!;
        string[] forWeights = ["weights", "offsets", "starts", "book", "stream"];
        return (
            CompiledNetwork.Load(compiled, options),
            (
                string.Join("; ", program.Steps.Select(s => s.Kernel.Packing).OfType<string>()),
                program.WeightTable.Where(w => forWeights.Contains(w.Purpose)).Sum(w => (long)w.Bytes)
            )
        );
    }
}
