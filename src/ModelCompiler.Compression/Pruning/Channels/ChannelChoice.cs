namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>Chooses which channels go. Every dimension of every tensor keeps at least one place.</summary>
internal sealed class ChannelChoice
{
    private readonly Dictionary<(string Tensor, int Axis), int> _left = [];
    private readonly HashSet<ChannelSet> _removed = [];

    private ChannelChoice(Coupling coupling, IEnumerable<ChannelGroup> groups)
    {
        foreach (var slice in groups.SelectMany(g => g.Channels).SelectMany(c => c.Slices))
        {
            _left.TryAdd((slice.Tensor, slice.Axis), coupling.Shape(slice.Tensor)![slice.Axis]);
        }
    }

    /// <summary>Chooses channels.</summary>
    public static IReadOnlySet<ChannelSet> Of(Coupling coupling, IReadOnlyList<ChannelGroup> groups, ChannelPruningOptions options)
    {
        var choice = new ChannelChoice(coupling, groups);
        if (options.Scope == PruningScope.Layer)
        {
            foreach (var group in groups)
            {
                var share = options.LayerAmounts.GetValueOrDefault(group.Name, options.Amount);
                choice.Take(ByScore(group.Channels), (int)Math.Round(share * group.Channels.Count));
            }
        }
        else
        {
            var all = groups.SelectMany(g => g.Channels).ToList();
            var wanted =
                options.Scope == PruningScope.Threshold
                    ? all.Count(c => c.Score < options.Amount)
                    : (int)Math.Round(options.Amount * all.Count);
            choice.Take(ByScore(all), wanted);
        }

        foreach (var group in groups)
        {
            choice.Round(group, options.Multiple);
        }

        return choice._removed;
    }

    // A stable sort: of equal channels the first go, on every machine.
    private static IEnumerable<ChannelSet> ByScore(IEnumerable<ChannelSet> channels) => channels.OrderBy(c => c.Score);

    private void Take(IEnumerable<ChannelSet> channels, int wanted)
    {
        foreach (var channel in channels.Take(wanted))
        {
            if (SizesOf(channel).All(s => _left[s.Dimension] > s.Places))
            {
                Change(channel, -1);
                _removed.Add(channel);
            }
        }
    }

    /// <summary>Puts the best channels back until what is left is a multiple.</summary>
    private void Round(ChannelGroup group, int multiple)
    {
        var removed = group.Channels.Where(_removed.Contains).OrderByDescending(c => c.Score).ToList();
        var kept = group.Channels.Count - removed.Count;
        foreach (var channel in removed)
        {
            if (kept * group.Width % multiple == 0)
            {
                break;
            }

            Change(channel, 1);
            _removed.Remove(channel);
            kept++;
        }
    }

    private void Change(ChannelSet channel, int direction)
    {
        foreach (var (dimension, places) in SizesOf(channel))
        {
            _left[dimension] += direction * places;
        }
    }

    private static IEnumerable<((string, int) Dimension, int Places)> SizesOf(ChannelSet channel) =>
        channel.Slices.CountBy(s => (s.Tensor, s.Axis)).Select(c => (c.Key, c.Value));
}
