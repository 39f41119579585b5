using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;

namespace ModelCompiler.Emit;

/// <summary>What a layer does with one instruction set.</summary>
/// <param name="Name">Name of the method that does it.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Body">Its statements.</param>
internal sealed record LayerVariant(string Name, string Parameters, string Body);

/// <summary>The method of a layer: that of its only variant, or one that calls the variant for the instruction set there is.</summary>
internal sealed class LayerMethod
{
    private readonly Step _step;
    private readonly string _parameters;

    private LayerMethod(Step step, string parameters, IReadOnlyList<(LayerVariant Variant, string Arguments)> variants)
    {
        _step = step;
        _parameters = parameters;
        Variants = variants;
        Layers = [step.Name];
    }

    public string Name => _step.Method;

    /// <summary>Its variants, one an instruction set, with what each is called with.</summary>
    public IReadOnlyList<(LayerVariant Variant, string Arguments)> Variants { get; }

    /// <summary>Equal for methods that could be one if their bodies were the same.</summary>
    public string Signature => string.Join("\n", [_parameters, .. InstructionSets.Select(v => v.ToString())]);

    /// <summary>Names of the layers that call it.</summary>
    public List<string> Layers { get; }

    /// <summary>Equal for methods that could stand for each other.</summary>
    public string Key => string.Join("\n", [_step.Kernel.Describe(), Signature, .. Variants.Select(v => v.Variant.Body)]);

    /// <summary>Parameters for the numbers that depend on sizes known at run time only.</summary>
    private IReadOnlyList<string> Numbers { get; init; } = [];

    private EquatableArray<InstructionSet> InstructionSets => _step.Kernel.Variants;

    public static LayerMethod Of(Step step, LayerWeights weights, ISet<SharedCode> shared, CallLayer call)
    {
        var bodies = step.Kernel.Variants.Select(variant => Body(step, variant, weights, shared, call)).ToArray();
        var names = new KernelWriter(new SourceWriter(), step, InstructionSet.Portable, weights, shared, call);
        var operands = step
            .Inputs.Select((operand, i) => (operand, Name: names.Input(i)))
            .Concat(step.Outputs.Select((operand, i) => (operand, Name: names.Output(i))))
            .Concat(step.Scratch is { } scratch ? [(scratch, KernelWriter.Scratch)] : [])
            .ToArray();
        var parameters = string.Join(
            ", ",
            operands
                .Select(o => $"ref {KernelWriter.TypeName(o.operand)} {o.Name}")
                .Concat(weights.Declarations)
                .Concat(step.IsRanged ? ["nint first", "nint end"] : [])
        );
        var arguments = string.Join(
            ", ",
            operands.Select(o => o.Name).Concat(weights.Parameters).Select(n => "ref " + n).Concat(step.IsRanged ? ["first", "end"] : [])
        );
        return new LayerMethod(
            step,
            parameters,
            [.. bodies.Select((body, i) => (new LayerVariant(NameOf(i), parameters, body), arguments))]
        );

        string NameOf(int variant) => bodies.Length == 1 ? step.Method : $"{step.Method}_{step.Kernel.Variants[variant]}";
    }

    /// <summary>The method with further parameters, and variants that are called with more than its own.</summary>
    /// <param name="numbers">Names of further parameters, of type <c>int</c>.</param>
    /// <param name="variants">A variant for each of its own, and arguments behind those that it passes on anyway.</param>
    public LayerMethod With(IReadOnlyList<string> numbers, IReadOnlyList<(LayerVariant Variant, IEnumerable<string> Arguments)> variants) =>
        new(
            _step,
            Joined(_parameters, numbers.Select(n => "int " + n)),
            [.. variants.Select((v, i) => (v.Variant, Joined(Variants[i].Arguments, v.Arguments)))]
        )
        {
            Numbers = numbers,
        };

    /// <summary>Parameters or arguments, and others behind them.</summary>
    public static string Joined(string first, IEnumerable<string> others) =>
        string.Join(", ", new[] { first }.Where(f => f.Length > 0).Concat(others));

    /// <summary>Writes the method, and the variants that nobody has written.</summary>
    public void Emit(SourceWriter code, ISet<string> written)
    {
        var macs = _step.Macs > 0 ? $", {Millions(_step.Macs)} MAC" : "";
        code.Line($"// {string.Join(", ", Layers.Select(SingleLine))}: {_step.Kernel.Describe()}{macs}.");
        if (Numbers.Count > 0)
        {
            code.Line($"// Of the largest size; on the size depend {string.Join(", ", Numbers)}.");
        }

        if (Variants.Count == 1)
        {
            EmitVariant(code, Variants[0].Variant);
            return;
        }

        using (code.Open($"internal static void {Name}({_parameters})"))
        {
            for (var i = 0; i < Variants.Count; i++)
            {
                var test = i == Variants.Count - 1 ? "else" : (i > 0 ? "else " : "") + $"if ({SupportTest(InstructionSets[i])})";
                code.Line($"{test} {Variants[i].Variant.Name}({Variants[i].Arguments});");
            }
        }

        code.Line();
        foreach (var (variant, _) in Variants.Where(v => written.Add(v.Variant.Name)))
        {
            EmitVariant(code, variant);
        }
    }

    private static string Body(Step step, InstructionSet variant, LayerWeights weights, ISet<SharedCode> shared, CallLayer call)
    {
        var code = new SourceWriter();
        EmitterTable.Emit(step.Kernel, new KernelWriter(code, step, variant, weights, shared, call));
        return code.ToString().TrimEnd('\n');
    }

    private static void EmitVariant(SourceWriter code, LayerVariant variant)
    {
        code.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
        using (code.Open($"internal static void {variant.Name}({variant.Parameters})"))
        {
            code.Lines(variant.Body);
        }

        code.Line();
    }

    /// <summary>The run-time test for an instruction set; the JIT and NativeAOT fold it to a constant where they can.</summary>
    private static string SupportTest(InstructionSet set) =>
        set switch
        {
            InstructionSet.Avx512 => "Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported",
            InstructionSet.AvxVnni => "AvxVnni.IsSupported && Gfni.V256.IsSupported",
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
