namespace ModelCompiler;

/// <summary>One step of a compiled model: usually one operator with what was fused into it.</summary>
/// <param name="name">Name of the node in the model.</param>
/// <param name="kernel">Which loop computes it, with shapes and tiling.</param>
/// <param name="macs">Multiply-accumulate operations.</param>
/// <param name="weightBytes">Bytes of packed weights.</param>
public sealed class LayerInfo(string name, string kernel, long macs, int weightBytes)
{
    /// <summary>Name of the node in the model.</summary>
    public string Name { get; } = name;

    /// <summary>Which loop computes it, with shapes and tiling.</summary>
    public string Kernel { get; } = kernel;

    /// <summary>Multiply-accumulate operations.</summary>
    public long Macs { get; } = macs;

    /// <summary>Bytes of packed weights.</summary>
    public int WeightBytes { get; } = weightBytes;

    /// <summary>Name, kernel, work and weights.</summary>
    public override string ToString() => $"{Name}: {Kernel}, {Macs} MAC, {WeightBytes} B";
}
