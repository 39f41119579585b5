using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>Inputs that were recorded for the very model, in the layout of ONNX's backend tests.</summary>
internal sealed class RecordedItems(OnnxFile model, IReadOnlyList<string> folders) : DataItems
{
    public static DataForm Form { get; } =
        new(
            "a folder with test_data_set_*",
            source => Directory.Exists(source.Path) && TestDataSet.Find(source.Path).Count > 0,
            source =>
            {
                var items = new RecordedItems(
                    source.Model ?? throw new CompressionException($"{source.Path}: recorded inputs are for a model, and here is none yet"),
                    TestDataSet.Find(source.Path)
                );
                return new(() => items, () => null);
            }
        );

    public override int Count => folders.Count;

    public override TensorShape Shape => TestDataSet.Load(model, folders[0]).Inputs[0].Type.Shape;

    public override ItemInputs For(IReadOnlyList<ModelPort> inputs) => (item, _) => TestDataSet.Load(model, folders[item]).Inputs;
}
