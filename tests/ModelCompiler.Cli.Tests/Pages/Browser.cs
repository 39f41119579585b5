using PuppeteerSharp;
using PuppeteerSharp.Media;

namespace ModelCompiler.Cli.Tests.Pages;

/// <summary>A browser without a window, started once for the tests of a class; where there is none, they are skipped.</summary>
public sealed class Browser : IAsyncLifetime
{
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (Chromium.Program is { } program)
        {
            // Chromium's sandbox does not start for root, as which tests run in containers.
            _browser = await Puppeteer.LaunchAsync(
                new LaunchOptions
                {
                    ExecutablePath = program,
                    Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
                    Timeout = 120_000,
                }
            );
        }
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
    }

    /// <summary>Opens a file as people do.</summary>
    internal async Task<Visit> Open(string file, int width = 1280, bool dark = false)
    {
        var page = await _browser!.NewPageAsync();
        var visit = new Visit(page);
        await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 900 });
        await page.EmulateMediaFeaturesAsync([
            new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = dark ? "dark" : "light" },
        ]);
        await page.GoToAsync(
            new Uri(file).AbsoluteUri,
            new NavigationOptions { WaitUntil = [WaitUntilNavigation.Load], Timeout = 120_000 }
        );
        return visit;
    }
}

/// <summary>A page that is open, and what has happened on it.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly List<string> _errors = [];
    private readonly List<string> _requests = [];

    public Visit(IPage page)
    {
        Page = page;
        page.Console += (_, e) => Add(_errors, $"{e.Message.Type}: {e.Message.Text}");
        page.PageError += (_, e) => Add(_errors, e.Message);
        page.Request += (_, e) => Add(_requests, e.Request.Url);
    }

    public IPage Page { get; }

    /// <summary>What the page has written to the console, and scripts that failed.</summary>
    public IReadOnlyList<string> Errors => Copy(_errors);

    /// <summary>What the page has asked for.</summary>
    public IReadOnlyList<string> Requests => Copy(_requests);

    /// <summary>The value of an expression of JavaScript.</summary>
    public Task<T> Evaluate<T>(string expression) => Page.EvaluateExpressionAsync<T>(expression);

    public async ValueTask DisposeAsync() => await Page.CloseAsync();

    private static void Add(List<string> list, string text)
    {
        // Events come from a thread of the browser's connection.
        lock (list)
        {
            list.Add(text);
        }
    }

    private static string[] Copy(List<string> list)
    {
        lock (list)
        {
            return [.. list];
        }
    }
}
