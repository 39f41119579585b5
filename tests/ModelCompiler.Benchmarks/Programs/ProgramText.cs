using System.Globalization;
using ModelCompiler.Graphs;

namespace ModelCompiler.Benchmarks.Programs;

/// <summary>
/// The programs that are published: each calculates one result of constant inputs, writes the first elements of it as a line,
/// and then answers each number on its standard input with the milliseconds of a call, over so many calls.
/// </summary>
internal static class ProgramText
{
    /// <summary>How many elements of the first output the first line has.</summary>
    private const int Elements = 16;

    /// <summary>What constant inputs consist of, as C#.</summary>
    private static string Literal(ElementType type) =>
        type switch
        {
            ElementType.Float32 => "0.5f",
            ElementType.Float64 => "0.5",
            ElementType.Bool => "true",
            _ => "1",
        };

    /// <summary>With our code, in a class <c>Network</c>.</summary>
    public static string Ours(IReadOnlyList<ModelPort> inputs, IReadOnlyList<ModelPort> outputs)
    {
        var arrays = inputs.Select((p, i) => Array("input", i, p)).Concat(outputs.Select((p, i) => Array("output", i, p)));
        var arguments = inputs.Select((_, i) => $"input{i}").Concat(outputs.Select((_, i) => $"output{i}"));
        return $$"""
            using System.Diagnostics;
            using System.Globalization;
            using System.Runtime.InteropServices;

            using var network = new TestApp.Network();
            {{string.Join("\n", arrays.Concat(inputs.Select(Fill)))}}
            void Call() => network.Predict({{string.Join(", ", arguments)}});
            Call();
            Console.WriteLine(Convert.ToHexString(MemoryMarshal.AsBytes(output0.AsSpan(0, {{First(outputs[0])}}))));
            {{Loop}}
            """;
    }

    /// <summary>With ONNX Runtime, which reads <c>model.onnx</c> beside the program.</summary>
    public static string OnnxRuntime(IReadOnlyList<ModelPort> inputs, IReadOnlyList<ModelPort> outputs)
    {
        var arrays = inputs.Select((p, i) => Array("input", i, p)).Concat(inputs.Select(Fill)).Concat(inputs.Select(Value));
        var shown = First(outputs[0]) * (outputs[0].Type.Bytes / outputs[0].Type.Shape.Elements);
        return $$"""
            using System.Diagnostics;
            using System.Globalization;
            using Microsoft.ML.OnnxRuntime;

            using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
            using var session = new InferenceSession(Path.Combine(AppContext.BaseDirectory, "model.onnx"), options);
            using var run = new RunOptions();
            {{string.Join("\n", arrays)}}
            string[] names = [{{string.Join(", ", inputs.Select(p => $"\"{p.Name}\""))}}];
            OrtValue[] values = [{{string.Join(", ", inputs.Select((_, i) => $"value{i}"))}}];
            IDisposableReadOnlyCollection<OrtValue> Run() => session.Run(run, names, values, session.OutputNames);
            void Call() => Run().Dispose();
            using (var results = Run())
            {
                Console.WriteLine(Convert.ToHexString(results[0].GetTensorMutableRawData()[..{{shown}}]));
            }
            {{Loop}}
            """;
    }

    private const string Loop = """
        while (Console.ReadLine() is { } line)
        {
            var calls = int.Parse(line, CultureInfo.InvariantCulture);
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < calls; i++)
            {
                Call();
            }

            var milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds / calls;
            Console.WriteLine(milliseconds.ToString("R", CultureInfo.InvariantCulture));
        }
        """;

    private static int First(ModelPort port) => Math.Min(Elements, port.Type.Shape.Elements);

    private static string Array(string kind, int index, ModelPort port) =>
        $"var {kind}{index} = new {port.Type.Element.CSharpName()}[{port.Type.Shape.Elements.ToString(CultureInfo.InvariantCulture)}];";

    private static string Fill(ModelPort port, int index) => $"Array.Fill(input{index}, {Literal(port.Type.Element)});";

    private static string Value(ModelPort port, int index) =>
        $"using var value{index} = OrtValue.CreateTensorValueFromMemory(input{index}, [{string.Join(", ", port.Type.Shape.Select(d => $"{d}L"))}]);";
}
