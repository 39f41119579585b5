using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>Finds the files beside a model that hold data of its tensors.</summary>
public static class ExternalData
{
    private static readonly byte[] Key = "location"u8.ToArray();

    /// <summary>Their locations relative to the model, each once, in ordinal order; none that lead out of the model's folder.</summary>
    public static IReadOnlyList<string> Locations(byte[] model)
    {
        // Most models have none, and then the file need not be parsed for it.
        if (model.AsSpan().IndexOf(Key) < 0)
        {
            return [];
        }

        try
        {
            WireFormatGuard.Check(model, ModelProto.Descriptor);
            var initializers = ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(model).Graph?.Initializer;
            return
            [
                .. (initializers ?? [])
                    .SelectMany(i => i.ExternalData)
                    .Where(e => e.Key == "location" && IsInside(e.Value))
                    .Select(e => e.Value)
                    .Distinct()
                    .OrderBy(l => l, StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ProblemException)
        {
            // The import of the same bytes reports it.
            return [];
        }
    }

    /// <summary>Whether a location stays in the model's folder.</summary>
    public static bool IsInside(string location) =>
        location.Length > 0
        && !Path.IsPathRooted(location)
        && location.IndexOfAny(['\\', ':', '\0']) < 0
        && !location.Split('/').Contains("..");
}
