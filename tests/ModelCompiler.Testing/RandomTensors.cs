using ModelCompiler.Graphs;

namespace ModelCompiler.Testing;

/// <summary>Constants for test models, the same for the same seed.</summary>
public static class RandomTensors
{
    /// <summary>Floats in [−1, 1).</summary>
    public static Tensor Floats(int seed, params int[] shape)
    {
        var random = new Random(seed);
        var type = new TensorShape(shape);
        return Tensor.Floats(type, [.. Enumerable.Range(0, type.Elements).Select(_ => (random.NextSingle() * 2) - 1)]);
    }
}
