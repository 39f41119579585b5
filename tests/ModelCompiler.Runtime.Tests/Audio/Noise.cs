namespace ModelCompiler.Runtime.Tests.Audio;

/// <summary>Samples that sound like nothing.</summary>
internal static class Noise
{
    /// <summary>Numbers from −1 to 1.</summary>
    public static float[] Of(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }
}
