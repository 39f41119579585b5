using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>Writes the end of a tile: accumulators as they are, or requantised four vectors at a time and stored in whole runs.</summary>
internal sealed class Int8StoreEmitter(KernelWriter writer, Int8Dialect dialect, PackedInt8 packed, Int8TileShape tile)
{
    /// <summary>Vectors of 32-bit sums that make one vector of bytes.</summary>
    private const int VectorsOfBytes = 4;

    private SourceWriter Code => writer.Code;

    public void Emit(int outputStride)
    {
        if (packed.Stage is { } stage)
        {
            EmitBytes(stage, outputStride);
        }
        else
        {
            EmitSums(outputStride);
        }
    }

    private void EmitSums(int outputStride)
    {
        for (var p = 0; p < tile.Pixels; p++)
        {
            for (var v = 0; v < tile.Vectors; v++)
            {
                var name = Int8TileEmitter.Name(p, v);
                var (offset, valid) = ((p * outputStride) + (v * dialect.Lanes), Valid(v));
                if (valid == dialect.Lanes)
                {
                    Code.Line($"{name}.StoreUnsafe(ref o, {offset});");
                    continue;
                }

                for (var lane = 0; lane < valid; lane++)
                {
                    Code.Line($"Unsafe.Add(ref o, {offset + lane}) = {name}.GetElement({lane});");
                }
            }
        }
    }

    private void EmitBytes(VectorRequantization stage, int outputStride)
    {
        var form = new RequantiseForm(stage.Rule.Element == ElementType.Int8, stage.MayExceedInt32);
        var requantise = dialect.Requantise(form);
        writer.Use(requantise);
        EmitMultipliers(stage);
        var all = Enumerable.Range(0, tile.Pixels * tile.Vectors).ToArray();
        for (var first = 0; first < all.Length; first += VectorsOfBytes)
        {
            // A last group of fewer vectors is filled up with its last one.
            var group = Enumerable.Range(first, VectorsOfBytes).Select(i => Math.Min(i, all.Length - 1)).ToArray();
            var sums = group.Select(i => Int8TileEmitter.Name(i / tile.Vectors, i % tile.Vectors));
            var multipliers = group.Select(i => stage.Multipliers is null ? "m" : $"m{i % tile.Vectors}");
            var bytes = "q" + (first / VectorsOfBytes);
            Code.Line(
                $"var {bytes} = Shared.{requantise.Name}({string.Join(", ", sums)}, {string.Join(", ", multipliers)}, {stage.Rule.ZeroPoint});"
            );
            EmitLimits(stage, form, bytes);
            EmitStores(first, Math.Min(VectorsOfBytes, all.Length - first), bytes, outputStride);
        }
    }

    private void EmitMultipliers(VectorRequantization stage)
    {
        if (stage.Multipliers is null)
        {
            Code.Line($"var m = {dialect.Vector}.Create({Literals.Float(stage.Rule.Multipliers[0])});");
            return;
        }

        var loads = Enumerable
            .Range(0, tile.Vectors)
            .Select(v => $"var m{v} = {dialect.Vector}.LoadUnsafe(ref multipliers, {v * dialect.Lanes});");
        Int8TileEmitter.Flow(Code, loads);
    }

    /// <summary>The bounds of a fused activation, where they are tighter than the type's.</summary>
    private void EmitLimits(VectorRequantization stage, RequantiseForm form, string bytes)
    {
        var (rule, vector) = (stage.Rule, dialect.Vector);
        var limited = $"{bytes}.As{(form.Signed ? "SByte" : "Byte")}()";
        var plain = limited;
        if (rule.Low > rule.Element.LowestValue())
        {
            limited = $"{vector}.Max({limited}, {vector}.Create(({form.Element}){ScalarRequantizationText.Number(rule.Low)}))";
        }

        if (rule.High < rule.Element.HighestValue())
        {
            limited = $"{vector}.Min({limited}, {vector}.Create(({form.Element}){ScalarRequantizationText.Number(rule.High)}))";
        }

        if (limited != plain)
        {
            Code.Line($"{bytes} = ({limited}).AsByte();");
        }
    }

    /// <summary>Stores the outputs of a group of vectors in the longest pieces that are contiguous on both sides.</summary>
    private void EmitStores(int first, int count, string bytes, int outputStride)
    {
        var (source, target, length) = (0, 0, 0);
        for (var i = 0; i < count; i++)
        {
            var (p, v) = ((first + i) / tile.Vectors, (first + i) % tile.Vectors);
            var (from, to) = (i * dialect.Lanes, (p * outputStride) + (v * dialect.Lanes));
            if (length > 0 && source + length == from && target + length == to)
            {
                length += Valid(v);
                continue;
            }

            EmitRun(bytes, source, target, length);
            (source, target, length) = (from, to, Valid(v));
        }

        EmitRun(bytes, source, target, length);
    }

    private void EmitRun(string bytes, int source, int target, int length)
    {
        while (length > 0)
        {
            var piece = dialect.Bits / 8;
            while (piece > length || source % piece != 0)
            {
                piece /= 2;
            }

            Code.Line(Store(bytes, source, target, piece));
            (source, target, length) = (source + piece, target + piece, length - piece);
        }
    }

    private string Store(string bytes, int source, int target, int piece)
    {
        if (piece >= 16)
        {
            var part = bytes;
            for (var bits = dialect.Bits; bits > piece * 8; bits /= 2)
            {
                part += source % (bits / 8) >= bits / 16 ? ".GetUpper()" : ".GetLower()";
            }

            return $"{part}.StoreUnsafe(ref o, {target});";
        }

        var type = piece switch
        {
            8 => "UInt64",
            4 => "UInt32",
            2 => "UInt16",
            _ => "Byte",
        };
        return $"Unsafe.WriteUnaligned(ref Unsafe.Add(ref o, {target}), {bytes}.As{type}().GetElement({source / piece}));";
    }

    private int Valid(int v) => Math.Min(dialect.Lanes, packed.Channels - (v * dialect.Lanes));
}
