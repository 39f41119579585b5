namespace ModelCompiler.Lowering.Kernels;

/// <summary>Copies bytes: for graph outputs that are inputs, constants or views, and for inputs that must lie in the arena.</summary>
internal sealed record CopyKernel(int Bytes) : Kernel
{
    public override string Describe() => $"copy of {Bytes} bytes";
}
