namespace ModelCompiler;

/// <summary>What is known about a compiled model: the value of the generated class's property <c>Info</c>.</summary>
public sealed class ModelInfo
{
    /// <summary>Name of the model's graph.</summary>
    public required string Name { get; init; }

    /// <summary>What the code was generated for: the value of the MSBuild property <c>ModelCompilerTarget</c>.</summary>
    public required string Target { get; init; }

    /// <summary>The inputs, in the order of <c>Predict</c>'s parameters.</summary>
    public required IReadOnlyList<PortInfo> Inputs { get; init; }

    /// <summary>The outputs, in the order of <c>Predict</c>'s parameters.</summary>
    public required IReadOnlyList<PortInfo> Outputs { get; init; }

    /// <summary>What is computed, in order.</summary>
    public required IReadOnlyList<LayerInfo> Layers { get; init; }

    /// <summary>Names of the classes, line by line from the file given as <c>Labels</c>; empty where there is none.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Multiply-accumulate operations of one <c>Predict</c>.</summary>
    public required long Macs { get; init; }

    /// <summary>Bytes of packed weights in the binary.</summary>
    public required int WeightBytes { get; init; }

    /// <summary>Bytes of working memory that each instance owns.</summary>
    public required int ArenaBytes { get; init; }

    /// <summary>Bytes of the state that each instance keeps from one <c>Predict</c> to the next: the length that <c>SaveState</c> wants.</summary>
    public int StateBytes { get; init; }

    /// <summary>One line: name, shapes, work and memory.</summary>
    public override string ToString() =>
        $"{Name}: {string.Join(", ", Inputs)} → {string.Join(", ", Outputs)}; {Macs} MAC, {WeightBytes} B of weights, {ArenaBytes} B of arena, {Target}";
}
