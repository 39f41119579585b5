using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

/// <summary>Writes the end of a tile: accumulators as they are, or requantised four vectors at a time and stored in whole runs.</summary>
internal sealed class Int8StoreEmitter(KernelWriter writer, Int8Dialect dialect, PackedInt8 packed, Int8TileShape tile)
{
    private const int VectorsOfBytes = Int8Dialect.VectorsOfBytes;

    /// <summary>Channels that stay together when sums are packed.</summary>
    private const int Four = 4;

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
        EmitMultipliers(stage);
        var all = Enumerable
            .Range(0, tile.Pixels * tile.Vectors)
            .Select(i => (Pixel: i / tile.Vectors, Vector: i % tile.Vectors))
            .ToArray();
        for (var first = 0; first < all.Length; first += VectorsOfBytes)
        {
            var group = all.Skip(first).Take(VectorsOfBytes).ToArray();
            EmitGroup(stage, group, "q" + (first / VectorsOfBytes));
            EmitStores(group, "q" + (first / VectorsOfBytes), outputStride);
        }
    }

    /// <summary>Makes one vector of bytes of up to four of sums, pixel after pixel and channel after channel.</summary>
    private void EmitGroup(VectorRequantization stage, (int Pixel, int Vector)[] group, string bytes)
    {
        // Three vectors are filled up with the last one.
        var used = group.Length == 3 ? [.. group, group[2]] : group;
        var form = RequantiseForm.Of(stage, used.Length);
        var requantise = dialect.Requantise(form);
        writer.Use(requantise);
        var sums = used.Select(i => Int8TileEmitter.Name(i.Pixel, i.Vector));
        var multipliers = used.Select(i => stage.Multipliers is null ? "m" : $"m{i.Vector}");
        var value = form.Call(requantise, stage.Rule, sums, multipliers);

        // Where each four channels come out, to where they belong: copies of vectors last.
        var order =
            from part in Enumerable.Range(0, dialect.Bits / 128)
            from slot in Enumerable.Range(0, VectorsOfBytes)
            let source = used[slot % used.Length]
            orderby slot >= @group.Length, source.Pixel, FourIn(source.Vector, part)
            select (part * VectorsOfBytes) + slot;
        var places = order.ToArray();
        var inOrder = places.Select((place, i) => place == i).All(same => same);
        Code.Line($"var {bytes} = {(inOrder ? value : dialect.Permute(value, places))};");
        if (form.Limit(stage.Rule, dialect.Vector, bytes) is var limited && limited != bytes)
        {
            Code.Line($"{bytes} = {limited};");
        }
    }

    /// <summary>Which four channels of the block, in order, a part of a vector holds.</summary>
    private int FourIn(int vector, int part)
    {
        var parts = dialect.Bits / 128;
        return parts == 1 ? vector : packed.FourAt((vector * parts) + part);
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
            .Select(v => $"var m{v} = {dialect.Vector}.LoadUnsafe(ref multipliers, {packed.PlaceOf(dialect.Bits, v) * dialect.Lanes});");
        Int8TileEmitter.Flow(Code, loads);
    }

    /// <summary>Stores the outputs of a group of vectors in the longest pieces that are contiguous.</summary>
    private void EmitStores((int Pixel, int Vector)[] group, string bytes, int outputStride)
    {
        var fours =
            from i in @group
            from part in Enumerable.Range(0, dialect.Bits / 128)
            let four = FourIn(i.Vector, part)
            orderby i.Pixel, four
            select (i.Pixel, Four: four);
        var (source, target, length, place) = (0, 0, 0, 0);
        foreach (var (pixel, four) in fours)
        {
            var (from, to) = (place * Four, (pixel * outputStride) + (four * Four));
            var valid = Math.Max(0, Math.Min(Four, packed.Channels - (four * Four)));
            place++;
            if (length > 0 && source + length == from && target + length == to)
            {
                length += valid;
                continue;
            }

            EmitRun(bytes, source, target, length);
            (source, target, length) = (from, to, valid);
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
