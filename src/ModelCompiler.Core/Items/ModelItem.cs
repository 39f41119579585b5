using System.Globalization;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Sizes;

namespace ModelCompiler.Items;

/// <summary>The project that a model belongs to, as far as generated code depends on it.</summary>
/// <param name="Target">Value of the property ModelCompilerTarget.</param>
/// <param name="RuntimeIdentifier">The platform that is built for; empty for any.</param>
/// <param name="RootNamespace">Namespace of classes that are given none.</param>
/// <param name="AssemblyName">Name of the assembly.</param>
public sealed record ModelProject(string Target, string RuntimeIdentifier, string RootNamespace, string AssemblyName);

/// <summary>One CompiledModel item of a project: the text of its metadata, empty where there is none.</summary>
/// <param name="Path">Full path of the file.</param>
/// <param name="Project">The project.</param>
public sealed record ModelItem(string Path, ModelProject Project)
{
    /// <summary>Names of the metadata, in the order in which the documentation lists them.</summary>
    public static IReadOnlyList<string> MetadataNames { get; } =
    [
        nameof(ClassName),
        nameof(Namespace),
        nameof(Accessibility),
        nameof(Dimensions),
        nameof(State),
        nameof(Labels),
        nameof(MaxWeightBytes),
        nameof(MaxArenaBytes),
        nameof(MaxMacs),
        nameof(Threads),
        nameof(Weights),
    ];

    /// <summary>Name of the class; made of the file's name where it is empty.</summary>
    public string ClassName { get; init; } = "";

    /// <summary>Namespace of the class; the project's where it is empty.</summary>
    public string Namespace { get; init; } = "";

    /// <summary><c>public</c> (also where it is empty) or <c>internal</c>.</summary>
    public string Accessibility { get; init; } = "";

    /// <summary>Sizes of symbolic dimensions: <c>batch=1..8;N=16</c>, where a bar may stand for the semicolon.</summary>
    public string Dimensions { get; init; } = "";

    /// <summary>Inputs and outputs that carry the state from one call to the next: <c>h0:hn;c0:cn</c>, where a bar may stand for the semicolon.</summary>
    public string State { get; init; } = "";

    /// <summary>Path of a file with the name of a class on each line.</summary>
    public string Labels { get; init; } = "";

    /// <summary>Budget of weights.</summary>
    public string MaxWeightBytes { get; init; } = "";

    /// <summary>Budget of working memory.</summary>
    public string MaxArenaBytes { get; init; } = "";

    /// <summary>Budget of multiply-accumulate operations.</summary>
    public string MaxMacs { get; init; } = "";

    /// <summary>How many threads compute large layers; 1 where it is empty.</summary>
    public string Threads { get; init; } = "";

    /// <summary><c>fastest</c> (also where it is empty) or <c>smallest</c>: what packed weights are to be.</summary>
    public string Weights { get; init; } = "";

    /// <summary>Makes an item from its metadata.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="project">The project.</param>
    /// <param name="metadata">Gives the value of a name of <see cref="MetadataNames"/>.</param>
    public static ModelItem Read(string path, ModelProject project, Func<string, string?> metadata) =>
        new(path, project)
        {
            ClassName = Text(metadata, nameof(ClassName)),
            Namespace = Text(metadata, nameof(Namespace)),
            Accessibility = Text(metadata, nameof(Accessibility)),
            Dimensions = Text(metadata, nameof(Dimensions)),
            State = Text(metadata, nameof(State)),
            Labels = Text(metadata, nameof(Labels)),
            MaxWeightBytes = Text(metadata, nameof(MaxWeightBytes)),
            MaxArenaBytes = Text(metadata, nameof(MaxArenaBytes)),
            MaxMacs = Text(metadata, nameof(MaxMacs)),
            Threads = Text(metadata, nameof(Threads)),
            Weights = Text(metadata, nameof(Weights)),
        };

    /// <summary>The options that the metadata say, and everything that is wrong with them.</summary>
    public CompileOptions ToOptions(ICollection<Problem> problems)
    {
        var className = ClassName.Length > 0 ? ClassName : Identifiers.PascalCase(System.IO.Path.GetFileNameWithoutExtension(Path));
        var space = Namespace.Length > 0 ? Namespace : Project.RootNamespace;
        return new CompileOptions
        {
            ClassName = Checked(
                className,
                IsClassName(className),
                nameof(ClassName),
                "an identifier that is no name of a member",
                "Model",
                problems
            ),
            Namespace = Checked(space, IsNamespace(space), nameof(Namespace), "identifiers with dots between them", "", problems),
            Accessibility = Checked(
                Accessibility.Length > 0 ? Accessibility : "public",
                Accessibility is "" or "public" or "internal",
                nameof(Accessibility),
                "public or internal",
                "public",
                problems
            ),
            Target = TargetOf(problems),
            State = Parts(State).ToArray(),
            AssemblyName = Project.AssemblyName,
            MaxWeightBytes = Budget(MaxWeightBytes, nameof(MaxWeightBytes), problems),
            MaxArenaBytes = Budget(MaxArenaBytes, nameof(MaxArenaBytes), problems),
            MaxMacs = Budget(MaxMacs, nameof(MaxMacs), problems),
            Threads = ThreadsOf(problems),
            Weights = WeightsOf(problems),
        }.With(SizesOf(problems));
    }

    private static IEnumerable<string> Parts(string list) => list.Split('|', ';').Select(p => p.Trim()).Where(p => p.Length > 0);

    private static string Text(Func<string, string?> metadata, string name) => metadata(name)?.Trim() ?? "";

    private static bool IsClassName(string name) => Identifiers.IsValid(name) && !ReservedNames.Contains(name);

    // A class may not have a member of its own name.
    private static readonly string[] ReservedNames =
    [
        "Arena",
        "CheckTensor",
        "Description",
        "Dispose",
        "Edges",
        "Info",
        "Layers",
        "Predict",
        "PredictQuantized",
        "Reset",
        "RestoreState",
        "Run",
        "RunPart",
        "RunQuantized",
        "SaveState",
        "Shared",
        "Sizes",
        "StateBytes",
        "Weights",
        "_arena",
        "_threads",
    ];

    private static bool IsNamespace(string name) => name.Length == 0 || name.Split('.').All(Identifiers.IsValid);

    private static string Checked(string value, bool isValid, string name, string wanted, string instead, ICollection<Problem> problems)
    {
        if (isValid)
        {
            return value;
        }

        problems.Add(new(ProblemKinds.InvalidOption, $"{name}=\"{value}\": expected {wanted}"));
        return instead;
    }

    private Target TargetOf(ICollection<Problem> problems)
    {
        var name = Project.Target.Length > 0 ? Project.Target : Target.Auto.Name;
        if (Target.Find(name, Project.RuntimeIdentifier) is { } target)
        {
            return target;
        }

        problems.Add(
            new(
                ProblemKinds.InvalidOption,
                $"ModelCompilerTarget is '{name}'; expected one of {string.Join(", ", Target.All.Select(t => t.Name))}"
            )
        );
        return Target.Auto;
    }

    private List<DimensionRange> SizesOf(ICollection<Problem> problems)
    {
        var sizes = new List<DimensionRange>();
        foreach (var part in Parts(Dimensions))
        {
            if (DimensionRange.Parse(part) is not { } size)
            {
                problems.Add(
                    new(
                        ProblemKinds.InvalidOption,
                        $"Dimensions: '{part}' is not understood; expected name=size with a size of at least 1, or name=smallest..largest"
                    )
                );
            }
            else if (sizes.Any(s => s.Symbol == size.Symbol))
            {
                problems.Add(new(ProblemKinds.InvalidOption, $"Dimensions: '{size.Symbol}' is given twice"));
            }
            else
            {
                sizes.Add(size);
            }
        }

        return sizes;
    }

    private int ThreadsOf(ICollection<Problem> problems)
    {
        if (Threads.Length == 0)
        {
            return 1;
        }

        if (int.TryParse(Threads, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads is >= 1 and <= byte.MaxValue)
        {
            return threads;
        }

        problems.Add(new(ProblemKinds.InvalidOption, $"Threads=\"{Threads}\": expected a number between 1 and {byte.MaxValue}"));
        return 1;
    }

    private WeightChoice WeightsOf(ICollection<Problem> problems)
    {
        if (WeightChoices.Find(Weights.Length > 0 ? Weights : WeightChoices.Names[0]) is { } choice)
        {
            return choice;
        }

        problems.Add(new(ProblemKinds.InvalidOption, $"Weights=\"{Weights}\": expected {string.Join(" or ", WeightChoices.Names)}"));
        return WeightChoice.Fastest;
    }

    private static long? Budget(string text, string name, ICollection<Problem> problems)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var budget))
        {
            return budget;
        }

        problems.Add(new(ProblemKinds.InvalidOption, $"{name}=\"{text}\": expected a number without sign"));
        return null;
    }
}
