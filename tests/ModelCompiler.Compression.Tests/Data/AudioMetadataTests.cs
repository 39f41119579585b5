using ModelCompiler.Audio;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class AudioMetadataTests
{
    [Fact]
    public void A_model_says_what_was_written_last()
    {
        var model = new ModelProto();
        Assert.Null(AudioMetadata.Of("model.onnx", model));
        AudioMetadata.Write(model, AudioFeatureOptions.For(8000));
        AudioMetadata.Write(model, AudioFeatureOptions.For(16000));
        Assert.Equal(AudioFeatureOptions.For(16000), AudioMetadata.Of("model.onnx", model));
        Assert.Single(model.MetadataProps);
    }

    [Fact]
    public void A_text_that_cannot_be_read_names_the_file_and_the_entry()
    {
        var model = new ModelProto
        {
            MetadataProps =
            {
                new StringStringEntryProto { Key = AudioMetadata.Key, Value = "log-mel rate=loud" },
            },
        };
        var message = Assert.Throws<CompressionException>(() => AudioMetadata.Of("model.onnx", model)).Message;
        Assert.Contains("model.onnx: metadata 'modelcompiler.audio': ", message, StringComparison.Ordinal);
        Assert.Contains("rate=loud is no whole number", message, StringComparison.Ordinal);
    }
}
