using ModelCompiler.Compression.Anomalies;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Tests.Anomalies;

public sealed class AnomalyDetectionTests
{
    private const double Infinity = double.PositiveInfinity;

    [Theory]
    // Every anomalous item has a larger error than every normal one; every one a smaller; one pair of four is the wrong way round.
    [InlineData(1.0, new[] { 1.0, 2, 3, 4 }, new[] { false, false, true, true })]
    [InlineData(0.0, new[] { 3.0, 4, 1, 2 }, new[] { false, false, true, true })]
    [InlineData(0.75, new[] { 1.0, 3, 2, 4 }, new[] { false, false, true, true })]
    // Pairs of equal errors count half: 2 against 1 and 2, 3 against 1 and 2 are 1 + ½ + 1 + 1 of 4.
    [InlineData(0.875, new[] { 2.0, 1, 3, 2 }, new[] { true, false, true, false })]
    [InlineData(0.5, new[] { 7.0, 7, 7, 7, 7 }, new[] { true, false, false, true, false })]
    // 5 against 5, 5 and 9: (½ + ½ + 0) of 3.
    [InlineData(1.0 / 3, new[] { 5.0, 5, 5, 9 }, new[] { true, false, false, false })]
    [InlineData(1.0, new[] { 1.0, Infinity, Infinity }, new[] { false, true, true })]
    public void The_area_under_the_curve_is_the_part_of_the_pairs_that_are_in_order(double area, double[] errors, bool[] anomalous) =>
        Assert.Equal(area, RocCurve.Area(errors, anomalous)!.Value, 12);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Items_of_one_kind_have_no_curve(bool anomalous) => Assert.Null(RocCurve.Area([1, 2], [anomalous, anomalous]));

    [Fact]
    public void Shares_are_those_of_the_counts()
    {
        // Right alarms 3, wrong ones 1; 2 anomalies missed, 4 normal items left in peace.
        var counts = DetectionCounts.Of(
            [true, true, true, true, false, false, false, false, false, false],
            [true, true, true, false, true, true, false, false, false, false]
        );

        Assert.Equal(new DetectionCounts(3, 1, 2, 4), counts);
        Assert.Equal((3 / 4.0, 3 / 5.0, 6 / 9.0), (counts.Precision, counts.Recall, counts.F1));
        Assert.Equal((1 / 5.0, 2 / 5.0), (counts.FalseAlarmRate, counts.MissedAlarmRate));
    }

    [Fact]
    public void Shares_of_nothing_are_not_said()
    {
        var quiet = DetectionCounts.Of([false, false], [true, false]);
        Assert.Equal((null, 0.0, 0.0, 0.0, 1.0), (quiet.Precision, quiet.Recall, quiet.F1, quiet.FalseAlarmRate, quiet.MissedAlarmRate));
        var normal = DetectionCounts.Of([true, false], [false, false]);
        Assert.Equal(
            (0.0, null, null, 0.5, null),
            (normal.Precision, normal.Recall, normal.F1, normal.FalseAlarmRate, normal.MissedAlarmRate)
        );
        Assert.Null(DetectionCounts.Of([true], [true]).FalseAlarmRate);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(0.5, 2.5)]
    [InlineData(0.9, 3.7)]
    [InlineData(0, 1)]
    public void A_threshold_lies_between_errors_in_proportion(double quantile, double threshold) =>
        Assert.Equal(threshold, ErrorThreshold.Of([3, 1, 4, 2], quantile), 12);

    [Fact]
    public void An_alarm_is_above_the_threshold_not_at_it()
    {
        var found = AnomalyDetection.Of([1, 2, 3], 1, [3, 3.5, Infinity, 0.5], [false, true, true, true]);

        Assert.Equal(3, found.Threshold);
        Assert.Equal([false, true, true, false], found.Alarms);
        Assert.Equal(new DetectionCounts(2, 0, 1, 1), found.Counts);
        Assert.Equal(2 / 3.0, found.AreaUnderRoc!.Value, 12);
        var unknown = AnomalyDetection.Of([1, 2, 3], 1, [3, 5], null);
        Assert.Equal((4, null, null), (unknown.MeanError, unknown.Counts, unknown.AreaUnderRoc));
    }

    [Theory]
    [InlineData(0, 2.999)]
    [InlineData(1, 2.99)]
    [InlineData(1, 0)]
    public void Alarms_that_hang_on_rounding_are_not_different(int different, double error)
    {
        var found = AnomalyDetection.Of([1, 3], 1, [3.001, 0, 9], null);
        var other = AnomalyDetection.Of([1, 3], 1, [error, 0, 9], null);

        Assert.NotEqual(found.Alarms, other.Alarms);
        Assert.Equal(different, found.DifferentAlarms(other));
        Assert.Equal(1, found.DifferentAlarms(AnomalyDetection.Of([1, 3], 1, [3.001, Infinity, 9], null)));
    }

    [Fact]
    public void There_is_no_threshold_without_errors_that_are_numbers()
    {
        Assert.Contains("there are none", Message(() => ErrorThreshold.Of([], 0.99)), StringComparison.Ordinal);
        Assert.Contains(
            "no number for 1 of the 3 items",
            Message(() => ErrorThreshold.Of([1, Infinity, 2], 0.99)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_anomalous_is_another_class_or_a_one()
    {
        Assert.Equal([false, true, true], KnownAnomalies.Of(Items(ElementType.Int64, new long[] { 0, 1, 2 }), null));
        Assert.Equal([true, false, true], KnownAnomalies.Of(Items(ElementType.Int64, new long[] { 0, 1, 2 }), "1"));
        Assert.Equal([false, true, false], KnownAnomalies.Of(Items(ElementType.Float32, new float[] { 0, 1, 0 }), null));
        Assert.Equal([true, false, true], KnownAnomalies.Of(Items(ElementType.Float32, new float[] { 0, 1, 0 }), "1"));
        Assert.Null(KnownAnomalies.Of(Unknown(), null));
    }

    [Fact]
    public void What_the_data_say_otherwise_is_refused()
    {
        Assert.Contains(
            "of item 2 is neither a class nor 0 (normal) or 1 (anomalous)",
            Message(() => KnownAnomalies.Of(Items(ElementType.Float32, new float[] { 0, 0.5f, 1 }), null)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'good' is none",
            Message(() => KnownAnomalies.Of(Items(ElementType.Int64, new long[] { 0, 1, 2 }), "good")),
            StringComparison.Ordinal
        );
        Assert.Contains("nothing says the class", Message(() => KnownAnomalies.Of(Unknown(), "0")), StringComparison.Ordinal);
    }

    private static NpzItems Unknown() => new("x", [Column("x", ElementType.Float32, new float[] { 1, 2, 3 })], null);

    private static string Message(Func<object?> work) => Assert.Throws<CompressionException>(work).Message;

    private static NpzItems Items(ElementType element, Array said) =>
        new("x", [Column("x", ElementType.Float32, new float[said.Length]), Column("y", element, said)], null);

    private static Verification.NamedTensor Column(string name, ElementType element, Array elements) =>
        new(name, new TensorType(element, new TensorShape(elements.Length)), elements);
}
