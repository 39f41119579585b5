using System.Globalization;
using System.Xml.Linq;
using ModelCompiler.Lowering;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>The arena over time: a rectangle a buffer, from the step that writes it first to the last that needs it, at its place.</summary>
internal static class ArenaPicture
{
    private const double Left = 74;
    private const double Right = 16;
    private const double Top = 14;
    private const double Bottom = 40;
    private const double Height = 260;
    private const double LeastWidth = 640;
    private const double LeastStep = 7;

    // Names are written where there is room for some characters of 6.6 CSS pixels.
    private const double CharacterWidth = 6.6;
    private const int Colours = 6;

    public static XElement Draw(ModelFacts model)
    {
        var program = model.Program;
        if (program.ArenaBytes == 0)
        {
            return new XElement("p", "This model needs no arena: every step reads and writes the caller's memory.");
        }

        var steps = program.Steps.Count;
        var width = Math.Max(LeastWidth, steps * LeastStep);
        double X(double step) => Left + (step / steps * width);
        double Y(double offset) => Top + Height - (offset / program.ArenaBytes * Height);

        return Svg.Picture(
            $"Arena of {model.Name} over {steps} steps: {Amount.Bytes(program.ArenaBytes)}",
            "arena",
            Left + width + Right,
            Top + Height + Bottom,
            Axes(program, X, Y),
            program.Buffers.Select((b, i) => Buffer(b, i, program, X, Y)),
            Svg.Line(X(0), Y(program.LeastArenaBytes), X(steps), Y(program.LeastArenaBytes), "least")
        );
    }

    private static XElement Buffer(PlacedBuffer buffer, int index, KernelProgram program, Func<double, double> x, Func<double, double> y)
    {
        var (left, right) = (x(buffer.First), x(buffer.Last + 1));
        var (top, bottom) = (y(buffer.Offset + buffer.Bytes), y(buffer.Offset));
        var (writer, isScratch) = WriterOf(buffer, program);
        var room = (int)((right - left - 6) / CharacterWidth);
        var steps = buffer.First == buffer.Last ? $"step {buffer.First + 1}" : $"steps {buffer.First + 1} to {buffer.Last + 1}";
        return Svg.Group(
            isScratch ? "buffer scratch" : $"buffer colour{index % Colours}",
            Svg.Rectangle(
                left + 0.5,
                top,
                right - left - 1,
                bottom - top,
                "area",
                $"{(isScratch ? "scratch of" : "output of")} {writer}\n{Amount.Bytes(buffer.Bytes)} at {buffer.Offset}, {steps}"
            ),
            room >= 4 && bottom - top >= 14 ? Svg.Text(left + 4, ((top + bottom) / 2) + 4, Svg.End(writer, room), "label") : null
        );
    }

    /// <summary>Whose output or working memory a buffer is; it begins with its first step.</summary>
    private static (string Name, bool IsScratch) WriterOf(PlacedBuffer buffer, KernelProgram program)
    {
        var step = program.Steps[buffer.First];
        return (step.Name, step.Scratch is { } scratch && scratch.Offset == buffer.Offset && buffer.First == buffer.Last);
    }

    private static IEnumerable<XElement> Axes(KernelProgram program, Func<double, double> x, Func<double, double> y)
    {
        var steps = program.Steps.Count;
        for (var part = 0; part <= 4; part++)
        {
            var bytes = program.ArenaBytes * part / 4.0;
            yield return Svg.Line(x(0), y(bytes), x(steps), y(bytes), "grid");
            yield return Svg.Text(Left - 8, y(bytes) + 4, Amount.Bytes((long)bytes), "axis", "end");
        }

        // About ten numbers, at round distances.
        var distance = new[] { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 }.FirstOrDefault(d => steps / d <= 12, 5000);
        for (var step = 0; step < steps; step += distance)
        {
            yield return Svg.Text(x(step + 0.5), Top + Height + 16, (step + 1).ToString(CultureInfo.InvariantCulture), "axis", "middle");
        }

        yield return Svg.Text(x(steps / 2.0), Top + Height + 33, "step", "axis", "middle");
    }
}
