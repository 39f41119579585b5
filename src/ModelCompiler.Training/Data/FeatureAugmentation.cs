using ModelCompiler.Audio;

namespace ModelCompiler.Training.Data;

/// <summary>
/// Changes of the features of a clip at random: it gets slower or faster at the same pitch, and a few neighbouring frames and mel bands lose what
/// they say (SpecAugment, Park et al. 2019).
/// </summary>
internal static class FeatureAugmentation
{
    /// <summary>Most that speech gets slower or faster.</summary>
    private const double MostTempo = 1.2;

    /// <summary>How often frames and bands are masked, and the largest part of them each time.</summary>
    private const int Masks = 2;
    private const double MostFrames = 0.12;
    private const double MostBands = 0.15;

    /// <summary>Changes a clip in place.</summary>
    /// <param name="clip">[frames × features of a frame].</param>
    /// <param name="features">What the features are; coefficients of a cepstrum, each of which has all bands in it, are not masked.</param>
    /// <param name="random">Decides by how much.</param>
    public static void Change(Span<float> clip, AudioFeatureOptions features, Random random)
    {
        var width = features.FeaturesOfFrame;
        Stretch(clip, width, (float)Math.Pow(MostTempo, (2 * random.NextDouble()) - 1));
        var mean = Mean(clip);
        for (var mask = 0; mask < Masks; mask++)
        {
            MaskFrames(clip, width, mean, random);
            if (features.Kind == AudioFeatureKind.LogMel)
            {
                MaskBands(clip, width, mean, random);
            }
        }
    }

    /// <summary>Takes each frame from factor times as far from the middle as it is; where there is nothing, the frame at the end is repeated.</summary>
    internal static void Stretch(Span<float> clip, int width, float factor)
    {
        float[] before = [.. clip];
        var (last, middle) = ((clip.Length / width) - 1, ((clip.Length / width) - 1) / 2f);
        for (var frame = 0; frame <= last; frame++)
        {
            var place = Math.Clamp(((frame - middle) * factor) + middle, 0, last);
            var from = (int)place;
            var (first, second) = (from * width, Math.Min(from + 1, last) * width);
            for (var i = 0; i < width; i++)
            {
                clip[(frame * width) + i] = before[first + i] + ((place - from) * (before[second + i] - before[first + i]));
            }
        }
    }

    private static void MaskFrames(Span<float> clip, int width, float value, Random random)
    {
        var (from, count) = Some(clip.Length / width, MostFrames, random);
        clip.Slice(from * width, count * width).Fill(value);
    }

    private static void MaskBands(Span<float> clip, int width, float value, Random random)
    {
        var (from, count) = Some(width, MostBands, random);
        for (var frame = 0; frame < clip.Length; frame += width)
        {
            clip.Slice(frame + from, count).Fill(value);
        }
    }

    private static (int From, int Count) Some(int all, double most, Random random)
    {
        var count = random.Next((int)(most * all) + 1);
        return (random.Next(all - count + 1), count);
    }

    private static float Mean(ReadOnlySpan<float> clip)
    {
        var sum = 0.0;
        foreach (var feature in clip)
        {
            sum += feature;
        }

        return (float)(sum / clip.Length);
    }
}
