using System.Security.Cryptography;
using System.Text;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Training;

/// <summary>The state of a training between two epochs.</summary>
/// <param name="Key">Says of which training it is.</param>
/// <param name="Epochs">What was done.</param>
/// <param name="Current">The parameters.</param>
/// <param name="Best">The parameters of the best epoch.</param>
/// <param name="Optimiser">What the optimiser remembers.</param>
internal sealed record Checkpoint(string Key, IReadOnlyList<EpochResult> Epochs, float[][] Current, float[][] Best, byte[] Optimiser)
{
    private const string Magic = "modelc checkpoint 1";

    /// <summary>What two trainings must have in common for one to go on where the other stopped; the number of epochs and the patience may change.</summary>
    public static string KeyOf(TrainableModel model, TrainingItems items, TrainingOptions options, TrainingObjective? objective) =>
        string.Join(
            '\n',
            [
                $"{options with { Epochs = 0, Patience = 0, Threads = 0 }}",
                $"{items.Count} items",
                .. model.Parameters.Select(p => $"{p.Name} {p.Shape} {p.IsFrozen}"),
                .. objective is null ? (string[])[] : [objective.Key],
            ]
        );

    /// <summary>The checkpoint as the content of a file, with a hash over it.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(Key);
            writer.Write(Epochs.Count);
            foreach (var epoch in Epochs)
            {
                writer.Write(epoch.TrainingLoss);
                writer.Write(epoch.ValidationLoss);
                writer.Write(epoch.ValidationAccuracy ?? double.NaN);
                writer.Write(epoch.Seconds);
            }

            foreach (var parameter in Current.Concat(Best))
            {
                writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(parameter));
            }

            writer.Write(Optimiser.Length);
            writer.Write(Optimiser);
        }

        return Seal(stream.ToArray());
    }

    /// <summary>Puts a hash behind the content of a file.</summary>
    public static byte[] Seal(byte[] content) => [.. content, .. SHA256.HashData(content)];

    /// <summary>The content of a file that <see cref="Seal"/> has made.</summary>
    /// <exception cref="TrainingException">It is damaged.</exception>
    public static byte[] Open(byte[] bytes)
    {
        var length = bytes.Length - SHA256.HashSizeInBytes;
        return length >= Magic.Length && SHA256.HashData(bytes.AsSpan(0, length)).AsSpan().SequenceEqual(bytes.AsSpan(length))
            ? bytes[..length]
            : throw new TrainingException("the checkpoint is damaged, or no checkpoint");
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <exception cref="TrainingException">It is damaged, or of another training.</exception>
    public static Checkpoint Read(byte[] bytes, string key, IReadOnlyList<TrainableParameter> parameters)
    {
        using var reader = new BinaryReader(new MemoryStream(Open(bytes)), Encoding.UTF8);
        if (reader.ReadString() != Magic || reader.ReadString() != key)
        {
            throw new TrainingException(
                "the checkpoint is of another training: model, data and options must be the same, but for the epochs"
            );
        }

        var epochs = Enumerable.Range(1, reader.ReadInt32()).Select(number => ReadEpoch(reader, number)).ToList();
        float[][] current = [.. parameters.Select(p => Floats(reader, p.Shape.Elements))];
        float[][] best = [.. parameters.Select(p => Floats(reader, p.Shape.Elements))];
        return new(key, epochs, current, best, reader.ReadBytes(reader.ReadInt32()));
    }

    private static EpochResult ReadEpoch(BinaryReader reader, int number)
    {
        var (training, validation, accuracy) = (reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
        return new(number, training, validation, double.IsNaN(accuracy) ? null : accuracy, reader.ReadDouble());
    }

    private static float[] Floats(BinaryReader reader, int count) =>
        [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(reader.ReadBytes(count * sizeof(float)))];
}
