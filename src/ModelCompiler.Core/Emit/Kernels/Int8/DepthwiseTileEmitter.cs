using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>
/// Writes the sums of one chunk, for one or two output rows, from the bias to the stores. Refs in scope: <c>weights</c> (or their wide
/// form <c>wide</c>), <c>bias</c> and <c>multipliers</c> to the block's, <c>o0</c> and <c>o1</c> to the outputs.
/// </summary>
internal sealed class DepthwiseTileEmitter
{
    private const int Quarters = DepthwiseDialect.Quarters;

    private readonly DepthwiseInt8Kernel _kernel;
    private readonly KernelWriter _writer;
    private readonly DepthwiseDialect _dialect;
    private readonly string _flip;

    public DepthwiseTileEmitter(DepthwiseInt8Kernel kernel, KernelWriter writer, int outputRows)
    {
        OutputRows = outputRows;
        _kernel = kernel;
        _writer = writer;
        _dialect = DepthwiseDialect.Of(writer.InstructionSet);
        if (_dialect.Dot is { } dot)
        {
            writer.Use(dot);
        }

        var flip = Int8Variants.FlipsSign(writer.Step.Inputs[0].Type.Element, writer.InstructionSet);
        _flip = flip ? $" ^ {_dialect.Vector}.Create((byte)128)" : "";
    }

    private SourceWriter Code => _writer.Code;

    private int Columns => _kernel.Window.Kernel[1];

    /// <summary>Output rows computed together; at the end of a range fewer than the weights are packed for.</summary>
    public int OutputRows { get; }

    /// <summary>Input rows under them.</summary>
    public int InputRows => _kernel.Layout.InputRows - _kernel.Layout.OutputRows + OutputRows;

    /// <summary>Columns of taps up to which the loop over them is written out; what only serves old processors stays short.</summary>
    public static int MostUnrolled(InstructionSet set) =>
        set is InstructionSet.Sse41 or InstructionSet.AdvSimd or InstructionSet.Portable ? 1 : 3;

    /// <summary>Writes a chunk of which all columns of taps are inside; they are read from refs <c>p0</c>, <c>p1</c>, …</summary>
    /// <param name="address">The expression of a row at a column of taps, given as an expression.</param>
    public void EmitInside(Func<int, string, string> address)
    {
        EmitStart();
        if (Columns > MostUnrolled(_writer.InstructionSet))
        {
            using var taps = Code.For("k", 0, Columns);
            EmitColumn("k", i => address(i, "k"));
        }
        else
        {
            for (var k = 0; k < Columns; k++)
            {
                var tap = k;
                EmitColumn($"{k}", i => address(i, $"{tap}"));
            }
        }

        EmitEnd();
    }

    /// <summary>
    /// Whether pixels side by side share columns of taps that fit the registers (or, with sixteen of these, the stack): each is then
    /// interleaved once.
    /// </summary>
    public bool KeepsColumns =>
        _dialect is QuadDepthwise
        && Columns is > 1 and <= 3
        && Columns <= MostUnrolled(_writer.InstructionSet)
        && _kernel.Layout.Quads == 1
        && _kernel.Window is { Strides: var strides, Dilations: var dilations }
        && dilations[1] == 1
        && strides[1] < Columns;

    /// <summary>Writes a loop over chunks of which all columns of taps are inside, and keeps the columns that the next pixel reads too.</summary>
    /// <param name="head">The head of the loop.</param>
    /// <param name="address">The expression of a row at a column of taps.</param>
    /// <param name="next">Writes what takes the refs to the next pixel.</param>
    public void EmitKeepingColumns(string head, Func<int, string, string> address, Action next)
    {
        var dialect = (QuadDepthwise)_dialect;
        var stride = _kernel.Window.Strides[1];
        var kept = Columns - stride;
        for (var k = 0; k < kept; k++)
        {
            EmitColumnQuads(k);
        }

        using var loop = Code.Open(head);
        for (var k = kept; k < Columns; k++)
        {
            EmitColumnQuads(k);
        }

        EmitStart();
        Code.Line("ref sbyte w = ref weights;");
        for (var k = 0; k < Columns; k++)
        {
            Int8TileEmitter.Flow(Code, dialect.MultiplyAddColumn(Mark(k), OutputRows, WeightsOf(0, k)));
        }

        EmitEnd();
        var moves =
            from k in Enumerable.Range(0, kept)
            from quarter in Enumerable.Range(0, Quarters)
            select $"{QuadDepthwise.Quads(Mark(k), quarter)} = {QuadDepthwise.Quads(Mark(k + stride), quarter)};";
        Int8TileEmitter.Flow(Code, moves);
        next();

        void EmitColumnQuads(int k)
        {
            var loads = Enumerable.Range(0, InputRows).Select(i => $"var r{Mark(k)}{i} = {Load(address(i, $"{k}"))};");
            Int8TileEmitter.Flow(Code, [.. loads, .. dialect.InterleaveColumn(InputRows, Mark(k))]);
        }

        static string Mark(int k) => $"{k}_";
    }

    /// <summary>Writes a chunk at the left or right border; <paramref name="beforeColumn"/> writes what each column <c>k</c> of taps needs.</summary>
    public void EmitBorder(Action beforeColumn, Func<int, string> address)
    {
        using var scope = Code.Open();
        EmitStart();
        using (Code.For("k", 0, Columns))
        {
            beforeColumn();
            EmitColumn("k", address);
        }

        EmitEnd();
    }

    private void EmitStart()
    {
        var starts =
            from quarter in Enumerable.Range(0, Quarters)
            from output in Enumerable.Range(0, OutputRows)
            let value = output > 0 ? DepthwiseDialect.Sums(0, quarter) : $"{_dialect.Vector}.LoadUnsafe(ref bias, {quarter * 8})"
            from statement in _dialect.Start(DepthwiseDialect.Sums(output, quarter), value)
            select statement;
        Int8TileEmitter.Flow(Code, starts);
    }

    /// <summary>Writes one column of taps, its number an expression.</summary>
    private void EmitColumn(string column, Func<int, string> address)
    {
        var isLiteral = column != "k";
        for (var quad = 0; quad < _kernel.Layout.Quads; quad++)
        {
            var first = quad * DepthwiseInt8Kernel.RowsOfQuad;
            var rows = Math.Min(DepthwiseInt8Kernel.RowsOfQuad, InputRows - first);
            using var scope = Code.Open();
            if (_dialect is MultiplyAddDepthwise)
            {
                Code.Line($"ref short wide = ref {(isLiteral ? "widened" : $"Unsafe.Add(ref widened, k * {ColumnElements})")};");
            }
            else
            {
                Code.Line($"ref sbyte w = ref {(isLiteral ? "weights" : $"Unsafe.Add(ref weights, k * {ColumnElements})")};");
            }

            var loads = Enumerable.Range(0, rows).Select(i => $"var r{i} = {Load(address(first + i))};");
            var sums = _dialect.MultiplyAdd(rows, OutputRows, WeightsOf(quad, isLiteral ? int.Parse(column) : 0));
            Int8TileEmitter.Flow(Code, [.. loads, .. sums]);
        }
    }

    private int VectorElements => _dialect is MultiplyAddDepthwise ? _dialect.Bits / 8 : DepthwiseInt8Kernel.Chunk;

    /// <summary>Elements of the weights of a column of taps.</summary>
    private int ColumnElements => _kernel.Layout.OutputRows * Quarters * VectorElements;

    /// <summary>How far behind the block's weights those of an output row and quarter stand.</summary>
    private Func<int, int, int> WeightsOf(int quad, int column) =>
        (output, quarter) => (((quad * Columns) + column) * ColumnElements) + (((output * Quarters) + quarter) * VectorElements);

    private string Load(string address)
    {
        var second = _kernel.Layout.SecondInput;
        var load =
            _dialect.Runs == 1 || second == DepthwiseInt8Kernel.Run
                ? $"{_dialect.Vector}.LoadUnsafe(ref {address})"
                : $"Vector256.Create(Vector128.LoadUnsafe(ref {address}), Vector128.LoadUnsafe(ref Unsafe.Add(ref {address}, {second})))";
        return load + _flip;
    }

    private void EmitEnd()
    {
        for (var output = 0; output < OutputRows; output++)
        {
            var sums = Enumerable.Range(0, Quarters).Select(quarter => DepthwiseDialect.Sums(output, quarter)).ToArray();
            Int8TileEmitter.Flow(Code, sums.SelectMany(_dialect.Finish));
            if (_kernel.Packed.Stage is { } stage)
            {
                EmitBytes(stage, output, sums);
            }
            else
            {
                EmitSums(output, sums);
            }
        }
    }

    private void EmitSums(int output, string[] sums)
    {
        var stores = sums.SelectMany(
            (name, quarter) =>
                _dialect.Runs == 1
                    ? [$"{name}.StoreUnsafe(ref o{output}, {quarter * 4});"]
                    : (string[])
                        [
                            $"{name}.GetLower().StoreUnsafe(ref o{output}, {quarter * 4});",
                            $"{name}.GetUpper().StoreUnsafe(ref o{output}, {_kernel.Layout.SecondOutput + (quarter * 4)});",
                        ]
        );
        Int8TileEmitter.Flow(Code, stores);
    }

    private void EmitBytes(VectorRequantization stage, int output, string[] sums)
    {
        var form = RequantiseForm.Of(stage, Quarters);
        var requantise = _dialect.Requantise(form);
        _writer.Use(requantise);
        var multipliers = Enumerable
            .Range(0, Quarters)
            .Select(quarter =>
                stage.Multipliers is null
                    ? $"{_dialect.Vector}.Create({Literals.Float(stage.Rule.Multipliers[0])})"
                    : $"{_dialect.Vector}.LoadUnsafe(ref multipliers, {quarter * 8})"
            );
        var bytes = form.Limit(stage.Rule, _dialect.Vector, form.Call(requantise, stage.Rule, sums, multipliers));
        if (_dialect.Runs == 1 || _kernel.Layout.SecondOutput == DepthwiseInt8Kernel.Run)
        {
            Code.Line($"{bytes}.StoreUnsafe(ref o{output});");
            return;
        }

        Code.Line($"var bytes{output} = {bytes};");
        Code.Line(
            $"bytes{output}.GetLower().StoreUnsafe(ref o{output}); bytes{output}.GetUpper().StoreUnsafe(ref o{output}, {_kernel.Layout.SecondOutput});"
        );
    }
}
