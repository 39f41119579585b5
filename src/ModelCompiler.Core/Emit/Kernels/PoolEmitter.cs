using ModelCompiler.Emit.Kernels.Elementwise;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>
/// Writes pools: the outputs whose windows lie inside of the input form a box, which is walked through with unrolled taps;
/// those around it go through a local function that clips the window.
/// </summary>
internal sealed class PoolEmitter(PoolKernel kernel, KernelWriter writer)
{
    // More taps than this are loops, to keep the code small.
    private const int MaxUnrolledTaps = 16;

    private readonly int _rank = kernel.Dimensions.Count;
    private readonly int[] _inputStrides = Strides(kernel, d => d.Input);
    private readonly int[] _outputStrides = Strides(kernel, d => d.Output);
    private bool _hasBorder;

    public static void Emit(PoolKernel kernel, KernelWriter writer) => new PoolEmitter(kernel, writer).Emit();

    private SourceWriter Code => writer.Code;

    private void Emit()
    {
        var batch = new LoopStack(Code);
        batch.Open("n", kernel.Batch);
        Code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input()}, n * {Plane(_inputStrides, d => d.Input)});");
        Code.Line($"ref var y = ref Unsafe.Add(ref {writer.Output()}, n * {Plane(_outputStrides, d => d.Output)});");
        WalkInside(0);
        batch.CloseAll();
        if (_hasBorder)
        {
            EmitBorder();
        }
    }

    private int Plane(int[] strides, Func<PoolDimension, int> size) => strides[0] * size(kernel.Dimensions[0]);

    /// <summary>Dimension <paramref name="d"/>, the outer ones being inside: border, inside, border.</summary>
    private void WalkInside(int d)
    {
        var dimension = kernel.Dimensions[d];
        WalkBorder(d, 0, dimension.InnerBegin);
        if (dimension.InnerBegin < dimension.InnerEnd)
        {
            using var loop = Code.For($"o{d}", dimension.InnerBegin, dimension.InnerEnd);
            if (d + 1 < _rank)
            {
                WalkInside(d + 1);
            }
            else
            {
                EmitInside();
            }
        }

        WalkBorder(d, dimension.InnerEnd, dimension.Output);
    }

    private void WalkBorder(int d, int from, int to)
    {
        if (from >= to)
        {
            return;
        }

        _hasBorder = true;
        using var loop = Code.For($"o{d}", from, to);
        var rest = new LoopStack(Code);
        for (var e = d + 1; e < _rank; e++)
        {
            rest.Open($"o{e}", kernel.Dimensions[e].Output);
        }

        Code.Line($"Border(ref x, ref y, {string.Join(", ", Enumerable.Range(0, _rank).Select(e => $"o{e}"))});");
        rest.CloseAll();
    }

    private void EmitInside()
    {
        var corner = Enumerable
            .Range(0, _rank)
            .Select(d => $"({Scaled($"o{d}", kernel.Dimensions[d].Stride)} - {kernel.Dimensions[d].Begin}) * {_inputStrides[d]}");
        Code.Line($"ref var window = ref Unsafe.Add(ref x, {string.Join(" + ", corner)});");
        Code.Line($"ref var result = ref Unsafe.Add(ref y, {Position("o", _outputStrides)});");
        Channels().ForEach(kernel.Taps <= MaxUnrolledTaps ? UnrolledTaps : LoopedTaps);
    }

    private void UnrolledTaps(LaneCode code, string i)
    {
        var result = "";
        foreach (var offset in TapOffsets())
        {
            var tap = code.Load("window", offset == 0 ? i : $"{i} + {offset}");
            result = code.Let(result.Length == 0 ? tap : Combine(code, result, tap));
        }

        Code.Line(code.Store(kernel.Average ? code.Div(result, code.Number(Text(kernel.Taps))) : result, "result", i));
    }

    private void LoopedTaps(LaneCode code, string i)
    {
        Code.Line($"var pooled = {Identity(code)};");
        var loops = new LoopStack(Code);
        for (var d = 0; d < _rank; d++)
        {
            loops.Open($"k{d}", kernel.Dimensions[d].Kernel);
        }

        var offset = Position("k", [.. _inputStrides.Select((stride, d) => stride * kernel.Dimensions[d].Dilation)]);
        Code.Line($"pooled = {Combine(code, "pooled", code.Load("window", $"{offset} + {i}"))};");
        loops.CloseAll();
        Code.Line(code.Store(kernel.Average ? code.Div("pooled", code.Number(Text(kernel.Taps))) : "pooled", "result", i));
    }

    private void EmitBorder()
    {
        var type = kernel.Element.CSharpName();
        var positions = string.Join(", ", Enumerable.Range(0, _rank).Select(d => $"nint o{d}"));
        Code.Line();
        Code.Line("// The window is clipped to the input.");
        using var function = Code.Open($"void Border(ref {type} x, ref {type} y, {positions})");
        for (var d = 0; d < _rank; d++)
        {
            ClipWindow(d);
        }

        if (kernel.Average)
        {
            Code.Line($"nint count = {string.Join(" * ", Enumerable.Range(0, _rank).Select(CountedTaps))};");
        }

        Code.Line($"ref var result = ref Unsafe.Add(ref y, {Position("o", _outputStrides)});");
        Channels().ForEach(ClippedTaps);
    }

    private void ClipWindow(int d)
    {
        var (dimension, from) = (kernel.Dimensions[d], $"from{d}");
        Code.Line($"nint {from} = {Scaled($"o{d}", dimension.Stride)} - {dimension.Begin};");
        Code.Line($"nint to{d} = Math.Min({from} + {Extent(dimension)}, {dimension.Input});");
        Code.Line(
            dimension.Dilation == 1
                ? $"nint begin{d} = Math.Max({from}, 0);"
                : $"nint begin{d} = {from} < 0 ? ({from} % {dimension.Dilation} + {dimension.Dilation}) % {dimension.Dilation} : {from};"
        );
    }

    /// <summary>The taps of a clipped window that a mean divides by.</summary>
    private string CountedTaps(int d)
    {
        var dimension = kernel.Dimensions[d];
        var span = kernel.CountIncludePad
            ? $"Math.Min(from{d} + {Extent(dimension)}, {dimension.Input + dimension.CountedEnd}) - from{d}"
            : $"to{d} - begin{d}";
        return dimension.Dilation == 1 ? $"({span})" : $"(({span} + {dimension.Dilation - 1}) / {dimension.Dilation})";
    }

    private void ClippedTaps(LaneCode code, string i)
    {
        Code.Line($"var pooled = {Identity(code)};");
        var open = new Stack<SourceWriter.Block>();
        for (var d = 0; d < _rank; d++)
        {
            open.Push(Code.Open($"for (nint i{d} = begin{d}; i{d} < to{d}; i{d} += {kernel.Dimensions[d].Dilation})"));
        }

        Code.Line($"pooled = {Combine(code, "pooled", code.Load("x", $"{Position("i", _inputStrides)} + {i}"))};");
        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }

        var count = code is VectorLanes vector ? $"{vector.Vector}.Create(({code.Type})count)" : $"({code.Type})count";
        Code.Line(code.Store(kernel.Average ? code.Arithmetic("pooled", "/", count) : "pooled", "result", i));
    }

    private RowLoops Channels() => new(writer, kernel.Element, kernel.VectorBits(writer.InstructionSet), kernel.Channels);

    private string Combine(LaneCode code, string a, string b) =>
        kernel.Average ? code.Arithmetic(a, "+", b)
        // NaN has no defined result in a pool, so the processor's own instruction serves.
        : code is VectorLanes && code.IsFloat ? code.Call("MaxNative", a, b)
        : code.Call("Max", a, b);

    private string Identity(LaneCode code) => kernel.Average ? code.Number("0") : code.Constant($"{code.Type}.MinValue");

    /// <summary>Where each tap lies, in elements behind the window's corner.</summary>
    private IEnumerable<int> TapOffsets()
    {
        IEnumerable<int> offsets = [0];
        for (var d = 0; d < _rank; d++)
        {
            var (dimension, stride) = (kernel.Dimensions[d], _inputStrides[d]);
            offsets = offsets.SelectMany(o => Enumerable.Range(0, dimension.Kernel).Select(k => o + (k * dimension.Dilation * stride)));
        }

        return offsets;
    }

    private static int[] Strides(PoolKernel kernel, Func<PoolDimension, int> size)
    {
        var strides = new int[kernel.Dimensions.Count];
        var stride = kernel.Channels;
        for (var d = strides.Length - 1; d >= 0; d--)
        {
            strides[d] = stride;
            stride *= size(kernel.Dimensions[d]);
        }

        return strides;
    }

    private string Position(string prefix, int[] strides) =>
        string.Join(" + ", Enumerable.Range(0, _rank).Select(d => Scaled($"{prefix}{d}", strides[d])));

    private static string Scaled(string index, int factor) => factor == 1 ? index : $"{index} * {Text(factor)}";

    private static int Extent(PoolDimension dimension) => ((dimension.Kernel - 1) * dimension.Dilation) + 1;

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
