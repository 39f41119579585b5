namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// ONNX STFT (opset 17): the discrete Fourier transforms of frames of a signal. Inputs: signals [batch, length, 1 (real) or 2 (complex)],
/// optional window, with which each frame is multiplied. Output: [batch, frames, points, 2].
/// </summary>
/// <param name="Step">Distance between frames.</param>
/// <param name="Length">Length of a frame.</param>
/// <param name="IsOneSided">Whether only that half of the spectrum is written that says all about a real signal.</param>
public sealed record ShortTimeFourier(int Step, int Length, bool IsOneSided) : Operator
{
    /// <inheritdoc/>
    public override string Name => "STFT";

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        context.RequireSameElement();
        var signal = context.Shape(0);
        if (signal.Rank != 3 || signal[2] is < 1 or > 2)
        {
            throw new ShapeException($"signals [batch, length, 1 or 2] were expected, found {signal}");
        }

        if (Step < 1 || Length > signal[1] || (context.Has(1) && context.Shape(1) != new TensorShape(Length)))
        {
            var window = context.Has(1) ? $" and a window {context.Shape(1)}" : "";
            throw new ShapeException($"frames of {Length} elements every {Step}{window} do not fit signals {signal}");
        }

        var frames = ((signal[1] - Length) / Step) + 1;
        return [context.Type(0) with { Shape = new(signal[0], frames, IsOneSided ? (Length / 2) + 1 : Length, 2) }];
    }
}
