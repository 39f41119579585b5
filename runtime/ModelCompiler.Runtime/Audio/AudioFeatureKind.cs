namespace ModelCompiler.Audio;

/// <summary>What is computed of each window of samples.</summary>
public enum AudioFeatureKind
{
    /// <summary>Logarithms of the mel bands; <c>log-mel</c> in the text of options.</summary>
    LogMel,

    /// <summary>
    /// Mel-frequency cepstral coefficients: the first of an orthonormal DCT-II over the logarithms of the mel bands, the zeroth included
    /// (Davis and Mermelstein, 1980); <c>mfcc</c> in the text.
    /// </summary>
    Mfcc,
}

/// <summary>What samples are weighted with before they are transformed. All are periodic: the next sample would be the first again.</summary>
public enum WindowFunction
{
    /// <summary>0.5 − 0.5·cos(2πn/N).</summary>
    Hann,

    /// <summary>0.54 − 0.46·cos(2πn/N); the ONNX operator HammingWindow has 25/46 and 21/46.</summary>
    Hamming,

    /// <summary>0.42 − 0.5·cos(2πn/N) + 0.08·cos(4πn/N).</summary>
    Blackman,

    /// <summary>1: the samples as they are.</summary>
    Rectangular,
}

/// <summary>What of each bin of the spectrum goes into the mel bands.</summary>
public enum SpectrumKind
{
    /// <summary>re² + im².</summary>
    Power,

    /// <summary>The root of it.</summary>
    Magnitude,
}

/// <summary>How the bins of a spectrum are summed to mel bands.</summary>
public enum MelFilters
{
    /// <summary>
    /// Triangles of height 1, linear in hertz, whose corners are evenly spaced on the scale of <see cref="MelScale.Htk"/>; what
    /// librosa gives for <c>htk=True, norm=None</c>.
    /// </summary>
    Htk,

    /// <summary>
    /// Triangles of area 1, linear in hertz, whose corners are evenly spaced on the scale of <see cref="MelScale.Slaney"/>; librosa's default.
    /// </summary>
    Slaney,

    /// <summary>
    /// What the ONNX operator MelWeightMatrix (opset 17) gives: triangles of height 1 whose corners are spaced on the scale of
    /// <see cref="MelScale.Htk"/> by 1/(bands + 2) of the range, and lie on bins.
    /// </summary>
    Onnx,
}

/// <summary>How a band becomes a logarithm.</summary>
public enum BandLogarithm
{
    /// <summary>ln(max(x, floor)).</summary>
    Floor,

    /// <summary>ln(1 + x).</summary>
    Log1p,
}
