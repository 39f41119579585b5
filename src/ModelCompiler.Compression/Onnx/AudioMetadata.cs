using ModelCompiler.Audio;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>The line of text by which an ONNX file says what features of sound its network takes: an entry of <c>metadata_props</c>.</summary>
public static class AudioMetadata
{
    /// <summary>Key of the entry. Its value is the text of <see cref="AudioFeatureOptions"/>.</summary>
    public const string Key = "modelcompiler.audio";

    /// <summary>What a model says; null where it says nothing.</summary>
    /// <param name="path">The model's file, for messages.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="CompressionException">The text cannot be read.</exception>
    public static AudioFeatureOptions? Of(string path, ModelProto model)
    {
        if (model.MetadataProps.LastOrDefault(p => p.Key == Key) is not { } entry)
        {
            return null;
        }

        try
        {
            return AudioFeatureOptions.Parse(entry.Value);
        }
        catch (FormatException e)
        {
            throw new CompressionException($"{path}: metadata '{Key}': {e.Message}", e);
        }
    }

    /// <summary>Makes a model say it, in place of what it said.</summary>
    public static void Write(ModelProto model, AudioFeatureOptions options)
    {
        foreach (var entry in model.MetadataProps.Where(p => p.Key == Key).ToList())
        {
            model.MetadataProps.Remove(entry);
        }

        model.MetadataProps.Add(new StringStringEntryProto { Key = Key, Value = options.ToString() });
    }
}
