using ModelCompiler.Audio;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>
/// Sounds of a folder, with classes where folders or names say them. Each is an item of the features that the model says it takes, or the
/// user: [1, frames, features of a frame]. Of a longer sound the middle is taken, a shorter one gets silence on both sides.
/// </summary>
internal sealed class AudioFolderItems : DataItems
{
    private readonly string _where;
    private readonly ClassFiles _files;

    // What was stated may leave the number of frames open.
    private readonly AudioFeatureOptions _stated;
    private readonly Lazy<AudioFeatureOptions> _audio;

    /// <summary>Makes items of files.</summary>
    /// <param name="where">The folder, for messages.</param>
    /// <param name="files">The files and their classes.</param>
    /// <param name="source">How they are read.</param>
    /// <exception cref="CompressionException">Nothing says what features are wanted, or model and user say different things.</exception>
    public AudioFolderItems(string where, ClassFiles files, DataSource source)
    {
        (_where, _files, _stated) = (where, files, Stated(where, source));
        _audio = new(() => _stated.Frames > 0 ? _stated : _stated with { Frames = LongestFrames() });
    }

    public override int Count => _files.Paths.Count;

    public override TensorShape Shape => new(1, Audio.Frames, Audio.FeaturesOfFrame);

    public override AudioFeatureOptions Audio => _audio.Value;

    public override IReadOnlyList<long>? Labels => _files.Labels;

    public override IReadOnlyList<string>? ClassNames => _files.ClassNames;

    public override IReadOnlyList<string>? Groups => _files.Groups;

    public override ItemInputs For(IReadOnlyList<ModelPort> inputs)
    {
        if (inputs is not [{ Type.Element: ElementType.Float32 } port])
        {
            throw new CompressionException(
                $"{_where}: features of sound go into models with one input of floats; this one has {string.Join(", ", inputs.Select(i => $"{i.Name} {i.Type}"))}"
            );
        }

        // Where nobody says how many frames a clip has, the model's input does.
        var width = _stated.FeaturesOfFrame;
        var frames = _stated.Frames > 0 ? _stated.Frames : Math.Max(port.Type.Shape.Elements / width, 1);
        ItemShapes.Require($"{_where}: a sound as '{_stated}'", new TensorShape(1, frames, width), port);

        // An epoch after the other reads the same sounds; their features are what fits into memory. Those of changed sounds are new each time.
        var features = new AudioFeatures(_stated with { Frames = frames });
        var read = new float[Count][];
        return (item, change) =>
        {
            var path = _files.Paths[item];
            var clip = change is null ? read[item] ??= Clip(features, path, null) : Clip(features, path, change);
            return [new NamedTensor(port.Name, port.Type, clip)];
        };
    }

    private static float[] Clip(AudioFeatures features, string path, IItemChange? change)
    {
        var (clip, sound) = (new float[features.Options.Frames * features.Options.FeaturesOfFrame], WavFile.Read(path));
        features.ComputeClip(change?.Of(sound, features.Options) ?? sound, clip);
        change?.Change(clip, features.Options);
        return clip;
    }

    /// <summary>The frames of the longest sound; one at least.</summary>
    private int LongestFrames()
    {
        var features = new AudioFeatures(_stated);
        return Math.Max(_files.Paths.Max(p => features.FramesOf(WavFile.Read(p).Samples.Length)), 1);
    }

    private static AudioFeatureOptions Stated(string where, DataSource source)
    {
        var model = source.Model;
        var own = model?.Proto is { } proto ? AudioMetadata.Of(model.Path, proto) : null;
        return source.Audio is not { } asked
                ? own
                    ?? throw new CompressionException(
                        $"{where}: nothing says what features of sound {model?.Path ?? "the network"} takes; --audio does, as in --audio \"log-mel rate=8000 frames=60\""
                    )
            : own is null ? (model is null ? Heard(asked) : asked)
            : (asked.Frames == 0 ? asked with { Frames = own.Frames } : asked) == own ? own
            : throw new CompressionException($"{model!.Path} takes '{own}', which is not what --audio asks for: '{asked}'");
    }

    /// <summary>Refuses features for a new network of which some never change.</summary>
    private static AudioFeatureOptions Heard(AudioFeatureOptions options) =>
        new AudioFeatures(options).EmptyBands is > 0 and var empty
            ? throw new CompressionException(
                $"--audio: {empty} of the {options.Bands} bands lie between two bins of the spectrum and would be silent whatever is heard; fewer bands or a longer fft avoid that"
            )
            : options;
}

/// <summary>Folders of sounds.</summary>
internal static class AudioFolder
{
    public static DataForm Form { get; } =
        new(
            "a folder of WAV files (in a folder a class, also below train and test)",
            source => ClassFiles.Any(source.Path, IsNamedSo),
            source => ClassFiles.Open(source, "WAV", IsNamedSo, (where, files) => new AudioFolderItems(where, files, source)),
            NamesClasses: true
        );

    private static bool IsNamedSo(string file) => Path.GetExtension(file).Equals(".wav", StringComparison.OrdinalIgnoreCase);
}
