using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;

namespace ModelCompiler.Emit;

/// <summary>The weights of one model, as they go into a weights assembly.</summary>
/// <param name="ClassName">Full name of the class that gives access to them: <see cref="CompileOptions.WeightsClass"/>.</param>
/// <param name="Weights">The packed weights.</param>
public sealed record WeightsBlock(string ClassName, WeightImage Weights);

/// <summary>
/// Writes an assembly that holds nothing but weights. The C# compiler needs seconds and gigabytes for tens of megabytes of
/// literals; this needs neither, and the bytes are used in place all the same: each block is the initial data of a static field,
/// read through a property <c>ReadOnlySpan&lt;byte&gt; Bytes</c>, just as the compiler does it for constant arrays.
/// </summary>
public static class WeightsAssembly
{
    // Cache lines; also the widest vector.
    private const int Alignment = 64;
    private static readonly Version SystemRuntime = new(10, 0, 0, 0);
    private static readonly byte[] SystemRuntimeToken = [0xb0, 0x3f, 0x5f, 0x7f, 0x11, 0xd5, 0x0a, 0x3a];

    /// <summary>Writes the assembly: the same bytes for the same weights, on every machine.</summary>
    /// <param name="name">Simple name of the assembly.</param>
    /// <param name="blocks">What it holds, in order.</param>
    /// <param name="output">Where it is written.</param>
    public static void Write(string name, IReadOnlyList<WeightsBlock> blocks, Stream output)
    {
        // Field data follow the metadata, whose size does not depend on the padding: the second image is written with as much of
        // it as brings the first block to an aligned address.
        var padding = Misalignment(Image(name, blocks, 0, withBytes: false));
        Image(name, blocks, padding, withBytes: true).WriteContentTo(output);
    }

    /// <summary>Writes the assembly without its weights: all that a compiler needs, and not to be run.</summary>
    /// <param name="name">Simple name of the assembly.</param>
    /// <param name="blocks">What the assembly holds, in order.</param>
    /// <param name="output">Where it is written.</param>
    public static void WriteReference(string name, IReadOnlyList<WeightsBlock> blocks, Stream output) =>
        Image(name, blocks, 0, withBytes: false).WriteContentTo(output);

    private static int Misalignment(BlobBuilder image)
    {
        using var reader = new PEReader(image.ToImmutableArray());
        var metadata = reader.GetMetadataReader();
        var field = metadata.FieldDefinitions.Select(metadata.GetFieldDefinition).Select(f => f.GetRelativeVirtualAddress()).First();
        return (Alignment - (field % Alignment)) % Alignment;
    }

    private static BlobBuilder Image(string name, IReadOnlyList<WeightsBlock> blocks, int padding, bool withBytes)
    {
        var metadata = new MetadataBuilder();
        var il = new BlobBuilder();
        var data = new BlobBuilder();
        data.WriteBytes(0, padding);
        var mvid = metadata.ReserveGuid();
        metadata.AddModule(0, metadata.GetOrAddString(name + ".dll"), mvid.Handle, default, default);
        metadata.AddAssembly(metadata.GetOrAddString(name), new Version(1, 0, 0, 0), default, default, default, AssemblyHashAlgorithm.None);
        var types = new References(metadata);
        metadata.AddTypeDefinition(
            default,
            default,
            metadata.GetOrAddString("<Module>"),
            default,
            MetadataTokens.FieldDefinitionHandle(1),
            MetadataTokens.MethodDefinitionHandle(1)
        );
        var bodies = new MethodBodyStreamEncoder(il);
        for (var i = 0; i < blocks.Count; i++)
        {
            AddBlock(metadata, types, bodies, data, blocks[i], i, withBytes);
        }

        AddNesting(metadata, blocks.Count);
        var content = new BlobBuilder();
        var builder = new ManagedPEBuilder(
            PEHeaderBuilder.CreateLibraryHeader(),
            new MetadataRootBuilder(metadata),
            il,
            mappedFieldData: data,
            deterministicIdProvider: parts => IdOf(parts, mvid.Content)
        );
        builder.Serialize(content);
        return content;
    }

    private static BlobContentId IdOf(IEnumerable<Blob> parts, Blob mvid)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            var bytes = part.GetBytes();
            hash.AppendData(bytes.Array!, bytes.Offset, bytes.Count);
        }

        var id = BlobContentId.FromHash(hash.GetHashAndReset());
        new BlobWriter(mvid).WriteGuid(id.Guid);
        return id;
    }

    /// <summary>A public static class with its property, and a nested struct of the size of the data for the field's type.</summary>
    private static void AddBlock(
        MetadataBuilder metadata,
        References types,
        MethodBodyStreamEncoder bodies,
        BlobBuilder data,
        WeightsBlock block,
        int index,
        bool withBytes
    )
    {
        var field = MetadataTokens.FieldDefinitionHandle(index + 1);
        var method = MetadataTokens.MethodDefinitionHandle(index + 1);
        var dot = block.ClassName.LastIndexOf('.');
        var type = metadata.AddTypeDefinition(
            TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed | TypeAttributes.BeforeFieldInit,
            dot < 0 ? default : metadata.GetOrAddString(block.ClassName.Substring(0, dot)),
            metadata.GetOrAddString(block.ClassName.Substring(dot + 1)),
            types.Object,
            field,
            method
        );
        metadata.AddFieldDefinition(
            FieldAttributes.Assembly | FieldAttributes.Static | FieldAttributes.InitOnly | FieldAttributes.HasFieldRVA,
            metadata.GetOrAddString("Data"),
            metadata.GetOrAddBlob(FieldSignature(StructOf(index)))
        );
        metadata.AddFieldRelativeVirtualAddress(field, data.Count);
        metadata.AddMethodDefinition(
            MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.HideBySig | MethodAttributes.SpecialName,
            MethodImplAttributes.AggressiveInlining,
            metadata.GetOrAddString("get_Bytes"),
            types.SpanGetterSignature,
            Body(types, bodies, field, block.Weights.Length),
            MetadataTokens.ParameterHandle(1)
        );
        var property = metadata.AddProperty(PropertyAttributes.None, metadata.GetOrAddString("Bytes"), types.SpanPropertySignature);
        metadata.AddPropertyMap(type, property);
        metadata.AddMethodSemantics(property, MethodSemanticsAttributes.Getter, method);
        AddStruct(metadata, types, block.Weights.Length, index + 1);
        if (!withBytes)
        {
            // Where there are no data at all, they would not be placed as others are.
            data.WriteBytes(0, Alignment);
        }
        else
        {
            // Packed where they stay: this is the one place in memory that holds all of them.
            var place = data.ReserveBytes((block.Weights.Length + Alignment - 1) / Alignment * Alignment).GetBytes().AsSpan();
            place.Clear();
            block.Weights.Pack(place.Slice(0, block.Weights.Length));
        }
    }

    // Types are numbered <Module>, class 0, struct 0, class 1, struct 1, …
    private static TypeDefinitionHandle StructOf(int index) => MetadataTokens.TypeDefinitionHandle(2 + (2 * index) + 1);

    private static void AddStruct(MetadataBuilder metadata, References types, int bytes, int next)
    {
        var type = metadata.AddTypeDefinition(
            TypeAttributes.NestedAssembly | TypeAttributes.ExplicitLayout | TypeAttributes.Sealed,
            default,
            metadata.GetOrAddString("Block"),
            types.ValueType,
            MetadataTokens.FieldDefinitionHandle(next + 1),
            MetadataTokens.MethodDefinitionHandle(next + 1)
        );
        // NativeAOT places the data at a multiple of this.
        metadata.AddTypeLayout(type, Alignment, (uint)bytes);
    }

    private static void AddNesting(MetadataBuilder metadata, int count)
    {
        for (var i = 0; i < count; i++)
        {
            metadata.AddNestedType(StructOf(i), MetadataTokens.TypeDefinitionHandle(2 + (2 * i)));
        }
    }

    private static BlobBuilder FieldSignature(TypeDefinitionHandle type)
    {
        var signature = new BlobBuilder();
        new BlobEncoder(signature).Field().Type().Type(type, isValueType: true);
        return signature;
    }

    private static int Body(References types, MethodBodyStreamEncoder bodies, FieldDefinitionHandle field, int length)
    {
        var code = new InstructionEncoder(new BlobBuilder());
        code.OpCode(ILOpCode.Ldsflda);
        code.Token(field);
        code.LoadConstantI4(length);
        code.OpCode(ILOpCode.Newobj);
        code.Token(types.SpanConstructor);
        code.OpCode(ILOpCode.Ret);
        return bodies.AddMethodBody(code);
    }

    /// <summary>What the assembly needs of System.Runtime.</summary>
    private sealed class References
    {
        public References(MetadataBuilder metadata)
        {
            var runtime = metadata.AddAssemblyReference(
                metadata.GetOrAddString("System.Runtime"),
                SystemRuntime,
                default,
                metadata.GetOrAddBlob(SystemRuntimeToken),
                default,
                default
            );
            var system = metadata.GetOrAddString("System");
            Object = metadata.AddTypeReference(runtime, system, metadata.GetOrAddString("Object"));
            ValueType = metadata.AddTypeReference(runtime, system, metadata.GetOrAddString("ValueType"));
            var span = metadata.AddTypeReference(runtime, system, metadata.GetOrAddString("ReadOnlySpan`1"));
            var spanOfBytes = new BlobBuilder();
            SpanOfBytes(new BlobEncoder(spanOfBytes).TypeSpecificationSignature(), span);
            var constructor = new BlobBuilder();
            new BlobEncoder(constructor)
                .MethodSignature(isInstanceMethod: true)
                .Parameters(
                    2,
                    returns => returns.Void(),
                    parameters =>
                    {
                        parameters.AddParameter().Type().VoidPointer();
                        parameters.AddParameter().Type().Int32();
                    }
                );
            SpanConstructor = metadata.AddMemberReference(
                metadata.AddTypeSpecification(metadata.GetOrAddBlob(spanOfBytes)),
                metadata.GetOrAddString(".ctor"),
                metadata.GetOrAddBlob(constructor)
            );
            var getter = new BlobBuilder();
            new BlobEncoder(getter).MethodSignature().Parameters(0, returns => SpanOfBytes(returns.Type(), span), _ => { });
            SpanGetterSignature = metadata.GetOrAddBlob(getter);
            var property = new BlobBuilder();
            new BlobEncoder(property).PropertySignature().Parameters(0, returns => SpanOfBytes(returns.Type(), span), _ => { });
            SpanPropertySignature = metadata.GetOrAddBlob(property);
        }

        public TypeReferenceHandle Object { get; }

        public TypeReferenceHandle ValueType { get; }

        public MemberReferenceHandle SpanConstructor { get; }

        public BlobHandle SpanGetterSignature { get; }

        public BlobHandle SpanPropertySignature { get; }

        private static void SpanOfBytes(SignatureTypeEncoder encoder, TypeReferenceHandle span) =>
            encoder.GenericInstantiation(span, 1, isValueType: true).AddArgument().Byte();
    }
}
