using System.Diagnostics;

namespace ModelCompiler;

/// <summary>
/// The threads of one instance of a compiled model: they compute parts of its large layers. Generated classes make and end them
/// where <c>Threads</c> on the item asks for more than one. Running a layer allocates nothing.
/// </summary>
public sealed class LayerThreads : IDisposable
{
    // Layers follow each other within microseconds, and waking a thread takes tens of them.
    private static readonly long SpinTicks = Stopwatch.Frequency / 10_000;

    private readonly Action<int, int> _compute;
    private readonly Worker[] _workers;

    // Ticket, layer and number of parts in one word, so that a thread never sees them of different calls.
    private long _work;
    private int _running;
    private Exception? _failure;
    private volatile bool _ended;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">How many compute a layer, the caller of <see cref="Run"/> among them; between 2 and 255.</param>
    /// <param name="compute">Computes a part of a layer; its arguments are the number of the layer and that of the part.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of threads is out of range.</exception>
    public LayerThreads(int threads, Action<int, int> compute)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, byte.MaxValue);
        ArgumentNullException.ThrowIfNull(compute);
        _compute = compute;
        _workers = new Worker[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Worker(this, i + 1);
        }
    }

    /// <summary>Computes all parts of a layer and returns when they are done. One call at a time.</summary>
    /// <param name="layer">Number of the layer, below 2²⁴.</param>
    /// <param name="parts">How many parts it has, at most as many as there are threads; the caller computes part 0.</param>
    public void Run(int layer, int parts)
    {
        _running = parts - 1;
        var ticket = (_work >> 32) + 1;
        Interlocked.Exchange(ref _work, (ticket << 32) | ((long)layer << 8) | (long)parts);
        for (var i = 0; i < parts - 1; i++)
        {
            _workers[i].WakeIfAsleep();
        }

        try
        {
            _compute(layer, 0);
        }
        finally
        {
            var wait = new SpinWait();
            while (Volatile.Read(ref _running) > 0)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }
        }

        if (_failure is { } failure)
        {
            _failure = null;
            throw new InvalidOperationException($"a part of layer {layer} failed on another thread: {failure.Message}", failure);
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        _ended = true;
        foreach (var worker in _workers)
        {
            worker.WakeIfAsleep();
            worker.Join();
        }
    }

    private sealed class Worker
    {
        private readonly LayerThreads _owner;
        private readonly int _part;
        private readonly Thread _thread;
        private readonly AutoResetEvent _wake = new(false);
        private int _asleep;

        public Worker(LayerThreads owner, int part)
        {
            (_owner, _part) = (owner, part);
            _thread = new Thread(Loop) { IsBackground = true, Name = $"ModelCompiler layer thread {part}" };
            _thread.Start();
        }

        public void WakeIfAsleep()
        {
            if (Interlocked.CompareExchange(ref _asleep, 0, 1) == 1)
            {
                _wake.Set();
            }
        }

        public void Join()
        {
            _thread.Join();
            _wake.Dispose();
        }

        private void Loop()
        {
            var seen = 0L;
            while (WaitForWork(seen) is var work && !_owner._ended)
            {
                seen = work;
                var parts = (int)(work & 0xFF);
                if (_part < parts)
                {
                    Compute((int)((work >> 8) & 0xFFFFFF));
                }
            }
        }

        private void Compute(int layer)
        {
            try
            {
                _owner._compute(layer, _part);
            }
            catch (Exception e)
            {
                // Told to the caller, who waits for this part.
                _owner._failure = e;
            }

            Interlocked.Decrement(ref _owner._running);
        }

        private long WaitForWork(long seen)
        {
            var start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetTimestamp() - start < SpinTicks)
            {
                if (Current() is var spun && (spun != seen || _owner._ended))
                {
                    return spun;
                }

                // The caller may wait for this very processor.
                Thread.SpinWait(8);
                Thread.Yield();
            }

            while (true)
            {
                Interlocked.Exchange(ref _asleep, 1);
                if (Current() is var work && (work != seen || _owner._ended))
                {
                    // Who finds the flag taken back has been, or is just being, woken.
                    if (Interlocked.CompareExchange(ref _asleep, 0, 1) == 0)
                    {
                        _wake.WaitOne();
                    }

                    return work;
                }

                _wake.WaitOne();
            }
        }

        private long Current() => Interlocked.Read(ref _owner._work);
    }
}
