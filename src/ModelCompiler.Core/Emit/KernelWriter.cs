using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;

namespace ModelCompiler.Emit;

/// <summary>C# that several kernels call: emitted once, only when used.</summary>
/// <param name="Name">Sort key and name of what is declared.</param>
/// <param name="Code">Members of the static class <c>Shared</c>.</param>
internal sealed record SharedCode(string Name, string Code);

/// <summary>Makes the statement that calls the method of a step.</summary>
internal delegate string CallLayer(Step step, IEnumerable<string> operands, params string[] range);

/// <summary>What an emitter writes the body of one method with. Operands are <c>ref</c> parameters named by this class.</summary>
internal sealed class KernelWriter(
    SourceWriter code,
    Step step,
    InstructionSet instructionSet,
    LayerWeights weights,
    ISet<SharedCode> shared,
    CallLayer call
)
{
    public SourceWriter Code { get; } = code;

    public Step Step { get; } = step;

    /// <summary>The variant that is being written.</summary>
    public InstructionSet InstructionSet { get; } = instructionSet;

    /// <summary>The first row to compute: a parameter, or 0 where the step computes all.</summary>
    public string First => Step.IsRanged ? "first" : "0";

    /// <summary>The row behind the last to compute: a parameter, or the number of rows.</summary>
    public string End => Step.IsRanged ? "end" : Rows.ToString(CultureInfo.InvariantCulture);

    /// <summary>How many rows to compute, as an expression that may be multiplied.</summary>
    public string RowCount => Step.IsRanged ? "(end - first)" : End;

    /// <summary>A row counted from the first one that is computed, as an expression that may be multiplied.</summary>
    public string FromFirst(string row) => Step.IsRanged ? $"({row} - first)" : row;

    private int Rows =>
        Step.Kernel.Split?.Rows ?? throw new InvalidOperationException($"the work of {Step.Kernel} does not divide into rows");

    /// <summary>Name of the parameter for the scratch memory, a <c>ref byte</c>.</summary>
    public const string Scratch = "scratch";

    /// <summary>Name of the parameter for an input, a <c>ref</c> to its element type.</summary>
    public string Input(int index = 0) => Step.Inputs.Count == 1 ? "input" : $"input{index}";

    /// <summary>Name of the parameter for an output.</summary>
    public string Output(int index = 0) => Step.Outputs.Count == 1 ? "output" : $"output{index}";

    /// <summary>The expression for an input's first byte, to go behind <c>ref</c>.</summary>
    public string InputBytes(int index = 0) => AsBytes(Step.Inputs[index], Input(index));

    /// <summary>The expression for an output's first byte, to go behind <c>ref</c>.</summary>
    public string OutputBytes(int index = 0) => AsBytes(Step.Outputs[index], Output(index));

    /// <summary>The expression for packed weights: a ref to their first element, which the method gets as a parameter.</summary>
    public string Weights(PackedWeights packed) => "ref " + weights.ParameterOf(packed);

    /// <summary>The statement that calls the method of another, ranged step.</summary>
    /// <param name="step">The step, whose method is emitted once for all that are equal.</param>
    /// <param name="operands">Arguments for its operands.</param>
    /// <param name="first">The first row to compute.</param>
    /// <param name="end">The row behind the last.</param>
    public string Call(Step step, IEnumerable<string> operands, string first, string end) => call(step, operands, first, end);

    /// <summary>The statement that calls the method of another step, which computes all of its rows.</summary>
    public string Call(Step step, IEnumerable<string> operands) => call(step, operands);

    /// <summary>Has code emitted that is shared between kernels, once, into <c>Shared</c>.</summary>
    public void Use(SharedCode code) => shared.Add(code);

    /// <summary>The C# type of an operand's elements.</summary>
    public static string TypeName(Operand operand) =>
        operand.Type.Element.CSharpName() ?? throw new InvalidOperationException($"{operand.Type} has no C# type");

    private static string AsBytes(Operand operand, string name) =>
        operand.Type.Element.CSharpName() == "byte" ? name : $"Unsafe.As<{TypeName(operand)}, byte>(ref {name})";
}
