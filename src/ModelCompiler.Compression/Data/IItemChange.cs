using ModelCompiler.Audio;

namespace ModelCompiler.Compression.Data;

/// <summary>What is done to items of a kind before they become numbers. Items of other kinds stay as they are.</summary>
public interface IItemChange
{
    /// <summary>An image of the same size in place of an image.</summary>
    Pixels Of(Pixels image);

    /// <summary>A sound of the same rate in place of a sound.</summary>
    /// <param name="sound">The sound.</param>
    /// <param name="features">What will be computed of it, with the frames of a clip.</param>
    WavFile Of(WavFile sound, AudioFeatureOptions features);

    /// <summary>Changes the features that a sound became, in place.</summary>
    /// <param name="clip">[frames × features of a frame].</param>
    /// <param name="features">What they are.</param>
    void Change(Span<float> clip, AudioFeatureOptions features);
}
