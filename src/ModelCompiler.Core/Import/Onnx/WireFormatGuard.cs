using Google.Protobuf.Reflection;
using ModelCompiler.Diagnostics;

namespace ModelCompiler.Import.Onnx;

/// <summary>
/// Walks over a file's protobuf fields without allocating, before the parser does: every length is checked against the bytes
/// that are left, and what the parsed messages would take is estimated. Two bytes of a file can become an object of a few
/// hundred, so that a small hostile file could otherwise fill the memory of the machine.
/// </summary>
internal static class WireFormatGuard
{
    /// <summary>Generous for networks: the nesting of graphs, nodes, attributes and subgraphs that real files show is below ten.</summary>
    private const int MaxDepth = 50;

    // An object of a message holds a list object for each repeated field, used or not.
    private const int BytesPerMessage = 300;
    private const int BytesPerText = 48;
    private const int FixedAllowance = 40 << 20;
    private const int AllowancePerFileByte = 4;

    /// <summary>Checks a file that claims to be a message of the given type.</summary>
    /// <exception cref="ProblemException">A length lies, a field is malformed, or the parsed file would take too much memory.</exception>
    public static void Check(ReadOnlySpan<byte> file, MessageDescriptor type)
    {
        var walk = new Walk(file, FixedAllowance + ((long)AllowancePerFileByte * file.Length));
        walk.Message(type, 0, file.Length, 0);
    }

    private enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        LengthDelimited = 2,
        Fixed32 = 5,
    }

    private ref struct Walk(ReadOnlySpan<byte> file, long allowance)
    {
        private readonly ReadOnlySpan<byte> _file = file;
        private readonly long _allowance = allowance;
        private long _estimate;

        public void Message(MessageDescriptor type, int position, int end, int depth)
        {
            if (depth > MaxDepth)
            {
                throw new ProblemException(
                    ProblemKinds.HostileModel,
                    $"messages are nested deeper than {MaxDepth} levels at byte {position}"
                );
            }

            Spend(BytesPerMessage, position);
            while (position < end)
            {
                var start = position;
                var tag = Varint(ref position, end);
                var field = type.FindFieldByNumber((int)Math.Min(tag >> 3, int.MaxValue));
                if (tag >> 3 is 0 or > int.MaxValue)
                {
                    throw Malformed($"field number {tag >> 3} at byte {start}");
                }

                switch ((WireType)(tag & 7))
                {
                    case WireType.Varint:
                        Varint(ref position, end);
                        SpendElements(field, 1, start);
                        break;
                    case WireType.Fixed64:
                        position = Skip(position, 8, end);
                        SpendElements(field, 1, start);
                        break;
                    case WireType.Fixed32:
                        position = Skip(position, 4, end);
                        SpendElements(field, 1, start);
                        break;
                    case WireType.LengthDelimited:
                        var length = Varint(ref position, end);
                        var next = Skip(position, length, end);
                        LengthDelimited(field, position, next, depth);
                        position = next;
                        break;
                    default:
                        throw Malformed($"wire type {tag & 7} at byte {start}");
                }
            }
        }

        private void LengthDelimited(FieldDescriptor? field, int position, int end, int depth)
        {
            switch (field?.FieldType)
            {
                case FieldType.Message:
                    Message(field.MessageType, position, end, depth + 1);
                    break;
                case FieldType.String:
                    // Text is kept in UTF-16.
                    Spend(BytesPerText + (2L * (end - position)), position);
                    break;
                case FieldType.Bytes:
                    Spend(BytesPerText + (end - position), position);
                    break;
                case FieldType.Float:
                    SpendElements(field, (end - position) / 4, position);
                    break;
                case FieldType.Double:
                    SpendElements(field, (end - position) / 8, position);
                    break;
                case not null:
                    SpendElements(field, PackedVarints(position, end), position);
                    break;
            }
        }

        private readonly int PackedVarints(int position, int end)
        {
            var count = 0;
            foreach (var b in _file[position..end])
            {
                count += b < 0x80 ? 1 : 0;
            }

            return count;
        }

        // A list grows by doubling, so it may take twice what its elements need.
        private void SpendElements(FieldDescriptor? field, int count, int position)
        {
            if (field is { IsRepeated: true })
            {
                var size = field.FieldType is FieldType.Float or FieldType.Int32 ? 4 : 8;
                Spend(2L * size * count, position);
            }
        }

        private void Spend(long bytes, int position)
        {
            _estimate += bytes;
            if (_estimate > _allowance)
            {
                throw new ProblemException(
                    ProblemKinds.HostileModel,
                    $"reading the file would take more than {_allowance >> 20} MB of memory (at byte {position} of {_file.Length}); it has far more messages or list elements than a network of its size"
                );
            }
        }

        private readonly int Skip(int position, ulong length, int end) =>
            length <= (ulong)(end - position)
                ? position + (int)length
                : throw Malformed(
                    $"a field at byte {position} claims {length} bytes, {end - position} are left: the file is truncated or damaged"
                );

        private readonly ulong Varint(ref int position, int end)
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                if (position >= end)
                {
                    throw Malformed($"it ends within a field at byte {position}");
                }

                var b = _file[position++];
                value |= (ulong)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    return value;
                }
            }

            throw Malformed($"a number at byte {position} is longer than ten bytes");
        }

        private static ProblemException Malformed(string message) =>
            new(ProblemKinds.NotAModel, $"the file is not a valid ONNX model: {message}");
    }
}
