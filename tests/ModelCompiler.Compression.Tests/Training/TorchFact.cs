using ModelCompiler.Training.Native;

namespace ModelCompiler.Testing;

/// <summary>libtorch, which not every machine has.</summary>
internal static class Torch
{
    /// <summary>Why it does not load; null where it does.</summary>
    public static string? Missing { get; } = Load();

    private static string? Load()
    {
        try
        {
            LibTorch.Load(_ => { });
            // Sums in one order, so that results do not depend on the machine.
            TorchSharp.torch.set_num_threads(1);
            return null;
        }
        catch (LibTorchException e)
        {
            return e.Message;
        }
    }
}

/// <summary>A test that needs libtorch, skipped where it does not load.</summary>
public sealed class TorchFactAttribute : FactAttribute
{
    public TorchFactAttribute() => Skip = Torch.Missing;
}

/// <summary>The same with cases.</summary>
public sealed class TorchTheoryAttribute : TheoryAttribute
{
    public TorchTheoryAttribute(bool needsTestData = false) =>
        Skip = Torch.Missing ?? (needsTestData && TestData.Root is null ? "shared/testdata is not on this machine" : null);
}
