using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Products with weights of a few bits: each weight is decoded once for all rows of a tile.</summary>
internal sealed class BlockMatMulEmitter
{
    private const int Sums = 2;
    private readonly BlockMatMulKernel _kernel;
    private readonly KernelWriter _writer;
    private readonly SourceWriter _code;
    private readonly int _bits;
    private readonly int _row;

    private BlockMatMulEmitter(BlockMatMulKernel kernel, KernelWriter writer)
    {
        (_kernel, _writer, _code) = (kernel, writer, writer.Code);
        _bits = VectorVariants.BitsFor(writer.InstructionSet, BlockMatMul.Chunk, Graphs.ElementType.Float32);
        _row = kernel.CopiesRows ? kernel.Blocks * kernel.Operator.Block : kernel.Inner;
    }

    private string Vector => $"Vector{_bits}";

    private int Lanes => _bits / 32;

    public static void Emit(BlockMatMulKernel kernel, KernelWriter writer)
    {
        var emitter = new BlockMatMulEmitter(kernel, writer);
        var first = 0;
        for (var tile = BlockMatMulKernel.TileOf(writer.InstructionSet); tile > 0; tile /= 2)
        {
            var end = first + ((kernel.Rows - first) / tile * tile);
            emitter.Rows(first, end, tile);
            first = end;
        }
    }

    private void Rows(int first, int end, int tile)
    {
        if (first == end)
        {
            return;
        }

        using var rows = _code.For("row", first, end, tile);
        _code.Line($"ref float x = ref {Copied(tile)};");
        _code.Line($"ref float y = ref Unsafe.Add(ref {_writer.Output()}, row * {_kernel.Columns});");
        using var columns = _code.For("n", 0, _kernel.Columns);
        for (var r = 0; r < tile; r++)
        {
            _code.Line($"var total{r} = {Vector}<float>.Zero;");
        }

        using (_code.For("block", 0, _kernel.Blocks))
        {
            Block(tile);
        }

        for (var r = 0; r < tile; r++)
        {
            var bias = _kernel.Bias is { } added ? $" + Unsafe.Add({_writer.Weights(added)}, n)" : "";
            _code.Line($"Unsafe.Add(ref y, n + {r * _kernel.Columns}) = {Vector}.Sum(total{r}){bias};");
        }
    }

    /// <summary>The rows of the tile, where they do not end with a block as a copy that does.</summary>
    private string Copied(int tile)
    {
        var from = $"Unsafe.Add(ref {_writer.Input()}, row * {_kernel.Inner})";
        if (!_kernel.CopiesRows)
        {
            return from;
        }

        _code.Line($"var padded = MemoryMarshal.CreateSpan(ref Unsafe.As<byte, float>(ref {KernelWriter.Scratch}), {tile * _row});");
        _code.Line("padded.Clear();");
        _code.Line($"var given = MemoryMarshal.CreateReadOnlySpan(ref {from}, {tile * _kernel.Inner});");
        for (var r = 0; r < tile; r++)
        {
            _code.Line($"given.Slice({r * _kernel.Inner}, {_kernel.Inner}).CopyTo(padded.Slice({r * _row}));");
        }

        return $"Unsafe.As<byte, float>(ref {KernelWriter.Scratch})";
    }

    /// <summary>Sums the products of one block, and adds them to the total times the block's scale.</summary>
    private void Block(int tile)
    {
        var (block, bytes) = (_kernel.Operator.Block, _kernel.Operator.Block * _kernel.Operator.Bits / 8);
        _code.Line($"nint grid = n * {_kernel.Blocks} + block;");
        _code.Line($"ref byte codes = ref Unsafe.Add({_writer.Weights(_kernel.Codes)}, grid * {bytes});");
        _code.Line($"ref float part = ref Unsafe.Add(ref x, block * {block});");
        var zero = _kernel.ZeroPoints is { } zeros
            ? $"(float)Unsafe.Add({_writer.Weights(zeros)}, grid)"
            : Literals.Float(_kernel.ZeroPoint ?? 0);
        _code.Line($"var zero = {Vector}.Create({zero});");
        for (var r = 0; r < tile; r++)
        {
            for (var s = 0; s < Sums; s++)
            {
                _code.Line($"var sum{r}_{s} = {Vector}<float>.Zero;");
            }
        }

        var chunks = block / BlockMatMul.Chunk;
        using (chunks == 1 ? _code.Open() : _code.For("chunk", 0, chunks))
        {
            Chunk(
                tile,
                chunks == 1 ? "0" : $"chunk * {BlockMatMul.Chunk * _kernel.Operator.Bits / 8}",
                chunks == 1 ? "0" : $"chunk * {BlockMatMul.Chunk}"
            );
        }

        _code.Line($"var scale = {Vector}.Create(Unsafe.Add({_writer.Weights(_kernel.Scales)}, grid));");
        for (var r = 0; r < tile; r++)
        {
            _code.Line($"total{r} = {Vector}.MultiplyAddEstimate(sum{r}_0 + sum{r}_1, scale, total{r});");
        }
    }

    private void Chunk(int tile, string codes, string weights)
    {
        if (_kernel.Operator.Bits == 4)
        {
            _code.Line($"var both = Vector128.LoadUnsafe(ref Unsafe.Add(ref codes, {codes}));");
            _code.Line("var half0 = both & Vector128.Create((byte)15);");
            _code.Line("var half1 = Vector128.ShiftRightLogical(both, 4);");
        }
        else
        {
            _code.Line($"var half0 = Vector128.LoadUnsafe(ref Unsafe.Add(ref codes, {codes}));");
            _code.Line($"var half1 = Vector128.LoadUnsafe(ref Unsafe.Add(ref codes, {codes} + 16));");
        }

        _code.Line($"ref float chunkOfX = ref Unsafe.Add(ref part, {weights});");
        for (var half = 0; half < 2; half++)
        {
            var integers = Widened(half);
            for (var g = 0; g < integers.Length; g++)
            {
                var name = $"w{half}_{g}";
                _code.Line($"var {name} = {Vector}.ConvertToSingle({integers[g]}.AsInt32()) - zero;");
                for (var r = 0; r < tile; r++)
                {
                    var sum = $"sum{r}_{g % Sums}";
                    var offset = (r * _row) + (half * 16) + (g * Lanes);
                    _code.Line($"{sum} = {Vector}.MultiplyAddEstimate({name}, {Vector}.LoadUnsafe(ref chunkOfX, {offset}), {sum});");
                }
            }
        }
    }

    /// <summary>Sixteen bytes as vectors of integers of 32 bits.</summary>
    private string[] Widened(int half)
    {
        var bytes = $"half{half}";
        switch (_bits)
        {
            case 128:
                _code.Line($"var (low{half}, high{half}) = Vector128.Widen({bytes});");
                return
                [
                    $"Vector128.WidenLower(low{half})",
                    $"Vector128.WidenUpper(low{half})",
                    $"Vector128.WidenLower(high{half})",
                    $"Vector128.WidenUpper(high{half})",
                ];
            case 256:
                _code.Line($"var wide{half} = Vector256.WidenLower({bytes}.ToVector256Unsafe());");
                return [$"Vector256.WidenLower(wide{half})", $"Vector256.WidenUpper(wide{half})"];
            default:
                _code.Line($"var wide{half} = Vector256.WidenLower({bytes}.ToVector256Unsafe());");
                return [$"Vector512.WidenLower(wide{half}.ToVector512Unsafe())"];
        }
    }
}
