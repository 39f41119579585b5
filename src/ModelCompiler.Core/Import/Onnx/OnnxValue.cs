using System.Collections.Immutable;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx;

/// <summary>What a name of an ONNX model stands for. Only tensors exist at run time; sequences and optionals are resolved at import.</summary>
internal abstract record OnnxValue
{
    /// <summary>What it is, for diagnostics.</summary>
    public abstract string Description { get; }
}

/// <summary>A tensor, alone or as the content of an optional that has one.</summary>
internal sealed record OnnxTensor(Value Value) : OnnxValue
{
    public override string Description => Value.Type.ToString();
}

/// <summary>A sequence of tensors whose length is known, alone or as the content of an optional.</summary>
internal sealed record OnnxSequence(ImmutableArray<Value> Items) : OnnxValue
{
    public override string Description => $"a sequence of {Items.Length} tensors";
}

/// <summary>A tensor whose shape is not known when code is written: whoever reads it cannot be compiled.</summary>
internal sealed record OnnxUnsized(string Reason) : OnnxValue
{
    public override string Description => Reason;
}

/// <summary>An optional without content.</summary>
internal sealed record OnnxAbsent : OnnxValue
{
    public override string Description => "an optional without a value";
}
