using ModelCompiler.Lowering.Kernels.Int8.Streams;

namespace ModelCompiler.Emit.Kernels.Int8.Streams;

/// <summary>The C# that reads streams of weights, small rather than fast: it is there once for all layers.</summary>
internal static class WeightStreamText
{
    private static readonly SharedCode Reader = new(
        "WeightStream",
        """
        // Weights of which most are zero: how many zeros stand before each of the others, in Rice's code, and the others in a prefix code.
        internal ref struct WeightStream
        {
            private readonly ref byte _bytes;
            private readonly ref ushort _codes;
            private readonly int _longest;
            private readonly int _gapBits;
            private nint _gaps;
            private nint _values;
            private nint _next;

            // Of the next bits of the values, as many as the longest code has, the table says the value and how many of them are its code.
            internal WeightStream(ref byte bytes, ref byte table, int longest, int gapBits, nint gaps, nint values)
            {
                _bytes = ref bytes;
                _codes = ref Unsafe.As<byte, ushort>(ref table);
                _longest = longest;
                _gapBits = gapBits;
                _gaps = gaps * 8;
                _values = values * 8;
                ref byte value = ref Unsafe.Add(ref bytes, longest);
                nint code = 0;
                for (int length = 1; length <= longest; length++)
                {
                    for (int count = Unsafe.Add(ref bytes, length - 1); count > 0; count--)
                    {
                        for (int repeat = 1 << (longest - length); repeat > 0; repeat--)
                        {
                            Unsafe.Add(ref _codes, code++) = (ushort)(length << 8 | value);
                        }

                        value = ref Unsafe.Add(ref value, 1);
                    }
                }

                _next = Zeros(ref _gaps);
            }

            // Bias and products of the next row.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            internal int Product(ref byte input, int depth, int flip, int zero, int biasBits)
            {
                nint gaps = _gaps, values = _values, next = _next;
                int sum = (int)(unchecked((long)Window(values)) >> (64 - biasBits));
                values += biasBits;
                while (next < depth)
                {
                    sum += Value(ref values) * ((Unsafe.Add(ref input, next) ^ flip) - zero);
                    next += Zeros(ref gaps) + 1;
                }

                _gaps = gaps;
                _values = values;
                _next = next - depth;
                return sum;
            }

            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            internal void Unpack(ref sbyte weights, int length)
            {
                MemoryMarshal.CreateSpan(ref weights, length).Clear();
                nint gaps = _gaps, values = _values, next = _next;
                while (next < length)
                {
                    Unsafe.Add(ref weights, next) = Value(ref values);
                    next += Zeros(ref gaps) + 1;
                }
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private readonly sbyte Value(ref nint values)
            {
                int code = Unsafe.Add(ref _codes, (nint)(Window(values) >> (64 - _longest)));
                values += code >> 8;
                return unchecked((sbyte)code);
            }

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private readonly nint Zeros(ref nint gaps)
            {
                ulong window = Window(gaps);
                int quotient = BitOperations.LeadingZeroCount(window);
                gaps += quotient + 1 + _gapBits;
                return ((nint)quotient << _gapBits) + (nint)(window << quotient << 1 >> 1 >> (63 - _gapBits));
            }

            // The next bits, at least 57.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private readonly ulong Window(nint bit) =>
                System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref _bytes, bit >> 3))) << (int)(bit & 7);
        }
        """
    );

    /// <summary>The expression that makes a reader.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="table">A ref to memory for the table of codes.</param>
    /// <param name="writer">The writer of the layer.</param>
    public static string New(PackedStream stream, string table, KernelWriter writer)
    {
        writer.Use(Reader);
        return $"new Shared.WeightStream({writer.Weights(stream.Bytes)}, ref {table}, {stream.Longest}, {stream.GapBits}, {stream.GapsOffset}, {stream.ValuesOffset})";
    }
}
