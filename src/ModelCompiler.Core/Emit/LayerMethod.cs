using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;

namespace ModelCompiler.Emit;

/// <summary>One method with the variants it dispatches to.</summary>
internal sealed class LayerMethod
{
    private readonly Step _step;
    private readonly string _parameters;
    private readonly string _arguments;
    private readonly string[] _bodies;

    private LayerMethod(Step step, string parameters, string arguments, string[] bodies)
    {
        _step = step;
        _parameters = parameters;
        _arguments = arguments;
        _bodies = bodies;
        Layers = [step.Name];
    }

    public string Name => _step.Method;

    /// <summary>What its variants do.</summary>
    public IReadOnlyList<string> Bodies => _bodies;

    /// <summary>Equal for methods that could be one if their bodies were the same.</summary>
    public string Signature => string.Join("\n", [_parameters, .. Variants.Select(v => v.ToString())]);

    /// <summary>Names of the layers that call it.</summary>
    public List<string> Layers { get; }

    /// <summary>Equal for methods that could stand for each other.</summary>
    public string Key => string.Join("\n", [_step.Kernel.Describe(), Signature, .. _bodies]);

    /// <summary>Parameters for the numbers that depend on sizes known at run time only.</summary>
    private IReadOnlyList<string> Numbers { get; init; } = [];

    private EquatableArray<InstructionSet> Variants => _step.Kernel.Variants;

    public static LayerMethod Of(Step step, LayerWeights weights, ISet<SharedCode> shared, CallLayer call)
    {
        var bodies = step.Kernel.Variants.Select(variant => Body(step, variant, weights, shared, call)).ToArray();
        var names = new KernelWriter(new SourceWriter(), step, InstructionSet.Portable, weights, shared, call);
        var operands = step
            .Inputs.Select((operand, i) => (operand, Name: names.Input(i)))
            .Concat(step.Outputs.Select((operand, i) => (operand, Name: names.Output(i))))
            .Concat(step.Scratch is { } scratch ? [(scratch, KernelWriter.Scratch)] : [])
            .ToArray();
        return new LayerMethod(
            step,
            string.Join(
                ", ",
                operands
                    .Select(o => $"ref {KernelWriter.TypeName(o.operand)} {o.Name}")
                    .Concat(weights.Declarations)
                    .Concat(step.IsRanged ? ["nint first", "nint end"] : [])
            ),
            string.Join(
                ", ",
                operands
                    .Select(o => o.Name)
                    .Concat(weights.Parameters)
                    .Select(n => "ref " + n)
                    .Concat(step.IsRanged ? ["first", "end"] : [])
            ),
            bodies
        );
    }

    /// <summary>The method with bodies that read numbers from further parameters.</summary>
    public LayerMethod With(IReadOnlyList<string> numbers, IEnumerable<string> bodies) =>
        new(_step, Joined(_parameters, numbers.Select(n => "int " + n)), Joined(_arguments, numbers), [.. bodies]) { Numbers = numbers };

    private static string Joined(string first, IEnumerable<string> others) =>
        string.Join(", ", new[] { first }.Where(f => f.Length > 0).Concat(others));

    public void Emit(SourceWriter code)
    {
        var macs = _step.Macs > 0 ? $", {Millions(_step.Macs)} MAC" : "";
        code.Line($"// {string.Join(", ", Layers.Select(SingleLine))}: {_step.Kernel.Describe()}{macs}.");
        if (Numbers.Count > 0)
        {
            code.Line($"// Of the largest size; on the size depend {string.Join(", ", Numbers)}.");
        }

        if (Variants.Count == 1)
        {
            EmitVariant(code, Name, _bodies[0]);
            return;
        }

        using (code.Open($"internal static void {Name}({_parameters})"))
        {
            for (var i = 0; i < Variants.Count; i++)
            {
                var test = i == Variants.Count - 1 ? "else" : (i > 0 ? "else " : "") + $"if ({SupportTest(Variants[i])})";
                code.Line($"{test} {Name}_{Variants[i]}({_arguments});");
            }
        }

        code.Line();
        for (var i = 0; i < Variants.Count; i++)
        {
            EmitVariant(code, $"{Name}_{Variants[i]}", _bodies[i]);
        }
    }

    private static string Body(Step step, InstructionSet variant, LayerWeights weights, ISet<SharedCode> shared, CallLayer call)
    {
        var code = new SourceWriter();
        EmitterTable.Emit(step.Kernel, new KernelWriter(code, step, variant, weights, shared, call));
        return code.ToString().TrimEnd('\n');
    }

    private void EmitVariant(SourceWriter code, string method, string body)
    {
        code.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
        using (code.Open($"internal static void {method}({_parameters})"))
        {
            code.Lines(body);
        }

        code.Line();
    }

    /// <summary>The run-time test for an instruction set; the JIT and NativeAOT fold it to a constant where they can.</summary>
    private static string SupportTest(InstructionSet set) =>
        set switch
        {
            InstructionSet.Avx512 => "Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported",
            InstructionSet.AvxVnni => "AvxVnni.IsSupported",
            InstructionSet.Avx2 => "Avx2.IsSupported && Fma.IsSupported",
            InstructionSet.Sse41 => "Sse41.IsSupported",
            InstructionSet.ArmDotProduct => "Dp.IsSupported",
            InstructionSet.AdvSimd => "AdvSimd.Arm64.IsSupported",
            _ => "true",
        };

    private static string SingleLine(string name) =>
        string.Concat(name.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c));

    private static string Millions(long macs) =>
        macs < 100_000 ? macs.ToString(CultureInfo.InvariantCulture) : (macs / 1e6).ToString("F2", CultureInfo.InvariantCulture) + " M";
}
