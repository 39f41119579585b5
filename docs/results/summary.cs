// Writes README.md of this folder from the logs: dotnet run docs/results/summary.cs
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var folder = Folder();
var page = new StringWriter { NewLine = "\n" };
page.WriteLine(
    """
    # Results

    What the commands of `modelc` make of networks on real data, written by `dotnet run docs/results/summary.cs` from the logs in this folder.
    Each script runs an experiment for the seeds that it is given; a step's `.command` is what was run and its `.json` what modelc said.
    Choices are made on items held back from the training data; accuracy is that of the 10,000 test images of Fashion-MNIST.
    """
);
var seeds = Directory
    .GetDirectories(Path.Combine(folder, "lenet-300-100"))
    .Where(seed => File.Exists(Path.Combine(seed, "published.json")))
    .Order(StringComparer.Ordinal)
    .ToList();
page.WriteLine();
page.WriteLine("## LeNet-300-100: pruned, weights shared, quantised");
page.WriteLine();
page.WriteLine(
    "`lenet-300-100.sh`: 93 % of the weights pruned in steps, 32 values for the rest, int8, `--weights smallest`. Baked are stream, values and biases; the program is the one that `modelc report --published` makes, whose growth has all of the code in it and comes in whole pages."
);
page.WriteLine();
page.WriteLine(
    "| seed | float | pruned | shared, trained | int8 | float32 bytes | baked | times smaller | program grows by | times smaller |"
);
page.WriteLine("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
var rows = seeds.Select(Row).ToList();
foreach (var (seed, row) in seeds.Zip(rows))
{
    Write(Path.GetFileName(seed), row);
}

if (rows.Count > 1)
{
    Write("mean", [.. Enumerable.Range(0, rows[0].Length).Select(i => rows.Average(r => r[i]))]);
}

File.WriteAllText(Path.Combine(folder, "README.md"), page.ToString());

double[] Row(string seed)
{
    var (trained, pruned, tuned, int8) = (Read(seed, "float"), Read(seed, "pruned"), Read(seed, "tuned"), Read(seed, "int8"));
    var floats = 4 * Number(trained, "parameters");
    var baked = Number(int8, "after", "weightBytes");
    var program = Number(Read(seed, "published"), "models", "0", "publishedGrowthBytes");
    return
    [
        Number(trained, "testAccuracy"),
        Number(pruned, "after", "accuracy"),
        Number(tuned, "after", "accuracy"),
        Number(int8, "after", "accuracy"),
        floats,
        baked,
        floats / baked,
        program,
        floats / program,
    ];
}

void Write(string name, double[] row) =>
    page.WriteLine(
        $"| {name} | {string.Join(" | ", row.Take(4).Select(a => $"{100 * a:F2} %"))} | {row[4]:N0} | {row[5]:N0} | {row[6]:F1} | {row[7]:N0} | {row[8]:F1} |"
    );

JsonElement Read(string seed, string step) => JsonDocument.Parse(File.ReadAllText(Path.Combine(seed, $"{step}.json"))).RootElement;

double Number(JsonElement element, params string[] path) =>
    path.Aggregate(element, (e, name) => int.TryParse(name, out var index) ? e[index] : e.GetProperty(name)).GetDouble();

string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
