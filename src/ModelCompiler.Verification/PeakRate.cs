using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.Verification;

/// <summary>A loop of nothing but multiply-accumulates: how fast this processor could be.</summary>
/// <param name="Instruction">What the loop consists of.</param>
/// <param name="Macs">Multiply-accumulate operations of one run.</param>
/// <param name="Run">Runs the loop; the result only keeps it from being optimised away.</param>
public sealed record PeakRate(string Instruction, long Macs, Func<object> Run)
{
    // Enough accumulators to hide the latency of every instruction here; one run takes some tens of microseconds.
    private const int Accumulators = 10;
    private const int Iterations = 10_000;

    /// <summary>The best that this processor and .NET have for 8-bit integers.</summary>
    public static PeakRate Integer { get; } =
        AvxVnni.IsSupported ? Of<DotProduct256, Vector256<int>>("vpdpbusd 256", 32)
        : Avx512BW.IsSupported ? Of<Widening512, Vector512<int>>("vpmaddubsw + vpmaddwd + vpaddd 512", 64)
        : Avx2.IsSupported ? Of<Widening256, Vector256<int>>("vpmaddubsw + vpmaddwd + vpaddd 256", 32)
        : Dp.IsSupported ? Of<DotProductArm, Vector128<int>>("sdot 128", 16)
        : AdvSimd.IsSupported ? Of<WideningArm, Vector128<int>>("smull + sadalp 128", 8)
        : Of<Multiply128, Vector128<int>>("Vector128 multiply and add", 4);

    /// <summary>The best that it has for float32.</summary>
    public static PeakRate Float { get; } =
        Avx512F.IsSupported ? Of<Fma512, Vector512<float>>("vfmadd 512", 16)
        : Fma.IsSupported ? Of<Fma256, Vector256<float>>("vfmadd 256", 8)
        : Of<Fma128, Vector128<float>>("Vector128 multiply-add", 4);

    /// <summary>The one that a model's arithmetic is to be held against.</summary>
    public static PeakRate For(OnnxFile file) => file.Proto?.Graph?.Node.Any(QuantisedOutput.IsQuantised) == true ? Integer : Float;

    private static PeakRate Of<TStep, TVector>(string instruction, int macs)
        where TStep : struct, IStep<TVector>
        where TVector : struct => new(instruction, (long)macs * Accumulators * Iterations, () => Loop<TStep, TVector>());

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TVector Loop<TStep, TVector>()
        where TStep : struct, IStep<TVector>
        where TVector : struct
    {
        TVector a = default,
            b = default,
            c = default,
            d = default,
            e = default;
        TVector f = default,
            g = default,
            h = default,
            i = default,
            j = default;
        for (var n = 0; n < Iterations; n++)
        {
            a = TStep.Next(a);
            b = TStep.Next(b);
            c = TStep.Next(c);
            d = TStep.Next(d);
            e = TStep.Next(e);
            f = TStep.Next(f);
            g = TStep.Next(g);
            h = TStep.Next(h);
            i = TStep.Next(i);
            j = TStep.Next(j);
        }

        return TStep.Add(
            TStep.Add(TStep.Add(a, b), TStep.Add(c, d)),
            TStep.Add(TStep.Add(e, f), TStep.Add(TStep.Add(g, h), TStep.Add(i, j)))
        );
    }

    /// <summary>One multiply-accumulate. Every product depends on the accumulator, or the JIT would compute it once.</summary>
    private interface IStep<TVector>
    {
        static abstract TVector Next(TVector sum);

        // Keeps the sums in registers to the end, which returning them all does not.
        static abstract TVector Add(TVector left, TVector right);
    }

    private readonly struct DotProduct256 : IStep<Vector256<int>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> Next(Vector256<int> sum) =>
            AvxVnni.MultiplyWideningAndAdd(sum, Vector256.Create((byte)3), Vector256.Create((sbyte)-5));

        public static Vector256<int> Add(Vector256<int> left, Vector256<int> right) => left + right;
    }

    private readonly struct Widening512 : IStep<Vector512<int>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<int> Next(Vector512<int> sum) =>
            sum
            + Avx512BW.MultiplyAddAdjacent(
                Avx512BW.MultiplyAddAdjacent(sum.AsByte(), Vector512.Create((sbyte)-5)),
                Vector512.Create((short)1)
            );

        public static Vector512<int> Add(Vector512<int> left, Vector512<int> right) => left + right;
    }

    private readonly struct Widening256 : IStep<Vector256<int>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> Next(Vector256<int> sum) =>
            sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(sum.AsByte(), Vector256.Create((sbyte)-5)), Vector256.Create((short)1));

        public static Vector256<int> Add(Vector256<int> left, Vector256<int> right) => left + right;
    }

    private readonly struct DotProductArm : IStep<Vector128<int>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> Next(Vector128<int> sum) =>
            Dp.DotProduct(sum, Vector128.Create((sbyte)3), Vector128.Create((sbyte)-5));

        public static Vector128<int> Add(Vector128<int> left, Vector128<int> right) => left + right;
    }

    private readonly struct WideningArm : IStep<Vector128<int>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> Next(Vector128<int> sum) =>
            AdvSimd.AddPairwiseWideningAndAdd(sum, AdvSimd.MultiplyWideningLower(sum.AsSByte().GetLower(), Vector64.Create((sbyte)-5)));

        public static Vector128<int> Add(Vector128<int> left, Vector128<int> right) => left + right;
    }

    private readonly struct Multiply128 : IStep<Vector128<int>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<int> Next(Vector128<int> sum) => sum + (sum * Vector128.Create(-5));

        public static Vector128<int> Add(Vector128<int> left, Vector128<int> right) => left + right;
    }

    private readonly struct Fma512 : IStep<Vector512<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Next(Vector512<float> sum) =>
            Avx512F.FusedMultiplyAdd(Vector512.Create(3f), Vector512.Create(-5f), sum);

        public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;
    }

    private readonly struct Fma256 : IStep<Vector256<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Next(Vector256<float> sum) => Fma.MultiplyAdd(Vector256.Create(3f), Vector256.Create(-5f), sum);

        public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;
    }

    private readonly struct Fma128 : IStep<Vector128<float>>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Next(Vector128<float> sum) =>
            Vector128.MultiplyAddEstimate(Vector128.Create(3f), Vector128.Create(-5f), sum);

        public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;
    }
}
