using System.Text;
using System.Text.Json;

namespace ModelCompiler.Training.Pruning;

/// <summary>The state of pruning in steps.</summary>
/// <param name="Steps">The steps that are done.</param>
/// <param name="Epochs">Their epochs.</param>
/// <param name="Model">What the next step begins with: a model that is pruned for it where there is a training, else what the last one gave.</param>
/// <param name="Training">The state of the next step's training; empty where it has not begun.</param>
internal sealed record PruningCheckpoint(IReadOnlyList<PruningStep> Steps, IReadOnlyList<EpochResult> Epochs, byte[] Model, byte[] Training)
{
    private const string Magic = "modelc pruning checkpoint 1";

    /// <summary>The checkpoint as the content of a file, with a hash over it.</summary>
    /// <param name="key">What two runs must have in common for one to go on where the other stopped.</param>
    public byte[] ToBytes(string key)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(key);
            writer.Write(JsonSerializer.Serialize(Steps));
            writer.Write(JsonSerializer.Serialize(Epochs));
            foreach (var part in new[] { Model, Training })
            {
                writer.Write(part.Length);
                writer.Write(part);
            }
        }

        return Checkpoint.Seal(stream.ToArray());
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <exception cref="TrainingException">It is damaged, or of another run.</exception>
    public static PruningCheckpoint Read(byte[] bytes, string key)
    {
        using var reader = new BinaryReader(new MemoryStream(Checkpoint.Open(bytes)), Encoding.UTF8);
        if (reader.ReadString() != Magic || reader.ReadString() != key)
        {
            throw new TrainingException("the checkpoint is of another run: model, data and options must be the same");
        }

        var steps = JsonSerializer.Deserialize<List<PruningStep>>(reader.ReadString())!;
        var epochs = JsonSerializer.Deserialize<List<EpochResult>>(reader.ReadString())!;
        var model = reader.ReadBytes(reader.ReadInt32());
        return new(steps, epochs, model, reader.ReadBytes(reader.ReadInt32()));
    }
}
