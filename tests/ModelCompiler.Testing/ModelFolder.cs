using Google.Protobuf;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Testing;

/// <summary>A temporary folder of models with recorded data, in the layout of ONNX's backend tests.</summary>
public sealed class ModelFolder : IDisposable
{
    /// <summary>The folder.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("modelc-test-").FullName;

    /// <summary>Writes a model into a folder of its own.</summary>
    /// <returns>The path of the file.</returns>
    public string Add(string name, OnnxModelBuilder model) => Add(name, model.ToBytes());

    /// <summary>Writes the bytes of a model into a folder of its own.</summary>
    /// <returns>The path of the file.</returns>
    public string Add(string name, byte[] model)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
        var path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, model);
        return path;
    }

    /// <summary>Records inputs and outputs beside a model.</summary>
    public void Record(string name, Tensor[] inputs, Tensor[] outputs, int set = 0)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, name, $"test_data_set_{set}")).FullName;
        Write(folder, "input", inputs);
        Write(folder, "output", outputs);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static void Write(string folder, string kind, Tensor[] tensors)
    {
        for (var i = 0; i < tensors.Length; i++)
        {
            var proto = new TensorProto { DataType = (int)tensors[i].Element, RawData = ByteString.CopyFrom(tensors[i].Bytes) };
            proto.Dims.AddRange(tensors[i].Shape.Select(d => (long)d));
            File.WriteAllBytes(Path.Combine(folder, $"{kind}_{i}.pb"), proto.ToByteArray());
        }
    }
}
