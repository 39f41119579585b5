namespace ModelCompiler.Testing;

/// <summary>
/// The package as it ships, in a folder of its own, made once for all who use it. Its version is used by nobody else and what is
/// restored goes below the same folder, so that no cache on the machine ever holds it.
/// </summary>
public sealed class PackageFeed : IDisposable
{
    private readonly Lazy<string> _version;

    public PackageFeed() => _version = new Lazy<string>(Pack);

    /// <summary>A folder outside of the repository.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("modelcompiler-package-").FullName;

    /// <summary>Version of the package.</summary>
    public string Version => _version.Value;

    /// <summary>Where the package lies.</summary>
    public string Folder => Path.Combine(Root, "feed");

    /// <summary>The arguments that have a restore see the feed and leave the machine's own packages alone.</summary>
    public string[] RestoreArguments =>
        [
            $"-p:RestoreAdditionalProjectSources={Folder}",
            $"-p:RestorePackagesPath={Path.Combine(Root, "packages")}",
            $"-p:RestoreFallbackFolders={GlobalPackages}",
        ];

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static string GlobalPackages =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private string Pack()
    {
        var version = $"0.0.0-test.{Guid.NewGuid():N}";
        Command.Run(
            Repository.Root,
            "dotnet",
            "pack",
            "generator/ModelCompiler.Generator",
            "-c",
            "Release",
            "-o",
            Folder,
            $"-p:PackageVersion={version}"
        );
        return version;
    }
}
