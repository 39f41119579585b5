using Xunit;

namespace ModelCompiler.Testing;

/// <summary>A theory that needs the folder of real models; skipped, visibly, where that is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TestdataTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips where there is no data.</summary>
    public TestdataTheoryAttribute()
    {
        if (Testdata.Folder is null)
        {
            Skip = "shared/testdata does not lie beside the repository";
        }
    }
}
