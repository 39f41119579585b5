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
    private static bool _isRegion;
    private bool _isOver;

    private CollectionPause() { }

    /// <summary>Begins a pause; pauses of several threads may overlap.</summary>
    public static CollectionPause Begin()
    {
        lock (Gate)
        {
            if (_open == 0 && GCSettings.LatencyMode != GCLatencyMode.NoGCRegion)
            {
                _isRegion = GC.TryStartNoGCRegion(Budget);
            }

            _open++;
        }

        return new();
    }

    /// <summary>Ends the pause.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (!_isOver && --_open == 0 && _isRegion)
            {
                _isRegion = false;
                EndRegion();
            }

            _isOver = true;
        }
    }

    // Also where a collection has ended the region already, it must be said to be over before another can begin.
    private static void EndRegion()
    {
        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
            // More than the budget was allocated, or somebody else asked for a collection: that it has come is no news.
        }
    }
}
