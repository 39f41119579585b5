namespace ModelCompiler.Aot.Tests;

/// <summary>A project outside of the repository that has nothing but a reference to the package and models.</summary>
internal sealed class App
{
    private readonly PackageFeed _feed;
    private readonly string _folder;

    public App(PackageFeed feed, string name, string items, string program, params (string File, byte[] Content)[] files)
    {
        _feed = feed;
        _folder = Path.Combine(feed.Root, name);
        Directory.CreateDirectory(_folder);
        File.WriteAllText(
            Path.Combine(_folder, name + ".csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <AnalysisLevel>latest-all</AnalysisLevel>
                <NoWarn>$(NoWarn);CA1303;CA1031</NoWarn>
                <RootNamespace>TestApp</RootNamespace>
                <InvariantGlobalization>true</InvariantGlobalization>
                <OptimizationPreference>Size</OptimizationPreference>
                <StackTraceSupport>false</StackTraceSupport>
                <UseSystemResourceKeys>true</UseSystemResourceKeys>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="ModelCompiler" Version="{feed.Version}" />
                {items}
              </ItemGroup>
            </Project>
            """
        );
        File.WriteAllText(Path.Combine(_folder, "Program.cs"), program);
        foreach (var (file, content) in files)
        {
            File.WriteAllBytes(Path.Combine(_folder, file), content);
        }

        Name = name;
    }

    public string Name { get; }

    public string Folder => _folder;

    /// <summary>Builds and returns what the build said.</summary>
    public string Build(params string[] arguments) => Command.Run(_folder, "dotnet", ["build", .. _feed.RestoreArguments, .. arguments]);

    /// <summary>Publishes with NativeAOT and returns the path of the binary and what the publishing said.</summary>
    public (string Binary, string Output) Publish(string runtime, params string[] arguments)
    {
        var output = Path.Combine(_folder, "out", runtime);
        var said = Command.Run(
            _folder,
            "dotnet",
            ["publish", "-c", "Release", "-r", runtime, "-p:PublishAot=true", "-o", output, .. _feed.RestoreArguments, .. arguments]
        );
        return (Path.Combine(output, Name), said);
    }
}
