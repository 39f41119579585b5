using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Cli.Commands;
using ModelCompiler.Cli.Reports.Html;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports;

/// <summary>Times of several models that take turns with each other, so that whatever slows the machine slows all alike.</summary>
internal static class ModelTimes
{
    /// <summary>Measures models, each beside ONNX Runtime where that runs it, and then the layers of each.</summary>
    /// <param name="models">The models; all of them compile.</param>
    /// <param name="duration">How long to measure each, and its layers once more, without the warm-up.</param>
    /// <param name="cancellation">Stops between rounds and between models.</param>
    public static IReadOnlyList<ModelTime> Measure(IReadOnlyList<ModelCase> models, TimeSpan duration, CancellationToken cancellation)
    {
        using var opened = new Disposables();
        var candidates = new List<Func<int, double>>();
        var ours = new List<int>();
        var theirs = new List<int?>();
        foreach (var model in models)
        {
            var network = opened.Add(CompiledNetwork.Load(model.Compile(), model.Options));
            ours.Add(candidates.Count);
            candidates.Add(Benchmark.Timed(Benchmark.Call(network, model.InputsFor(network))));
            var oracle = OnnxRuntime(model, network, opened);
            theirs.Add(oracle is null ? null : candidates.Count);
            if (oracle is not null)
            {
                candidates.Add(Benchmark.Timed(oracle));
            }
        }

        var turns = Benchmark.InTurns(candidates, duration * models.Count, cancellation);
        return
        [
            .. models.Select(
                (model, i) =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    return new ModelTime(
                        turns.MedianMs[ours[i]],
                        theirs[i] is { } index ? turns.MedianMs[index] : null,
                        turns.Rounds,
                        BenchCommand.LayersOf(model, duration)
                    );
                }
            ),
        ];
    }

    /// <summary>One call of ONNX Runtime; null where it does not run the model, for which the page then has no time.</summary>
    private static Action? OnnxRuntime(ModelCase model, CompiledNetwork network, Disposables opened)
    {
        try
        {
            var oracle = opened.Add(new OnnxRuntimeOracle(model.File.Bytes, folder: model.File.Folder));
            var inputs = model.InputsFor(network).Concat(model.File.FixedInputs(model.Options.Dimensions));
            var bound = opened.Add(oracle.Bind([.. inputs], network.Outputs));
            bound.Run();
            return bound.Run;
        }
        catch (OnnxRuntimeException)
        {
            return null;
        }
    }

    /// <summary>What is held until all is measured, given back in the opposite order.</summary>
    private sealed class Disposables : IDisposable
    {
        private readonly Stack<IDisposable> _held = new();

        public T Add<T>(T held)
            where T : IDisposable
        {
            _held.Push(held);
            return held;
        }

        public void Dispose()
        {
            while (_held.TryPop(out var held))
            {
                held.Dispose();
            }
        }
    }
}
