using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using DimensionKind = ModelCompiler.Import.Onnx.Proto.TensorShapeProto.Types.Dimension.ValueOneofCase;

namespace ModelCompiler.Import.Onnx;

/// <summary>
/// Declares the inputs of a model with every size known. A sequence becomes one input an element, and an optional its content or
/// nothing: how many elements there are is bound under the input's name, as a dimension is under its symbol. One integer that is bound
/// is no input any more.
/// </summary>
internal sealed class OnnxInputs(CompileOptions options, GraphBuilder graph, ImportProblems problems)
{
    /// <summary>A generated method has a parameter for each.</summary>
    private const int MaxItems = 256;

    /// <summary>The name that element <paramref name="index"/> of a sequence has as an input or output of its own.</summary>
    public static string ItemName(string sequence, int index) => $"{sequence}_{index}";

    /// <summary>Declares an input.</summary>
    /// <exception cref="ProblemException">A size is not known, or the type is not supported.</exception>
    /// <exception cref="ShapeException">A given shape contradicts the model's.</exception>
    public OnnxValue Read(ValueInfoProto input) =>
        input.Type?.ValueCase == TypeProto.ValueOneofCase.OptionalType
            ? ReadOptional(input.Name, input.Type.OptionalType.ElemType)
            : Read(input.Name, input.Type);

    private OnnxValue Read(string name, TypeProto? type) =>
        type?.ValueCase switch
        {
            TypeProto.ValueOneofCase.TensorType => new OnnxTensor(
                Fixed(name, type, options.Dimensions) ?? graph.Input(name, TypeOf(name, type.TensorType))
            ),
            TypeProto.ValueOneofCase.SequenceType => ReadSequence(name, type.SequenceType.ElemType, CountOf(name) ?? throw NoCount(name)),
            _ => throw new ProblemException(
                ProblemKinds.UnsupportedForm,
                "only tensors, sequences of tensors and optionals of these are supported as inputs"
            ),
        };

    /// <summary>
    /// The constant that an input is where its name is bound and it is one integer: a rate or a number of iterations that decides what
    /// is computed. Null for any other input.
    /// </summary>
    public static Value? Fixed(string name, TypeProto? type, IReadOnlyList<DimensionBinding> bindings)
    {
        if (
            type?.ValueCase != TypeProto.ValueOneofCase.TensorType
            || type.TensorType.Shape?.Dim.All(d => d.ValueCase == DimensionKind.DimValue && d.DimValue == 1) != true
            || bindings.FirstOrDefault(b => b.Symbol == name) is not { } binding
        )
        {
            return null;
        }

        var shape = new TensorShape(type.TensorType.Shape.Dim.Select(_ => 1));
        return (ElementType)type.TensorType.ElemType switch
        {
            ElementType.Int64 => new Value(name, Tensor.From<long>(ElementType.Int64, shape, [binding.Size])),
            ElementType.Int32 => new Value(name, Tensor.From<int>(ElementType.Int32, shape, [binding.Size])),
            _ => null,
        };
    }

    private OnnxValue ReadOptional(string name, TypeProto? content)
    {
        if (CountOf(name) is null && !IsGiven(name))
        {
            problems.Report(
                ProblemKinds.AssumedDimension,
                $"input '{name}' is optional and taken as not given; Dimensions=\"{name}=1\" gives it (for a sequence, with its length)"
            );
            return new OnnxAbsent();
        }

        return CountOf(name) == 0 ? new OnnxAbsent() : Read(name, content);
    }

    private OnnxSequence ReadSequence(string name, TypeProto? item, int count)
    {
        if (item?.ValueCase != TypeProto.ValueOneofCase.TensorType)
        {
            throw new ProblemException(ProblemKinds.UnsupportedForm, "only sequences of tensors are supported as inputs");
        }

        if (count > MaxItems)
        {
            throw new ProblemException(
                ProblemKinds.UnsupportedForm,
                $"a sequence of {count} tensors is not supported as an input; supported: up to {MaxItems}"
            );
        }

        var items = ImmutableArray.CreateBuilder<Value>(count);
        for (var i = 0; i < count; i++)
        {
            items.Add(graph.Input(ItemName(name, i), TypeOf(ItemName(name, i), item.TensorType)));
        }

        return new OnnxSequence(items.ToImmutable());
    }

    /// <summary>How many elements a sequence has: what the user binds, or how many have a given shape; null where neither says it.</summary>
    private int? CountOf(string name)
    {
        if (options.Dimensions.FirstOrDefault(b => b.Symbol == name) is { } binding)
        {
            return binding.Size;
        }

        var given = 0;
        while (given <= MaxItems && IsGiven(ItemName(name, given)))
        {
            given++;
        }

        return given > 0 ? given : null;
    }

    private bool IsGiven(string name) => options.InputShapes.Any(s => s.Input == name);

    private static ProblemException NoCount(string name) =>
        new(ProblemKinds.UnboundDimension, $"the length of the sequence is not known; bind it with Dimensions=\"{name}=…\"");

    private TensorType TypeOf(string name, TypeProto.Types.Tensor tensor)
    {
        var element = OnnxTensorReader.ElementTypeOf(tensor.ElemType, name);
        if (element.CSharpName() is null)
        {
            throw OnnxTensorReader.NoElements(element);
        }

        if (options.InputShapes.FirstOrDefault(s => s.Input == name) is { } given)
        {
            return new TensorType(element, Checked(given.Shape, tensor.Shape));
        }

        if (tensor.Shape is null)
        {
            throw new ProblemException(ProblemKinds.UnboundDimension, "the model does not give its shape");
        }

        return new TensorType(element, new TensorShape(tensor.Shape.Dim.Select((d, axis) => SizeOf(name, d, axis)).ToArray()));
    }

    /// <summary>The given shape, if it does not contradict what the file says.</summary>
    private static TensorShape Checked(TensorShape given, TensorShapeProto? declared)
    {
        var fits =
            declared is null
            || (
                declared.Dim.Count == given.Rank
                && declared
                    .Dim.Zip(given, (d, size) => d.ValueCase != DimensionKind.DimValue || d.DimValue <= 0 || d.DimValue == size)
                    .All(f => f)
            );
        return fits
            ? given
            : throw new ShapeException(
                $"the given shape {given} contradicts the model's [{string.Join(",", declared!.Dim.Select(d => d.ValueCase == DimensionKind.DimValue ? $"{d.DimValue}" : d.DimParam))}]"
            );
    }

    private int SizeOf(string input, TensorShapeProto.Types.Dimension dimension, int axis)
    {
        if (dimension.ValueCase == DimensionKind.DimValue && dimension.DimValue > 0)
        {
            return dimension.DimValue <= int.MaxValue
                ? (int)dimension.DimValue
                : throw new ShapeException($"dimension {axis} has the size {dimension.DimValue}");
        }

        var symbol = dimension.DimParam.Length > 0 ? dimension.DimParam : $"{input}[{axis}]";
        if (options.Dimensions.FirstOrDefault(b => b.Symbol == symbol) is { } binding)
        {
            return binding.Size;
        }

        if (axis > 0)
        {
            throw new ProblemException(
                ProblemKinds.UnboundDimension,
                $"dimension {axis} is not known; bind it with Dimensions=\"{symbol}=…\""
            );
        }

        // An unknown batch is the one dimension that everybody leaves open and runs at 1.
        problems.Report(
            ProblemKinds.AssumedDimension,
            $"input '{input}': dimension 0 ({symbol}) is taken as 1; Dimensions=\"{symbol}=…\" changes that"
        );
        return 1;
    }
}
