using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Aot.Tests;

/// <summary>Projects that have the package and nothing else of this repository.</summary>
[Collection(nameof(PackageFeed))]
public sealed class PackageTests(PackageFeed feed)
{
    [MachineFact(Needs.NativeToolchain)]
    public void A_project_with_the_package_and_a_model_publishes_and_runs()
    {
        var app = new App(
            feed,
            "smallest",
            """<CompiledModel Include="add.onnx" />""",
            "using var add = new TestApp.Add();\nConsole.WriteLine(string.Join(',', add.Predict([1, 2], [10, 20])));\n",
            ("add.onnx", Sum(2))
        );

        var (binary, _) = app.Publish("linux-x64");

        Assert.Equal("11,22\n", Command.Run(feed.Root, binary));
        Assert.DoesNotContain(Directory.GetFiles(Path.GetDirectoryName(binary)!), f => f.EndsWith(".dll", StringComparison.Ordinal));
    }

    [Fact]
    public void Metadata_with_semicolons_labels_and_budgets_reaches_the_generator()
    {
        var app = new App(
            feed,
            "metadata",
            """
            <CompiledModel Include="open.onnx" ClassName="Wide" Namespace="Deep.Inside" Accessibility="internal"
                           Dimensions="rows=1..2;columns=3" Labels="labels.txt" MaxArenaBytes="100000" />
            <CompiledModel Include="sums.onnx" State="a:a_next;b:b_next" />
            """,
            """
            Console.WriteLine(Deep.Inside.Wide.Info.Inputs[0] + " " + string.Join(',', Deep.Inside.Wide.Info.Labels));
            using var sums = new TestApp.Sums();
            sums.Predict([1, 2]);
            Console.WriteLine(string.Join(',', sums.Predict([1, 2])));

            """,
            ("open.onnx", Open()),
            ("sums.onnx", Sums()),
            ("labels.txt", "yes\r\nno\r\n"u8.ToArray())
        );

        var said = app.Build();

        Assert.Contains("open.onnx → Deep.Inside.Wide: x float32[1,1..2,3]", said, StringComparison.Ordinal);
        Assert.Equal("x Single[1,1..2,3] yes,no\n4,8\n", Run(app));
    }

    [Fact]
    public void Weights_above_the_limit_lie_in_an_assembly_and_a_second_build_writes_nothing()
    {
        var app = new App(
            feed,
            "heavy",
            """<CompiledModel Include="heavy.onnx" />""",
            "using var heavy = new TestApp.Heavy();\nConsole.WriteLine(heavy.Predict(new float[100_000])[99_999]);\n",
            ("heavy.onnx", Sum(100_000, constant: true))
        );

        app.Build();
        Assert.Equal("99999\n", Run(app));
        var weights = Path.Combine(app.Folder, "obj/Debug/net10.0/ModelCompiler/heavy.Weights.dll");
        var written = File.GetLastWriteTimeUtc(weights);
        Assert.Contains("heavy.onnx →", app.Build(), StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(weights));

        File.WriteAllBytes(Path.Combine(app.Folder, "heavy.onnx"), Sum(100_000, constant: true, step: 2));
        app.Build();
        Assert.Equal("199998\n", Run(app));
    }

    [MachineFact(Needs.NativeToolchain)]
    public void Large_weights_are_used_where_the_binary_is_mapped_natively_and_under_the_jit()
    {
        const int Floats = 4_000_000;
        var app = new App(
            feed,
            "large",
            """<CompiledModel Include="large.onnx" />""",
            """
            using System.Globalization;
            using System.Runtime.CompilerServices;
            using System.Runtime.InteropServices;
            using var large = new TestApp.Large();
            var bytes = ModelCompiler.Weights._large_2e_TestApp_2e_Large.Bytes;
            var address = (ulong)Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref MemoryMarshal.GetReference(bytes));
            var own = File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon", StringComparison.Ordinal)).Split()[^2];
            var map = File.ReadLines("/proc/self/maps").Last(l => ulong.Parse(l.Split('-')[0], NumberStyles.HexNumber, null) <= address);
            Console.WriteLine($"{bytes.Length},{address % 64},{own},{Path.GetFileName(map.Split()[^1])}");
            """,
            ("large.onnx", Sum(Floats, constant: true))
        );

        var (binary, _) = app.Publish("linux-x64");
        app.Build();

        AssertInPlace(Command.Run(feed.Root, binary), "large");
        AssertInPlace(Run(app), "large.Weights.dll");

        static void AssertInPlace(string said, string file)
        {
            var parts = said.TrimEnd().Split(',');
            Assert.True(int.Parse(parts[0]) >= Floats * sizeof(float), said);
            Assert.Equal("0", parts[1]);
            // Memory of the process's own, in KiB, is less than half of what a copy would take.
            Assert.True(int.Parse(parts[2]) < Floats * sizeof(float) / 1024 / 2, said);
            Assert.Equal(file, parts[3]);
        }
    }

    private string Run(App app) => Command.Run(feed.Root, "dotnet", Path.Combine(app.Folder, "bin/Debug/net10.0", app.Name + ".dll"));

    private static byte[] Sum(int length, bool constant = false, int step = 1)
    {
        var model = new OnnxModelBuilder();
        var a = model.Input("a", ElementType.Float32, length);
        var b = constant
            ? model.Constant([length], [.. Enumerable.Range(0, length).Select(i => (float)i * step)])
            : model.Input("b", ElementType.Float32, length);
        return model.Output(model.Node("Add", [a, b]), ElementType.Float32).ToBytes();
    }

    /// <summary>y is the sum of what a and b have become: each of them adds x at every call.</summary>
    private static byte[] Sums()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2);
        string[] names = ["a", "b"];
        var next = names.Select(n => model.Node("Add", [x, model.Input(n, ElementType.Float32, 2)])).ToArray();
        model.Output(model.Node("Add", [next[0], next[1]]), ElementType.Float32);
        for (var i = 0; i < names.Length; i++)
        {
            model.Node("Identity", [next[i]]);
            model.Proto.Graph.Node[^1].Output[0] = names[i] + "_next";
            model.Output(names[i] + "_next", ElementType.Float32);
        }

        return model.ToBytes();
    }

    private static byte[] Open()
    {
        var model = new OnnxModelBuilder();
        var x = model.SymbolicInput("x", ElementType.Float32, "batch", "rows", "columns");
        return model.Output(model.Node("Relu", [x]), ElementType.Float32).ToBytes();
    }
}
