using ModelCompiler.Audio;

namespace ModelCompiler.Training.Data;

/// <summary>
/// Changes of the samples of a sound at random, as other speakers, microphones and rooms make them: speed and with it pitch (Ko et al. 2015), the
/// slope of the spectrum, noise, loudness, and where in the clip it lies.
/// </summary>
internal static class SoundAugmentation
{
    /// <summary>Most that a sound gets faster or slower, and higher or lower: between voices of adults.</summary>
    private const double MostSpeed = 1.15;

    /// <summary>Most that a sample takes of the one before, or loses: 7 decibels between the lowest and the highest frequencies, both ways.</summary>
    private const double MostTilt = 0.4;

    /// <summary>Decibels that a sound gets louder or quieter.</summary>
    private const double MostGain = 10;

    // Decibels by which noise is below the sound: from a noisy room to what nobody hears.
    private const double LoudestNoise = 15;
    private const double SoftestNoise = 55;

    /// <summary>Part of a clip by which a sound moves.</summary>
    private const double MostShift = 0.08;

    /// <summary>Samples in place of those of a sound.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="features">What will be computed of them; a clip that has no length of its own moves nothing.</param>
    /// <param name="random">Decides by how much.</param>
    public static float[] Changed(ReadOnlySpan<float> samples, AudioFeatureOptions features, Random random)
    {
        var sound = Resampled(samples, Math.Pow(MostSpeed, Spread(random)));
        Tilt(sound, (float)(MostTilt * Spread(random)));
        AddNoise(sound, LoudestNoise + ((SoftestNoise - LoudestNoise) * random.NextDouble()), random);
        Amplify(sound, Amplitude(MostGain * Spread(random)));
        return Moved(sound, (int)(MostShift * features.SamplesOfClip * Spread(random)));
    }

    /// <summary>
    /// A sound that is over in 1/factor of its time. Between samples it is linear: what that does to the highest frequencies is within what other
    /// microphones do.
    /// </summary>
    internal static float[] Resampled(ReadOnlySpan<float> samples, double factor)
    {
        var resampled = new float[(int)(samples.Length / factor)];
        for (var i = 0; i < resampled.Length; i++)
        {
            var place = i * factor;
            var from = Math.Min((int)place, samples.Length - 1);
            var to = Math.Min(from + 1, samples.Length - 1);
            resampled[i] = samples[from] + ((float)(place - from) * (samples[to] - samples[from]));
        }

        return resampled;
    }

    /// <summary>x[n] − a·x[n − 1]: with a above 0 high frequencies gain on low ones, below 0 they lose.</summary>
    private static void Tilt(Span<float> sound, float a)
    {
        for (var i = sound.Length - 1; i > 0; i--)
        {
            sound[i] -= a * sound[i - 1];
        }
    }

    private static void AddNoise(Span<float> sound, double decibelsBelow, Random random)
    {
        var power = 0.0;
        foreach (var sample in sound)
        {
            power += (double)sample * sample;
        }

        // Evenly spread numbers of −1 to 1 have a power of a third.
        var noise = Math.Sqrt(3 * power / Math.Max(sound.Length, 1)) * Amplitude(-decibelsBelow);
        for (var i = 0; i < sound.Length; i++)
        {
            sound[i] += (float)(noise * Spread(random));
        }
    }

    private static void Amplify(Span<float> sound, double factor)
    {
        for (var i = 0; i < sound.Length; i++)
        {
            sound[i] *= (float)factor;
        }
    }

    /// <summary>Silence on one side moves the middle of the sound, which is what a clip has in its middle.</summary>
    private static float[] Moved(float[] sound, int shift)
    {
        var silence = new float[2 * Math.Abs(shift)];
        return shift > 0 ? [.. silence, .. sound] : [.. sound, .. silence];
    }

    private static double Amplitude(double decibels) => Math.Pow(10, decibels / 20);

    /// <summary>−1 to 1.</summary>
    private static double Spread(Random random) => (2 * random.NextDouble()) - 1;
}
