namespace ModelCompiler.Testing;

/// <summary>A project outside of the repository, set up as a small device's program is.</summary>
public sealed class App
{
    private readonly PackageFeed _feed;
    private readonly string _folder;

    /// <summary>A project that has nothing but a reference to the package and models.</summary>
    /// <param name="feed">Where the package comes from.</param>
    /// <param name="name">Name of the project and its binary.</param>
    /// <param name="items">Items of the project file.</param>
    /// <param name="program">Text of the program.</param>
    /// <param name="files">Further files of the project.</param>
    public App(PackageFeed feed, string name, string items, string program, params (string File, byte[] Content)[] files)
        : this(feed, name, program, files, $"""<PackageReference Include="ModelCompiler" Version="{feed.Version}" />{items}""") { }

    private App(PackageFeed feed, string name, string program, (string File, byte[] Content)[] files, string items)
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
                <StackTraceSupport>false</StackTraceSupport>
                <UseSystemResourceKeys>true</UseSystemResourceKeys>
              </PropertyGroup>
              <ItemGroup>
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

    /// <summary>Name of the project and its binary.</summary>
    public string Name { get; }

    /// <summary>Where the project lies.</summary>
    public string Folder => _folder;

    /// <summary>A project that does without the package, for comparison.</summary>
    public static App WithoutPackage(
        PackageFeed feed,
        string name,
        string items,
        string program,
        params (string File, byte[] Content)[] files
    ) => new(feed, name, program, files, items);

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
