using System.CommandLine;
using ModelCompiler.Compression.Data;

namespace ModelCompiler.Cli.Commands;

/// <summary>Options of the commands that feed images to a model.</summary>
internal static class ImageOptions
{
    public static Option<PixelRange> Pixels() =>
        new("--pixels")
        {
            Description = "What the model takes bytes of images for: unit (0 to 1), signed (-1 to 1) or byte (0 to 255).",
            DefaultValueFactory = _ => PixelRange.Unit,
        };
}
