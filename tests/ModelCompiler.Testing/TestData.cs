using Xunit;

namespace ModelCompiler.Testing;

/// <summary>The folder of real models and data beside the repository, which not every machine has.</summary>
public static class TestData
{
    /// <summary><c>shared/testdata</c> in one of the folders above the repository's; null where there is none.</summary>
    public static string? Root { get; } =
        Above(AppContext.BaseDirectory).Select(d => Path.Combine(d, "shared", "testdata")).FirstOrDefault(Directory.Exists);

    /// <summary>The path of something in it.</summary>
    public static string PathOf(params string[] parts) =>
        Path.Combine([Root ?? throw new InvalidOperationException("there is no test data on this machine"), .. parts]);

    private static IEnumerable<string> Above(string folder)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
        {
            yield return current.FullName;
        }
    }
}

/// <summary>A test that needs <see cref="TestData"/>, skipped where they are missing.</summary>
public sealed class TestDataFactAttribute : FactAttribute
{
    public TestDataFactAttribute() => Skip = TestData.Root is null ? "shared/testdata is not on this machine" : null;
}

/// <summary>The same with cases.</summary>
public sealed class TestDataTheoryAttribute : TheoryAttribute
{
    public TestDataTheoryAttribute() => Skip = TestData.Root is null ? "shared/testdata is not on this machine" : null;
}
