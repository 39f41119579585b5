using ModelCompiler.Testing;

namespace ModelCompiler.Aot.Tests;

/// <summary>Shares the package between the classes of tests.</summary>
[CollectionDefinition(nameof(PackageFeed))]
public sealed class PackageFeedCollection : ICollectionFixture<PackageFeed>;
