using ModelCompiler.Graphs;

namespace ModelCompiler.Cli.Publishing;

/// <summary>
/// The program that is published with and without a network. Both have arrays of the network's types, fill the inputs and print the outputs:
/// whoever uses floats has what formats them in the binary, network or not.
/// </summary>
internal static class ProgramText
{
    /// <summary>The statements that make and run a network of the class <c>Published.Model</c>.</summary>
    public static string Network(IReadOnlyList<ModelPort> inputs, IReadOnlyList<ModelPort> outputs) =>
        $$"""
            using (var model = new Published.Model())
            {
                model.Predict({{string.Join(", ", inputs.Select(Input).Concat(outputs.Select(Output)))}});
            }
            """;

    /// <summary>The program.</summary>
    /// <param name="inputs">What goes into the network.</param>
    /// <param name="outputs">What comes out of it; printed, an element a line.</param>
    /// <param name="network">The statements between, or nothing.</param>
    public static string Of(IReadOnlyList<ModelPort> inputs, IReadOnlyList<ModelPort> outputs, string network) =>
        $$"""
            using System;
            using System.Runtime.CompilerServices;

            {{string.Join("\n", inputs.Select((port, i) => Array(port, Input(port, i))))}}
            {{string.Join("\n", outputs.Select((port, i) => Array(port, Output(port, i))))}}
            {{string.Join("\n", inputs.Select(Filling).Where(f => f.Length > 0))}}
            {{network}}
            {{string.Join("\n", outputs.Select(Printing))}}

            // Never on the stack, so that no type is left out of one of the programs.
            [MethodImpl(MethodImplOptions.NoInlining)]
            static T[] Tensor<T>(int elements) => new T[elements];

            """;

    private static string Input(ModelPort port, int index) => $"input{index}";

    private static string Output(ModelPort port, int index) => $"output{index}";

    private static string Array(ModelPort port, string name) =>
        $"var {name} = Tensor<{port.Type.Element.CSharpName()}>({port.Type.Shape.Elements});";

    /// <summary>Floats from 0 to 1; integers stay 0, which is an index of anything.</summary>
    private static string Filling(ModelPort port, int index) =>
        port.Type.Element == ElementType.Float32
            ? $"for (var i = 0; i < {Input(port, index)}.Length; i++) {{ {Input(port, index)}[i] = i * 37 % 256 / 255f; }}"
            : "";

    private static string Printing(ModelPort port, int index) =>
        $"foreach (var element in {Output(port, index)}) {{ Console.WriteLine(element); }}";
}
