using System.CommandLine;
using ModelCompiler.Conformance;

if (args is [Worker.Argument, var served])
{
    return Worker.Serve(served);
}

var directory = new Argument<DirectoryInfo>("DIR")
{
    Description = "Folder below which every folder with model.onnx and test_data_set_* is a case.",
}.AcceptExistingOnly();
var filter = new Option<string?>("--filter") { Description = "Run only cases whose path contains this text." };
var json = new Option<FileInfo?>("--json") { Description = "Write all results to this file." };
var workers = new Option<int>("--workers")
{
    Description = "Cases that run at a time.",
    DefaultValueFactory = _ => Environment.ProcessorCount,
};
var limit = new Option<int>("--timeout") { Description = "Seconds that one case may take.", DefaultValueFactory = _ => 60 };
var root = new RootCommand(
    "Runs ONNX backend tests through the compiler. Exit code 0: none failed; 1: at least one failed. Skipped cases are those that the compiler refuses with a diagnostic."
)
{
    directory,
    filter,
    json,
    workers,
    limit,
};
root.SetAction(
    (parsed, _) =>
        new ConformanceRun(
            parsed.GetRequiredValue(directory).FullName,
            parsed.GetValue(filter),
            parsed.GetValue(json)?.FullName,
            Math.Max(1, parsed.GetValue(workers)),
            TimeSpan.FromSeconds(parsed.GetValue(limit))
        ).Execute(Console.Out)
);
return await root.Parse(args).InvokeAsync();
