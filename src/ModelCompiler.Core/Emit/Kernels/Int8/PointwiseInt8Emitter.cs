using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

internal static class PointwiseInt8Emitter
{
    public static void Emit(PointwiseInt8Kernel kernel, KernelWriter writer)
    {
        var (code, packed, tile) = (writer.Code, kernel.Packed, kernel.Tile(writer.InstructionSet));
        Int8Refs.Emit(writer);
        using var blocks = code.For("block", 0, packed.Blocks * packed.Groups);
        new Int8TileEmitter(writer, packed, tile).EmitBlockRefs();
        code.Line($"nint channel = {Int8Refs.Channel(packed)};");
        if (!kernel.EndsWithSmallerTiles(writer.InstructionSet, writer.Step.IsRanged))
        {
            using var tiles = Int8Refs.EmitTiles(writer, kernel.Rows, tile.Pixels);
            EmitTile(kernel, writer, tile);
            return;
        }

        var smaller = tile with { Pixels = tile.Pixels - 1 };
        var (count, whole) = ($"{kernel.Rows}", $"{WholeTiles(kernel.Rows)}");
        if (writer.Step.IsRanged)
        {
            (count, whole) = (writer.RowCount, "whole");
            code.Line($"nint whole = {count} - ({tile.Pixels} - {count} % {tile.Pixels}) % {tile.Pixels} * {smaller.Pixels};");
        }

        using (code.For("pixel", "0", whole, tile.Pixels))
        {
            EmitTile(kernel, writer, tile);
        }

        using var rest = code.For("pixel", whole, count, smaller.Pixels);
        EmitTile(kernel, writer, smaller);

        int WholeTiles(int rows) => rows - ((tile.Pixels - (rows % tile.Pixels)) % tile.Pixels * smaller.Pixels);
    }

    private static void EmitTile(PointwiseInt8Kernel kernel, KernelWriter writer, Int8TileShape tile)
    {
        var (code, packed) = (writer.Code, kernel.Packed);
        var outputs = packed.Outputs * packed.Groups;
        var group = packed.Groups > 1 ? $" + block / {packed.Blocks} * {kernel.Depth / packed.Groups}" : "";
        code.Line($"ref byte x = ref Unsafe.Add(ref source, pixel * {kernel.Depth}{group});");
        code.Line($"ref {Int8Refs.OutputType(writer)} o = ref Unsafe.Add(ref target, pixel * {outputs} + channel);");
        new Int8TileEmitter(writer, packed, tile).Emit(Int8Runs.One, kernel.Depth, outputs);
    }
}

/// <summary>Refs that all integer kernels begin with.</summary>
internal static class Int8Refs
{
    /// <summary>The C# type that the output is written as: bytes whatever their sign, or sums.</summary>
    public static string OutputType(KernelWriter writer) => writer.Step.Outputs[0].Type.Element == ElementType.Int32 ? "int" : "byte";

    /// <summary>Writes <c>source</c> and <c>target</c>.</summary>
    public static void Emit(KernelWriter writer)
    {
        writer.Code.Line($"ref byte source = {AsBytes(writer.Input(), writer.Step.Inputs[0].Type.Element)};");
        writer.Code.Line($"ref {OutputType(writer)} target = {AsBytes(writer.Output(), writer.Step.Outputs[0].Type.Element)};");
    }

    /// <summary>Writes <c>picture</c> and <c>result</c>, refs to one image of the batch, and a loop where there are several.</summary>
    public static SourceWriter.Block? EmitImages(KernelWriter writer, int batch, Plane input, Plane output)
    {
        var code = writer.Code;
        SourceWriter.Block? images = batch > 1 ? code.For("image", 0, batch) : null;
        var (from, to) =
            batch > 1
                ? ($"Unsafe.Add(ref source, image * {input.Elements})", $"Unsafe.Add(ref target, image * {output.Elements})")
                : ("source", "target");
        code.Line($"ref byte picture = ref {from};");
        code.Line($"ref {OutputType(writer)} result = ref {to};");
        return images;
    }

    /// <summary>
    /// A loop over tiles of pixels, the rows of the kernel, with <c>pixel</c> as the first of each. The last tile reaches back over
    /// pixels that are done already.
    /// </summary>
    public static SourceWriter.Block EmitTiles(KernelWriter writer, int pixels, int tile)
    {
        var code = writer.Code;
        if (!writer.Step.IsRanged)
        {
            return EmitTiles(code, pixels, tile);
        }

        var loop = code.For("start", "0", writer.RowCount, tile);
        code.Line(tile == 1 ? "nint pixel = start;" : $"nint pixel = Math.Min(start, {writer.RowCount} - {tile});");
        return loop;
    }

    /// <summary>The same over a literal number of pixels.</summary>
    public static SourceWriter.Block EmitTiles(SourceWriter code, int pixels, int tile)
    {
        var loop = code.For("tile", 0, (pixels + tile - 1) / tile);
        code.Line(pixels % tile == 0 ? $"nint pixel = tile * {tile};" : $"nint pixel = Math.Min(tile * {tile}, {pixels - tile});");
        return loop;
    }

    /// <summary>The expression for the first output channel of <c>block</c>, which counts through all groups.</summary>
    public static string Channel(PackedInt8 packed)
    {
        var block = packed.Groups > 1 ? $"block % {packed.Blocks}" : "block";
        var channel =
            packed.Outputs % packed.Block == 0
                ? $"{block} * {packed.Block}"
                : $"Math.Min({block} * {packed.Block}, {Math.Max(0, packed.Outputs - packed.Block)})";
        return packed.Groups > 1 ? $"block / {packed.Blocks} * {packed.Outputs} + {channel}" : channel;
    }

    /// <summary>The expression for the first byte of an input or output of either 8-bit type, or the first sum.</summary>
    public static string AsBytes(string name, ElementType element) =>
        element == ElementType.Int8 ? $"ref Unsafe.As<sbyte, byte>(ref {name})" : $"ref {name}";
}
