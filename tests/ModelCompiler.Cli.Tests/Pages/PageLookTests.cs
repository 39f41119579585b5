using System.Text.Json;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests.Pages;

/// <summary>What <c>modelc report</c> writes, looked at in a browser.</summary>
public sealed class PageLookTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    // Boxes of the graph that have more than a line in common; a hair's breadth is rounding.
    private const string Overlaps = """
        [...document.querySelectorAll('svg')].map(svg => {
          const boxes = [...svg.querySelectorAll('.node .box')].map(b => b.getBoundingClientRect());
          let count = 0;
          for (let i = 0; i < boxes.length; i++)
            for (let j = 0; j < i; j++) {
              const [a, b] = [boxes[i], boxes[j]];
              if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) count++;
            }
          return count;
        }).reduce((a, b) => a + b, 0)
        """;

    private readonly ModelFolder _models = new();

    private string Page => Path.Combine(_models.Root, "page.html");

    private static string Sample(string name) => Path.Combine(Repository.Root, "samples/ImageClassifier/Models", name);

    [BrowserFact]
    public async Task The_page_shows_the_figures_of_inspect_and_needs_nothing_but_itself()
    {
        string[] models = [Sample("fashion-mnist-float.onnx"), Sample("fashion-mnist-int8.onnx")];
        var search = Path.Combine(_models.Root, "front.json");
        File.WriteAllText(search, SearchFiles.Front);
        var written = await Invocation.Of(["report", .. models, "-o", Page, "--search", search, "--seconds", "0", "--json"]);
        Assert.True(written.ExitCode == 0, written.Output + written.Errors);

        await using var visit = await browser.Open(Page);

        Assert.Empty(visit.Errors);
        Assert.Equal([new Uri(Page).AbsoluteUri], visit.Requests.Where(r => r != "data:,"));
        for (var i = 0; i < models.Length; i++)
        {
            var inspected = (await Invocation.Of("inspect", models[i], "--json")).Json();
            var section = $"document.getElementById('model-{i + 1}')";
            foreach (var key in new[] { "macs", "weightBytes", "arenaBytes" })
            {
                var shown = await visit.Evaluate<double>($"Number({section}.querySelector('[data-figure={key}]').dataset.value)");
                Assert.Equal((key, inspected.GetProperty(key).GetDouble()), (key, shown));
            }

            var layers = inspected.GetProperty("layers").EnumerateArray().ToList();
            var rows = $"[...{section}.querySelector('table.layers').tBodies[0].rows]";
            Assert.Equal(
                layers.Select(l => l.GetProperty("name").GetString()),
                await visit.Evaluate<string[]>($"{rows}.map(r => r.cells[0].textContent)")
            );
            Assert.Equal(
                layers.Select(l => l.GetProperty("macs").GetDouble()),
                await visit.Evaluate<double[]>($"{rows}.map(r => Number(r.cells[4].dataset.value))")
            );
            Assert.Equal(layers.Count + 2, await visit.Evaluate<int>($"{section}.querySelectorAll('.node').length"));
        }

        Assert.Equal(0, await visit.Evaluate<int>(Overlaps));
        Assert.Equal(4, await visit.Evaluate<int>("document.querySelectorAll('table.pareto tbody tr').length"));
        // Four points in each of two panels, and three in the legend.
        Assert.Equal(11, await visit.Evaluate<int>("document.querySelectorAll('.pareto circle').length"));
    }

    [BrowserFact]
    public async Task Measured_times_stand_in_the_figures_the_bars_and_the_table()
    {
        var path = _models.Add("matmul", SmallModels.MatMul());
        var json = (await Invocation.Of("report", path, "-o", Page, "--seconds", "0.02", "--json")).Json().GetProperty("models")[0];
        await using var visit = await browser.Open(Page);

        foreach (var key in new[] { "oursMs", "onnxruntimeMs" })
        {
            Assert.Equal(
                json.GetProperty(key).GetDouble(),
                await visit.Evaluate<double>($"Number(document.querySelector('[data-figure={key}]').dataset.value)")
            );
        }

        Assert.Equal("time", await visit.Evaluate<string>("document.querySelectorAll('svg .heading')[2].textContent"));
        Assert.Equal("time", await visit.Evaluate<string>("document.querySelector('table.layers').tHead.rows[0].cells[7].textContent"));
        Assert.Empty(visit.Errors);
    }

    [BrowserFact]
    public async Task Pictures_have_content_within_their_bounds_at_every_width_and_the_page_never_scrolls_sideways()
    {
        await Invocation.Of("report", Sample("fashion-mnist-int8.onnx"), "-o", Page, "--seconds", "0");
        foreach (var (width, dark) in new[] { (1280, false), (360, true) })
        {
            await using var visit = await browser.Open(Page, width, dark);

            Assert.True(
                await visit.Evaluate<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
                $"at {width} the page is {await visit.Evaluate<int>("document.documentElement.scrollWidth")} wide"
            );
            var pictures = JsonDocument
                .Parse(
                    await visit.Evaluate<string>(
                        """
                        JSON.stringify([...document.querySelectorAll('svg')].map(svg => {
                          const inner = svg.getBBox(), size = svg.viewBox.baseVal;
                          return { kind: svg.parentElement.className, drawn: inner.width > 50 && inner.height > 20,
                                   inside: inner.x >= -1 && inner.y >= -1 && inner.x + inner.width <= size.width + 1 && inner.y + inner.height <= size.height + 1,
                                   named: svg.getAttribute('aria-label').length > 0 };
                        }))
                        """
                    )
                )
                .RootElement.EnumerateArray()
                .ToList();
            Assert.Equal(
                ["scroll graph", "scroll layers", "scroll arena", "scroll weights"],
                pictures.Select(p => p.GetProperty("kind").GetString())
            );
            Assert.All(
                pictures,
                p =>
                    Assert.True(
                        p.GetProperty("drawn").GetBoolean() && p.GetProperty("inside").GetBoolean() && p.GetProperty("named").GetBoolean(),
                        p.ToString()
                    )
            );
        }
    }

    [BrowserFact]
    public async Task A_heading_sorts_the_layers_by_its_column()
    {
        await Invocation.Of("report", Sample("fashion-mnist-int8.onnx"), "-o", Page, "--seconds", "0");
        await using var visit = await browser.Open(Page);
        const string macs = "[...document.querySelector('table.layers').tBodies[0].rows].map(r => Number(r.cells[4].dataset.value))";
        const string click = "document.querySelector('table.layers').tHead.rows[0].cells[4].querySelector('button').click()";
        var before = await visit.Evaluate<double[]>(macs);

        await visit.Page.EvaluateExpressionAsync(click);
        Assert.Equal(before.OrderDescending(), await visit.Evaluate<double[]>(macs));
        await visit.Page.EvaluateExpressionAsync(click);
        Assert.Equal(before.Order(), await visit.Evaluate<double[]>(macs));
        Assert.Empty(visit.Errors);
    }

    [BrowserFact]
    public async Task A_network_of_300_layers_with_branches_is_drawn_in_a_file_of_moderate_size()
    {
        var model = new OnnxModelBuilder();
        var weights = model.Constant([4, 4], [.. Enumerable.Range(0, 16).Select(i => i / 16f)]);
        var x = model.Input("x", ElementType.Float32, 1, 4);
        for (var block = 0; block < 100; block++)
        {
            var left = model.Node("MatMul", [x, weights]);
            var right = model.Node("Softmax", [model.Node("MatMul", [x, weights])]);
            x = model.Node("Add", [model.Node("Add", [left, right]), x]);
        }

        var written = await Invocation.Of(
            "report",
            _models.Add("deep", model.Output(x, ElementType.Float32)),
            "-o",
            Page,
            "--seconds",
            "0"
        );
        Assert.True(written.ExitCode == 0, written.Errors);
        Assert.InRange(new FileInfo(Page).Length, 100_000, 2_000_000);

        await using var visit = await browser.Open(Page);
        // What is not open has no places to compare.
        await visit.Page.EvaluateExpressionAsync("document.querySelectorAll('details').forEach(d => d.open = true)");
        Assert.True(await visit.Evaluate<int>("document.querySelectorAll('.node').length") >= 300);
        Assert.Equal(0, await visit.Evaluate<int>(Overlaps));
        Assert.True(await visit.Evaluate<bool>("document.querySelector('.graph').clientHeight < 1000"));
        Assert.Empty(visit.Errors);
    }

    [BrowserFact]
    public async Task Names_in_a_model_are_shown_and_never_run()
    {
        const string name = "<img src=x onerror=alert(1)>\"'&</title></script><script>alert(2)</script>";
        var model = SmallModels.ReluNeg();
        model.Proto.Graph.Node[0].Name = name;
        model.Proto.Graph.Node[1].Name = "\u0001\u202Eevil";
        await Invocation.Of("report", _models.Add("hostile", model), "-o", Page, "--seconds", "0");

        await using var visit = await browser.Open(Page);

        Assert.Empty(visit.Errors);
        Assert.Equal(1, await visit.Evaluate<int>("document.scripts.length"));
        Assert.Equal(0, await visit.Evaluate<int>("document.images.length"));
        Assert.Equal([new Uri(Page).AbsoluteUri], visit.Requests.Where(r => r != "data:,"));
        Assert.DoesNotContain('\u202E', File.ReadAllText(Page));
    }

    public void Dispose() => _models.Dispose();
}
