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
    Choices are made on items held back from the training data; accuracy is that of the 10,000 test images of Fashion-MNIST, where nothing
    else is said. Lost is in percentage points of it.
    """
);
Quantised("ds-cnn", "DS-CNN", "`ds-cnn.sh`");
Quantised("resnet-8", "ResNet-8", "`quantised.sh resnet-8`");
Quantised("mobilenet-v2", "MobileNetV2 of half the width", "`quantised.sh mobilenet-v2`");
Table(
    "ds-cnn",
    "int4-trained",
    "DS-CNN: weights of 4 bits",
    "`ds-cnn.sh`, points lost against float: rounded to the nearest with biases corrected, by learned rounding (AdaRound), and the first of the two trained on for two epochs.",
    [
        new("float", s => s.Accuracy("float"), Percent),
        new("nearest", s => Lost(s, "float", "int4"), Points),
        new("learned rounding", s => Lost(s, "float", "int4-learned"), Points),
        new("trained", s => Lost(s, "float", "int4-trained"), Points),
        new("bytes of int8", s => s.Number("int8", "after", "weightBytes"), Count),
        new("bytes", s => s.Number("int4-trained", "after", "weightBytes"), Count),
    ]
);
Table(
    "ds-cnn",
    "times",
    "DS-CNN: half of its channels pruned",
    "`ds-cnn.sh`: half of all channels go in three steps with two epochs after each, then int8. MAC, bytes and time are shares of those of the whole network. Time is that of the compiled int8 network, taken in turns.",
    [
        new("float", s => s.Accuracy("float"), Percent),
        new("pruned, lost", s => 100 * (s.Accuracy("float") - s.Number("pruned-int8", "before", "accuracy")), Points),
        new("and int8, lost", s => Lost(s, "float", "pruned-int8"), Points),
        new("MAC", s => s.Number("pruned", "after", "macs") / s.Number("pruned", "before", "macs"), Ratio),
        new("bytes", s => s.Number("pruned-int8", "after", "weightBytes") / s.Number("int8", "after", "weightBytes"), Ratio),
        new("time", s => Milliseconds(s, 1) / Milliseconds(s, 0), Ratio),
    ]
);
Shared("ds-cnn", "DS-CNN", "`ds-cnn.sh`");
Shared("resnet-8", "ResNet-8", "`quantised.sh resnet-8`");
Small(
    "lenet-300-100",
    "LeNet-300-100",
    "93 % of the weights pruned in steps and the rest trained on, with weight decay; 16 values for them"
);
Small(
    "lenet-5",
    "LeNet-5",
    "93 % of the weights pruned in steps with weight decay, 16 values for the rest, trained on with the float network as the teacher"
);
Distilled(
    "lenet-300-100",
    "Distillation: a student with few items",
    "a LeNet-300-100 that learns from 6,000 of the training images, for three epochs, and for forty more by the classes alone, or with the three ResNet-8 above as the teachers, which have learnt from 55,000. The other 54,000 choose the epoch, and have chosen the temperature with seed 1"
);
Distilled(
    "lenet-300-100-all",
    "Distillation: a student with all items",
    "the same network with all of the 55,000 images, for three epochs and for fifteen more, and the ResNet-8 of the first seed above as the teacher. This came before the experiment with few items, which was made because of it"
);
Distilled(
    "ds-cnn",
    "Distillation: a student that is too small",
    "a DS-CNN of a quarter of the width, trained for six epochs, and for four more by the classes alone, or with the DS-CNN of the first seed above as the teacher"
);
Ensembles();
Table(
    "compress",
    "search",
    "Compressed by a search",
    "`compress.sh`: what `modelc compress` finds in 30 minutes on two cores for the DS-CNN above, with at most half a point lost on the 5,000 items held back, by which it chooses. Cost is the mean of MAC and bytes, as shares of those of the int8 network.",
    [
        new("float", s => s.Number("search", "original", "testAccuracy"), Percent),
        new("int8", s => s.Number("search", "baseline", "testAccuracy"), Percent),
        new("chosen", s => s.Number("search", "chosen", "testAccuracy"), Percent),
        new("lost", s => 100 * (s.Number("search", "original", "testAccuracy") - s.Number("search", "chosen", "testAccuracy")), Points),
        new(
            "lost of those held back",
            s => 100 * (s.Number("search", "original", "validationAccuracy") - s.Number("search", "chosen", "validationAccuracy")),
            Points
        ),
        new("MAC", s => s.Number("search", "chosen", "macs") / s.Number("search", "baseline", "macs"), Ratio),
        new("bytes", s => s.Number("search", "chosen", "weightBytes") / s.Number("search", "baseline", "weightBytes"), Ratio),
        new("cost", s => s.Number("search", "chosen", "objective"), Ratio),
    ]
);
Table(
    "spoken-digits",
    "int8",
    "Spoken digits: a speaker who was never heard",
    "`spoken-digits.sh`: a DS-CNN on log-mel features of the Free Spoken Digit Dataset learns from five speakers, whose sounds `train` changes at random, and is then quantised. Accuracy is that of the 500 recordings of the sixth. The epoch is chosen by recordings of the five. Features and augmentation are the same in all turns and were tried with nicolas, george and theo held back, so that these three are not wholly unseen by that choice.",
    [
        new("float", s => s.Accuracy("float"), Percent),
        new("int8", s => s.Accuracy("int8"), Percent),
        new("lost", s => Lost(s, "float", "int8"), Points),
        new("MAC", s => s.Number("int8", "after", "macs"), Count),
        new("bytes", s => s.Number("int8", "after", "weightBytes"), Count),
    ],
    variant: "left out"
);
Anomalies();
File.WriteAllText(Path.Combine(folder, "README.md"), page.ToString());

void Quantised(string experiment, string network, string script) =>
    Table(
        experiment,
        "int16",
        $"{network}: quantised after training",
        $"{script}: a scale for each channel of weights, ranges of activations from 1,000 images. With activations of 16 bits, biases make up for what rounding the weights moves.",
        [
            new("float", s => s.Accuracy("float"), Percent),
            new("int8", s => s.Accuracy("int8"), Percent),
            new("lost", s => Lost(s, "float", "int8"), Points),
            new("int16", s => s.Accuracy("int16"), Percent),
            new("lost", s => Lost(s, "float", "int16"), Points),
        ]
    );

void Shared(string experiment, string network, string script) =>
    Table(
        experiment,
        "shared-trained",
        $"{network}: 16 values for the weights of a layer",
        $"{script}: the int8 network's weights share 16 values a layer and are trained on for two epochs. Bytes are a share of int8's, biases, scales and depthwise kernels among them; docs/performance.md has single layers.",
        [
            new("int8", s => s.Accuracy("int8"), Percent),
            new("shared, lost", s => 100 * (s.Accuracy("int8") - s.Number("shared-trained", "before", "accuracy")), Points),
            new("trained, lost", s => Lost(s, "int8", "shared-trained"), Points),
            new("bytes", s => s.Number("shared-trained", "after", "weightBytes") / s.Number("int8", "after", "weightBytes"), Ratio),
        ]
    );

void Small(string experiment, string network, string what) =>
    Table(
        experiment,
        "published",
        $"{network}: pruned, weights shared, quantised",
        $"`{experiment}.sh`: {what}, int8, `--weights smallest`. Baked are stream, values and biases; by how much the binary and what is in its sections grow says `modelc report --published`, with all of the code in it.",
        [
            new("float", s => s.Accuracy("float"), Percent),
            new("pruned", s => s.Accuracy(s.Has("recovered") ? "recovered" : "pruned"), Percent),
            new("shared, trained", s => s.Accuracy("tuned"), Percent),
            new("int8", s => s.Accuracy("int8"), Percent),
            new("lost", s => Lost(s, "float", "int8"), Points),
            new("float32 bytes", s => 4 * s.Number("float", "parameters"), Count),
            new("baked", s => s.Number("int8", "after", "weightBytes"), Count),
            new("times smaller", s => 4 * s.Number("float", "parameters") / s.Number("int8", "after", "weightBytes"), Times),
            new("file grows by", s => Growth(s, ""), Count),
            new("times smaller", s => 4 * s.Number("float", "parameters") / Growth(s, ""), Times),
            new("sections grow by", s => Growth(s, "Loaded"), Count),
            new("times smaller", s => 4 * s.Number("float", "parameters") / Growth(s, "Loaded"), Times),
        ]
    );

void Distilled(string network, string title, string what) =>
    Table(
        $"distillation-{network}",
        "taught",
        title,
        $"`distillation.sh {network}`: {what}.",
        [
            new("student", s => s.Accuracy("student"), Percent),
            new("alone", s => s.Accuracy("alone"), Percent),
            new("with the teacher", s => s.Accuracy("taught"), Percent),
            new("gained", s => -Lost(s, "alone", "taught"), Points),
        ]
    );

void Ensembles()
{
    var all = new Run(Path.Combine(folder, "ensemble", "all"));
    if (all.Has("average"))
    {
        var average = all.Number("average", "ensemble", "accuracy");
        Table(
            "ensemble",
            "taught",
            "An ensemble as the teacher",
            $"`ensemble.sh`: the mean of the three DS-CNN above has an accuracy of {Percent(average)}, and teaches each of them for ten more epochs.",
            [
                new("before", s => s.Number("taught", "before", "accuracy"), Percent),
                new("taught", s => s.Accuracy("taught"), Percent),
                new("below the ensemble", s => 100 * (average - s.Accuracy("taught")), Points),
            ]
        );
    }
}

// Autoencoders on the experiments of SKAB, beside the leaderboard of that data set.
void Anomalies()
{
    Table(
        "anomalies",
        "found-int8",
        "Anomalies of a water circuit (SKAB)",
        """
        `anomalies.sh`: [SKAB](https://github.com/waico/SKAB) has 34 experiments with eight sensors around a pump, read once a second, in each of which something is wrong for a while: a valve closes (the 20 files of `valve1` and `valve2`), or something
        else happens to water or rotor (14 files of `other`). As by its protocol each experiment has a network of its own, which learns the first 400 rows; all rows behind them are tested. The network is an autoencoder of single rows, 8 → 32 → 3 → 32 → 8
        values, and there is an alarm where its error is above the 0.99 quantile of the errors of those 400 rows. These sizes and the quantile were chosen on `other`, so that the figures of the valves, here, are the ones to look at.
        F1 and the rates of false and missed alarms (FAR, MAR) count the rows of all files together; AUC, the area under the ROC curve, is the mean over the files.
        """,
        Detections("valve")
    );
    Table(
        "anomalies",
        "found-int8",
        "Anomalies of a water circuit (SKAB): all files",
        """
        The same with the files of `other`, as the published figures count them: those of the [leaderboard in the data set's README](https://github.com/waico/SKAB#outlier-detection-problem) (Katser and Kozitsin 2020, doi 10.34740/KAGGLE/DSV/1693952).

        | published | F1 | FAR | MAR |
        | --- | --: | --: | --: |
        | Conv-AE | 0.78 | 13.55 % | 28.02 % |
        | MSET | 0.78 | 39.73 % | 14.13 % |
        | T-squared+Q (PCA-based) | 0.76 | 26.62 % | 24.92 % |
        | LSTM-AE | 0.74 | 29.96 % | 25.92 % |
        | T-squared | 0.66 | 19.21 % | 42.6 % |
        | LSTM-VAE | 0.56 | 9.13 % | 55.03 % |
        | Vanilla LSTM | 0.54 | 12.54 % | 59.53 % |
        | MSCRED | 0.36 | 49.94 % | 69.88 % |
        | Vanilla AE | 0.39 | 2.59 % | 75.15 % |
        | Isolation forest | 0.29 | 2.56 % | 82.89 % |
        """,
        [
            .. Detections(""),
            new("bytes of int8", s => s.Results("int8", "").First().GetProperty("after").GetProperty("weightBytes").GetDouble(), Count),
        ]
    );

    Column[] Detections(string files) => [.. Detected(files, "found", "float"), .. Detected(files, "found-int8", "int8")];

    Column[] Detected(string files, string step, string form)
    {
        return
        [
            new($"{form} F1", F1, Ratio),
            new("FAR", s => Share(s, "falsePositives", "trueNegatives"), Percent),
            new("MAR", s => Share(s, "falseNegatives", "truePositives"), Percent),
            new("AUC", s => All(s, "areaUnderRoc").Average(), Ratio),
        ];

        double F1(Run run) =>
            2 * Sum(run, "truePositives") / ((2 * Sum(run, "truePositives")) + Sum(run, "falsePositives") + Sum(run, "falseNegatives"));

        double Share(Run run, string part, string rest) => Sum(run, part) / (Sum(run, part) + Sum(run, rest));

        double Sum(Run run, string count) => All(run, count).Sum();

        IEnumerable<double> All(Run run, string name) =>
            run.Results(step, files).Select(r => r.GetProperty("anomalies").GetProperty("ours").GetProperty(name).GetDouble());
    }
}

// A row for each seed, or other variant, whose last step there is, and the means.
void Table(string experiment, string last, string title, string text, Column[] columns, string variant = "seed")
{
    var all = Path.Combine(folder, experiment);
    List<Run> runs = Directory.Exists(all)
        ? [.. Directory.GetDirectories(all).Order(StringComparer.Ordinal).Select(f => new Run(f)).Where(r => r.Has(last))]
        : [];
    if (runs.Count == 0)
    {
        return;
    }

    page.WriteLine($"\n## {title}\n\n{text}\n");
    page.WriteLine($"| {variant} | {string.Join(" | ", columns.Select(c => c.Title))} |");
    page.WriteLine($"| --- |{string.Concat(columns.Select(_ => " --: |"))}");
    foreach (var run in runs)
    {
        page.WriteLine($"| {run.Seed} | {string.Join(" | ", columns.Select(c => c.Format(c.Value(run))))} |");
    }

    if (runs.Count > 1)
    {
        page.WriteLine($"| mean | {string.Join(" | ", columns.Select(c => c.Format(runs.Average(c.Value))))} |");
    }
}

double Lost(Run run, string before, string after) => 100 * (run.Accuracy(before) - run.Accuracy(after));

double Growth(Run run, string what) => run.Number("published", "models", "0", $"published{what}GrowthBytes");

double Milliseconds(Run run, int model) => run.Number("times", "models", $"{model}", "oursMs");

string Percent(double value) => $"{100 * value:F2} %";

string Points(double value) => $"{value:F2}";

string Ratio(double value) => $"{value:F3}";

string Times(double value) => $"{value:F1}";

string Count(double value) => $"{value:N0}";

string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

/// <summary>A column of a table: its heading, a run's number, and how it is written.</summary>
internal sealed record Column(string Title, Func<Run, double> Value, Func<double, string> Format);

/// <summary>The logs of an experiment with one seed.</summary>
internal sealed record Run(string Folder)
{
    public string Seed => Path.GetFileName(Folder);

    public bool Has(string step) => File.Exists(Path.Combine(Folder, $"{step}.json"));

    /// <summary>What the step's model got right of the test items.</summary>
    public double Accuracy(string step) =>
        Read(step).TryGetProperty("testAccuracy", out var accuracy) ? accuracy.GetDouble() : Number(step, "after", "accuracy");

    public double Number(string step, params string[] path) =>
        path.Aggregate(Read(step), (e, name) => int.TryParse(name, out var index) ? e[index] : e.GetProperty(name)).GetDouble();

    /// <summary>What a step that is run for many files said of those whose names begin so.</summary>
    public IEnumerable<JsonElement> Results(string step, string files) =>
        Read(step)
            .EnumerateArray()
            .Where(r => r.GetProperty("file").GetString()!.StartsWith(files, StringComparison.Ordinal))
            .Select(r => r.GetProperty("result"));

    private JsonElement Read(string step) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, $"{step}.json"))).RootElement;
}
