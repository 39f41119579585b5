using System.Runtime;

namespace ModelCompiler.Training.Native;

/// <summary>
/// A time without garbage collection. TorchSharp makes an object of each number that it hands to libtorch, and nothing but its finaliser
/// keeps track of it: a collection during the call frees the number that libtorch is reading, and a step of the optimiser then goes by
/// what happens to be in that memory.
/// </summary>
internal sealed class CollectionPause : IDisposable
{
    // What a batch allocates besides its inputs is far below; where it is not, collections set in again and nothing else happens.
    private const long Budget = 64 << 20;

    private static readonly Lock Gate = new();
    private static int _open;
    private bool _isOver;

    private CollectionPause() { }

    /// <summary>Begins a pause; pauses of several threads may overlap.</summary>
    public static CollectionPause Begin()
    {
        lock (Gate)
        {
            if (_open++ == 0 && GCSettings.LatencyMode != GCLatencyMode.NoGCRegion)
            {
                GC.TryStartNoGCRegion(Budget);
            }
        }

        return new();
    }

    /// <summary>Ends the pause.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (!_isOver && --_open == 0 && GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            {
                GC.EndNoGCRegion();
            }

            _isOver = true;
        }
    }
}
