using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Import;

public sealed class ExternalDataTests
{
    [Fact]
    public void External_data_is_read_at_its_offset()
    {
        var file = new byte[16];
        BitConverter.TryWriteBytes(file.AsSpan(8), 1.5f);
        BitConverter.TryWriteBytes(file.AsSpan(12), 2.5f);

        var result = Import(Model("weights.bin", ("offset", "8"), ("length", "8")), location => location == "weights.bin" ? file : null);

        Assert.Equal([1.5f, 2.5f], result.Graph!.Outputs[0].Value.Constant!.ToFloats());
    }

    [Theory]
    [InlineData("../secret.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("C:\\secret.bin")]
    [InlineData("..\\secret.bin")]
    public void Path_that_leaves_the_folder_is_refused_without_reading(string location)
    {
        var result = Import(Model(location), _ => throw new InvalidOperationException("must not be read"));

        Assert.Contains(
            result.Problems,
            p => p.Kind == ProblemKinds.ExternalData && p.Message.Contains("outside", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("offset", "12")]
    [InlineData("offset", "-4")]
    [InlineData("offset", "9223372036854775807")]
    [InlineData("length", "7")]
    [InlineData("offset", "eight")]
    public void Range_that_does_not_fit_is_reported(string key, string value)
    {
        var result = Import(Model("weights.bin", (key, value)), _ => new byte[16]);

        Assert.Contains(result.Problems, p => p.Kind == ProblemKinds.ExternalData);
    }

    [Fact]
    public void Missing_file_is_named()
    {
        var result = Import(Model("lost.bin"), _ => null);

        Assert.Contains(
            result.Problems,
            p => p.Kind == ProblemKinds.ExternalData && p.Message.Contains("lost.bin", StringComparison.Ordinal)
        );
    }

    private static ImportResult Import(OnnxModelBuilder model, Func<string, byte[]?> read) =>
        OnnxImporter.Import(new ModelSource("model.onnx", model.ToBytes(), read), new CompileOptions());

    private static OnnxModelBuilder Model(string location, params (string Key, string Value)[] entries)
    {
        var model = new OnnxModelBuilder();
        var tensor = new TensorProto
        {
            Name = "w",
            DataType = (int)ElementType.Float32,
            DataLocation = TensorProto.Types.DataLocation.External,
        };
        tensor.Dims.Add(2);
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        tensor.ExternalData.AddRange(entries.Select(e => new StringStringEntryProto { Key = e.Key, Value = e.Value }));
        model.Proto.Graph.Initializer.Add(tensor);
        return model.Output("w", ElementType.Float32);
    }
}
