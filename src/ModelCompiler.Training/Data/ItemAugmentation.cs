using ModelCompiler.Audio;
using ModelCompiler.Compression.Data;

namespace ModelCompiler.Training.Data;

/// <summary>Changes of items at random that leave their class as it is.</summary>
/// <param name="random">Decides them.</param>
internal sealed class ItemAugmentation(Random random) : IItemChange
{
    /// <inheritdoc/>
    public Pixels Of(Pixels image) => ImageAugmentation.Moved(image, random);

    /// <inheritdoc/>
    public WavFile Of(WavFile sound, AudioFeatureOptions features) =>
        sound.WithSamples(SoundAugmentation.Changed(sound.Samples, features, random));

    /// <inheritdoc/>
    public void Change(Span<float> clip, AudioFeatureOptions features) => FeatureAugmentation.Change(clip, features, random);
}
