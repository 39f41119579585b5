using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using ModelCompiler.Cli.Commands;
using ModelCompiler.Emit;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Publishing;

/// <summary>
/// Publishes a program of a few lines with NativeAOT, with a network and without one. The class of the network is what <c>emit</c> writes,
/// which is what a build generates, so that neither the generator nor its package is needed.
/// </summary>
internal sealed class NativeProgram : IDisposable
{
    private const string Name = "app";
    private readonly string _root = Directory.CreateTempSubdirectory("modelc-publish-").FullName;
    private readonly Target _target;
    private readonly string _runtime;

    /// <summary>Programs without a network, by their text.</summary>
    private readonly Dictionary<string, string> _without = new(StringComparer.Ordinal);

    /// <summary>A place for programs for a target.</summary>
    /// <exception cref="CommandException">This machine lacks what NativeAOT needs.</exception>
    public NativeProgram(Target target)
    {
        _runtime = RuntimeOf(target);
        // As in a build, where the runtime identifier says of which architecture the instruction sets are.
        _target = Target.Find(target.Name, _runtime)!;
    }

    /// <summary>Why NativeAOT does not work here; null where it does.</summary>
    /// <param name="path">Folders with programs, in the form of the environment variable PATH.</param>
    public static string? Missing(string path)
    {
        var folders = path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        bool Has(string tool) => folders.Any(f => File.Exists(Path.Combine(f, tool)));
        string[] missing =
        [
            .. OperatingSystem.IsLinux() ? [] : new[] { "Linux" },
            .. Has("dotnet") ? [] : new[] { "the .NET SDK (dotnet)" },
            .. Has("clang") || Has("gcc") ? [] : new[] { "a C compiler that links (clang or gcc)" },
        ];
        return missing.Length == 0 ? null : $"--published makes a NativeAOT binary, which needs {string.Join(" and ", missing)}.";
    }

    /// <summary>Publishes a program with a model that compiles and, once for all models of the same inputs and outputs, the same one without.</summary>
    /// <param name="opened">The model.</param>
    /// <param name="name">Of a folder for it.</param>
    /// <param name="cancellation">Ends the builds.</param>
    /// <returns>The program, which is there until this instance is disposed of.</returns>
    public PublishedProgram Publish(ModelCase opened, string name, CancellationToken cancellation)
    {
        var options = opened.Options with { Target = _target, ClassName = "Model", Namespace = "Published", AssemblyName = Name };
        var compiled = ModelCase.Compile(opened.File.Source, options);
        if (!compiled.Succeeded)
        {
            throw new CommandException(string.Join(" ", compiled.Problems.Select(p => p.Message)), exitCode: ExitCodes.CannotCompile);
        }

        var empty = ProgramText.Of(compiled.Inputs, compiled.Outputs, network: "");
        if (!_without.TryGetValue(empty, out var without))
        {
            without = Publish($"without{_without.Count}", empty, [], cancellation);
            _without.Add(empty, without);
        }

        var network = ProgramText.Network(compiled.Inputs, compiled.Outputs);
        var files = EmitCommand.Write(compiled, options, Path.Combine(_root, name));
        var with = Publish(name, ProgramText.Of(compiled.Inputs, compiled.Outputs, network), files, cancellation);
        return new(with, BinaryGrowth.Between(without, with));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Publish(string name, string program, IEnumerable<string> files, CancellationToken cancellation)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        File.WriteAllText(
            Path.Combine(folder, Name + ".csproj"),
            Project(files.Where(f => f.EndsWith(".dll", StringComparison.Ordinal))).ToString()
        );
        var output = Path.Combine(folder, "out");
        Run(folder, ["publish", "-c", "Release", "-r", _runtime, "-o", output, "--nologo"], cancellation);
        return Path.Combine(output, Name);
    }

    private XElement Project(IEnumerable<string> assemblies) =>
        new(
            "Project",
            new XAttribute("Sdk", "Microsoft.NET.Sdk"),
            new XElement(
                "PropertyGroup",
                new XElement("OutputType", "Exe"),
                new XElement("TargetFramework", "net10.0"),
                new XElement("PublishAot", "true"),
                new XElement("InvariantGlobalization", "true"),
                new XElement("StackTraceSupport", "false"),
                new XElement("UseSystemResourceKeys", "true"),
                Instructions() is { } instructions ? new XElement("IlcInstructionSet", instructions) : null
            ),
            new XElement(
                "ItemGroup",
                // It lies beside modelc and holds the types that generated code names.
                assemblies
                    .Append(typeof(ModelInfo).Assembly.Location)
                    .Select(a => new XElement(
                        "Reference",
                        new XAttribute("Include", Path.GetFileNameWithoutExtension(a)),
                        new XElement("HintPath", a)
                    ))
            )
        );

    /// <summary>What the package's targets set for NativeAOT on x64; null where they set nothing.</summary>
    private string? Instructions() =>
        !_runtime.EndsWith("-x64", StringComparison.Ordinal) || _target.Name is "portable" or "x64-sse41" ? null
        : _target.Name == "x64-avx512" ? "x86-64-v4"
        : "x86-64-v3";

    private static string RuntimeOf(Target target)
    {
        if (Missing(Environment.GetEnvironmentVariable("PATH") ?? "") is { } missing)
        {
            throw new CommandException(missing);
        }

        var architecture = target.Name.Split('-')[0] switch
        {
            "x64" => "x64",
            "arm64" => "arm64",
            _ => RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
        };
        return "linux-" + architecture;
    }

    private static void Run(string folder, string[] arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Where modelc itself is run by a build, that build's settings would reach this one.
        foreach (
            var name in new[] { "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath", "MSBuildLoadMicrosoftTargetsReadOnly" }
        )
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        using var stop = cancellation.Register(() => process.Kill(entireProcessTree: true));
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            var faults = (output + errors.Result).Split('\n').Where(l => l.Contains("error", StringComparison.Ordinal)).Distinct().Take(3);
            throw new CommandException($"dotnet publish ended with {process.ExitCode}: {string.Join(" ", faults.Select(l => l.Trim()))}");
        }
    }
}
