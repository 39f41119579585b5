using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>What ONNX's Resize says about one dimension; gives the inputs and weights of each output, in float32 as ONNX Runtime does.</summary>
/// <param name="InputSize">Size before.</param>
/// <param name="OutputSize">Size behind.</param>
/// <param name="Scale">Output size by input size, as given or derived.</param>
/// <param name="Transformation">Value of coordinate_transformation_mode.</param>
/// <param name="RoiStart">Begin of the region of tf_crop_and_resize, as a part of the dimension.</param>
/// <param name="RoiEnd">Its end.</param>
/// <param name="CountsFraction">Whether align_corners counts the fraction of an element that a scale gives.</param>
internal sealed record ResizeCoordinates(
    int InputSize,
    int OutputSize,
    float Scale,
    string Transformation,
    float RoiStart = 0,
    float RoiEnd = 1,
    bool CountsFraction = false
)
{
    public static readonly string[] Transformations =
    [
        "half_pixel",
        "half_pixel_symmetric",
        "pytorch_half_pixel",
        "align_corners",
        "asymmetric",
        "tf_half_pixel_for_nn",
        "tf_crop_and_resize",
    ];

    public static readonly string[] Roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

    /// <summary>Rounding of operator sets before 11: down, but up where the dimension shrinks.</summary>
    public const string OldRounding = "floor, ceil when shrinking";

    /// <summary>
    /// The size behind. Where a scale shrinks to a fraction of an element more than a whole number of them, interpolation counts the fraction:
    /// so ONNX's recorded tests have it. ONNX Runtime takes the whole number, which everything else does here as well.
    /// </summary>
    private float AlignedSize =>
        CountsFraction && Scale < 1 && Math.Abs((Scale * InputSize) - OutputSize) > 1e-4f * OutputSize ? Scale * InputSize : OutputSize;

    private bool IsCrop => Transformation == "tf_crop_and_resize";

    public ResampledAxis Nearest(string rounding) =>
        Axis(
            1,
            x =>
            {
                var index = Round(x, rounding);
                return [(Math.Min(Math.Max(index, 0), InputSize - 1), 1f)];
            }
        );

    public ResampledAxis Linear() =>
        Axis(
            2,
            x =>
            {
                var bounded = Math.Min(Math.Max(x, 0), InputSize - 1);
                var low = Math.Min((int)bounded, InputSize - 1);
                var high = Math.Min(low + 1, InputSize - 1);
                return low == high ? [(low, 0.5f), (high, 0.5f)] : [(low, Math.Abs(bounded - high)), (high, Math.Abs(bounded - low))];
            }
        );

    public ResampledAxis Cubic(float a, bool excludeOutside) =>
        Axis(
            4,
            x =>
            {
                var first = (int)Math.Floor(x) - 1;
                var s = x - (float)Math.Floor(x);
                float[] weights =
                [
                    ((((a * (s + 1)) - (5 * a)) * (s + 1)) + (8 * a)) * (s + 1) - (4 * a),
                    ((((a + 2) * s) - (a + 3)) * s * s) + 1,
                    ((((a + 2) * (1 - s)) - (a + 3)) * (1 - s) * (1 - s)) + 1,
                    ((((a * (2 - s)) - (5 * a)) * (2 - s)) + (8 * a)) * (2 - s) - (4 * a),
                ];
                if (excludeOutside)
                {
                    weights = [.. weights.Select((w, i) => first + i >= 0 && first + i < InputSize ? w : 0)];
                    var sum = weights.Sum();
                    weights = [.. weights.Select(w => w / sum)];
                }

                return [.. weights.Select((w, i) => (Math.Min(Math.Max(first + i, 0), InputSize - 1), w))];
            }
        );

    /// <summary>
    /// Linear with antialias: where the dimension shrinks, the triangle is as much wider as the outputs lie apart in the input.
    /// </summary>
    public ResampledAxis AntialiasedLinear(bool excludeOutside) => Antialiased(1, t => Math.Max(0, 1 - t), excludeOutside);

    /// <summary>Cubic with antialias: the same for the cubic filter.</summary>
    public ResampledAxis AntialiasedCubic(float a, bool excludeOutside) =>
        Antialiased(
            2,
            t =>
                t <= 1 ? ((((a + 2) * t) - (a + 3)) * t * t) + 1
                : t < 2 ? (((((t - 5) * t) + 8) * t) - 4) * a
                : 0,
            excludeOutside
        );

    /// <param name="radius">From where on the filter is 0.</param>
    /// <param name="filter">The weight at a distance from the centre, of outputs where the dimension shrinks, else of inputs.</param>
    /// <param name="excludeOutside">Whether taps outside of the input weigh nothing; else they repeat its border.</param>
    private ResampledAxis Antialiased(int radius, Func<float, float> filter, bool excludeOutside)
    {
        var shrink = Math.Min(Scale, 1);
        var support = radius / shrink;
        var taps = 2 * (int)Math.Min(Math.Ceiling(support), TensorShape.MaxElements);
        if ((long)taps * OutputSize > TensorShape.MaxElements)
        {
            throw new ShapeException($"a scale of {Scale} with antialias needs {taps} inputs for each of {OutputSize} outputs");
        }

        return Axis(
            taps,
            x =>
            {
                var first = (int)Math.Floor(x - support) + 1;
                var weights = new float[taps];
                for (var i = 0; i < taps; i++)
                {
                    var counts = !excludeOutside || (first + i >= 0 && first + i < InputSize);
                    weights[i] = counts ? filter(Math.Abs((first + i - x) * shrink)) : 0;
                }

                var sum = weights.Sum();
                return [.. weights.Select((w, i) => (Math.Min(Math.Max(first + i, 0), InputSize - 1), w / sum))];
            }
        );
    }

    private ResampledAxis Axis(int taps, Func<float, (int Index, float Weight)[]> tapsAt)
    {
        if (OutputSize == InputSize && Scale == 1 && !IsCrop)
        {
            return ResampledAxis.Unchanged(InputSize);
        }

        var (indices, weights) = (new List<int>(), new List<float>());
        for (var i = 0; i < OutputSize; i++)
        {
            var x = Original(i);
            var outside = IsCrop && (x < 0 || x > InputSize - 1);
            foreach (var (index, weight) in tapsAt(x))
            {
                indices.Add(outside ? -1 : index);
                weights.Add(weight);
            }
        }

        return new ResampledAxis(taps, indices.ToArray(), weights.ToArray());
    }

    /// <summary>Where output <paramref name="i"/> lies in the input.</summary>
    private float Original(float i) =>
        Transformation switch
        {
            "asymmetric" => i / Scale,
            "pytorch_half_pixel" => OutputSize > 1 ? ((i + 0.5f) / Scale) - 0.5f : 0,
            "tf_half_pixel_for_nn" => (i + 0.5f) / Scale,
            "align_corners" => OutputSize == 1 ? 0 : i * (InputSize - 1) / (AlignedSize - 1),
            "tf_crop_and_resize" => OutputSize > 1
                ? (RoiStart * (InputSize - 1)) + (i * (RoiEnd - RoiStart) * (InputSize - 1) / (OutputSize - 1))
                : 0.5f * (RoiStart + RoiEnd) * (InputSize - 1),
            "half_pixel_symmetric" => Symmetric(i),
            _ => ((i + 0.5f) / Scale) - 0.5f,
        };

    private float Symmetric(float i)
    {
        var adjustment = OutputSize / (Scale * InputSize);
        var centre = InputSize / 2f;
        return (centre * (1 - adjustment)) + ((i + 0.5f) / Scale) - 0.5f;
    }

    private int Round(float x, string rounding) =>
        (int)(
            rounding switch
            {
                "floor" => Math.Floor(x),
                "ceil" => Math.Ceiling(x),
                "round_prefer_ceil" => Math.Round(x, MidpointRounding.AwayFromZero),
                OldRounding => Scale < 1 ? Math.Ceiling(x) : (int)x,
                _ => x == Math.Floor(x) + 0.5 ? Math.Floor(x) : Math.Round(x, MidpointRounding.AwayFromZero),
            }
        );
}
