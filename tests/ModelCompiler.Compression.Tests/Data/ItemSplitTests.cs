using ModelCompiler.Compression.Data;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class ItemSplitTests
{
    [Fact]
    public void Of_each_class_the_same_share_is_held_back()
    {
        var items = Items([.. Enumerable.Repeat((byte)0, 60), .. Enumerable.Repeat((byte)1, 24), .. Enumerable.Repeat((byte)2, 12)]);
        var split = ItemSplit.Of(items, 1.0 / 12, seed: 1);

        Assert.Equal([5, 2, 1], Enumerable.Range(0, 3).Select(c => split.Validation.Count(i => items.Labels[i] == c)));
        Assert.Equal(Enumerable.Range(0, 96), split.Learning.Concat(split.Validation).Order());
    }

    [Fact]
    public void The_seed_alone_decides()
    {
        var items = Items([.. Enumerable.Range(0, 100).Select(i => (byte)(i % 3))]);

        Assert.Equal(ItemSplit.Of(items, 0.2, 7).Validation, ItemSplit.Of(items, 0.2, 7).Validation);
        Assert.NotEqual(ItemSplit.Of(items, 0.2, 7).Validation, ItemSplit.Of(items, 0.2, 8).Validation);
        Assert.Equal(ItemSplit.Of(items, 0.2, 7).Validation, ItemSplit.Of(items.Subset([.. Enumerable.Range(0, 100)]), 0.2, 7).Validation);
    }

    [Fact]
    public void Classes_of_a_single_item_are_learnt_from_where_others_can_be_held_back()
    {
        var split = ItemSplit.Of(Items([0, 1, 2, 3, 3, 3, 3, 3, 3, 3]), 0.3, 1);

        Assert.Equal(3, split.Validation.Count);
        Assert.All(split.Validation, i => Assert.InRange(i, 3, 9));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void Too_few_items_are_refused(int count) =>
        Assert.Contains(
            "none to learn from",
            Assert.Throws<CompressionException>(() => ItemSplit.Of(Items(new byte[count]), 0.5, 1)).Message,
            StringComparison.Ordinal
        );

    private static IdxItems Items(byte[] labels) => new("items", 1, 1, new byte[labels.Length], labels);
}
