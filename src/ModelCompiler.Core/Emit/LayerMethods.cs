using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;

namespace ModelCompiler.Emit;

/// <summary>
/// The methods of the layers of all programs of a class. Layers that differ in nothing but their weights, as the repeated blocks of a network do, share
/// one: its weights are parameters. That keeps the text small, and with it the time of the C# compiler.
/// </summary>
internal sealed class LayerMethods
{
    private readonly List<LayerMethod> _methods = [];
    private readonly Dictionary<string, LayerMethod> _known = new(StringComparer.Ordinal);
    private readonly ISet<SharedCode> _shared;
    private readonly Dictionary<string, (LayerMethod Method, LayerWeights Weights)> _calls = new(StringComparer.Ordinal);

    public LayerMethods(IEnumerable<KernelProgram> programs, ISet<SharedCode> shared)
    {
        _shared = shared;
        foreach (var step in programs.SelectMany(p => p.Steps.Concat(p.Edges.Select(e => e.Reordering).OfType<Step>())))
        {
            _calls.Add(step.Method, Add(step));
        }
    }

    /// <summary>The statement that calls the method of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="operands">Arguments for its operands.</param>
    /// <param name="range">Arguments for the first row and the row behind the last, where the step is ranged.</param>
    public string Call(Step step, IEnumerable<string> operands, params string[] range) => Call(_calls[step.Method], operands, range);

    private static string Call((LayerMethod Method, LayerWeights Weights) call, IEnumerable<string> arguments, params string[] range) =>
        $"Layers.{call.Method.Name}({string.Join(", ", arguments.Concat(call.Weights.Used.Select(w => $"ref Weights.{w.Name}")).Concat(range))});";

    private (LayerMethod Method, LayerWeights Weights) Add(Step step)
    {
        var weights = new LayerWeights();
        var method = LayerMethod.Of(step, weights, _shared, (inner, operands, range) => Call(Add(inner), operands, range));
        if (_known.TryGetValue(method.Key, out var same))
        {
            same.Layers.Add(step.Name);
            return (same, weights);
        }

        _known.Add(method.Key, method);
        _methods.Add(method);
        return (method, weights);
    }

    public void Emit(SourceWriter code)
    {
        using var layers = code.Open("private static class Layers");
        foreach (var method in _methods)
        {
            method.Emit(code);
        }
    }
}

/// <summary>The weights that a layer's method reads, in the order of its parameters.</summary>
internal sealed class LayerWeights
{
    private readonly List<(PackedWeights Weights, string Parameter)> _used = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);

    public IEnumerable<PackedWeights> Used => _used.Select(u => u.Weights);

    public IEnumerable<string> Parameters => _used.Select(u => u.Parameter);

    public IEnumerable<string> Declarations => _used.Select(u => $"ref {u.Weights.Element.CSharpName()} {u.Parameter}");

    /// <summary>The parameter for some weights, which is added where it is not there yet.</summary>
    public string ParameterOf(PackedWeights weights)
    {
        if (_used.FirstOrDefault(u => u.Weights == weights).Parameter is { } known)
        {
            return known;
        }

        var parameter = Identifiers.Unique("packed" + Identifiers.PascalCase(weights.Purpose), _names);
        _used.Add((weights, parameter));
        return parameter;
    }
}

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

    /// <summary>Names of the layers that call it.</summary>
    public List<string> Layers { get; }

    /// <summary>Equal for methods that could stand for each other.</summary>
    public string Key => string.Join("\n", [_step.Kernel.Describe(), _parameters, .. Variants.Select(v => v.ToString()), .. _bodies]);

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

    public void Emit(SourceWriter code)
    {
        var macs = _step.Macs > 0 ? $", {Millions(_step.Macs)} MAC" : "";
        code.Line($"// {string.Join(", ", Layers.Select(SingleLine))}: {_step.Kernel.Describe()}{macs}.");
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
