using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Graphs;
using ModelCompiler.Sizes;
using ModelCompiler.Verification;
using Xunit;

namespace ModelCompiler.Testing;

/// <summary>Compares compiled models with ONNX Runtime on every target that this machine runs.</summary>
public static class Differential
{
    /// <summary>How far results may be from ONNX Runtime's.</summary>
    /// <param name="Relative">Allowed difference as a part of the expected float.</param>
    /// <param name="Absolute">Allowed difference of floats, on top.</param>
    /// <param name="Quanta">Allowed difference of integers.</param>
    public sealed record Tolerance(double Relative = 1e-4, double Absolute = 1e-5, long Quanta = 0);

    /// <summary>Compiles the model for each target, runs it on random inputs and asserts that ONNX Runtime gives the same.</summary>
    /// <remarks>
    /// <paramref name="transform"/> changes the implementation's text, for instruction sets that the machine lacks;
    /// <paramref name="threads"/> is how many threads compute large layers; <paramref name="dimensions"/> are sizes of what the model leaves open;
    /// <paramref name="weights"/> is what packed weights are to be.
    /// </remarks>
    public static void Check(
        OnnxModelBuilder model,
        int seed = 1,
        Tolerance? tolerance = null,
        IReadOnlyDictionary<string, Array>? inputs = null,
        IReadOnlyList<Target>? targets = null,
        GraphOptimizationLevel optimisation = GraphOptimizationLevel.ORT_ENABLE_ALL,
        bool signedQuantisedOperators = false,
        Func<string, string>? transform = null,
        int threads = 1,
        EquatableArray<DimensionBinding> dimensions = default,
        WeightChoice weights = WeightChoice.Fastest
    )
    {
        var bytes = model.ToBytes();
        IReadOnlyList<NamedTensor>? expected = null;
        IReadOnlyList<NamedTensor>? given = null;
        foreach (var target in targets ?? Targets.Runnable)
        {
            var options = new CompileOptions
            {
                ClassName = "TestModel",
                Target = target,
                Threads = threads,
                Dimensions = dimensions,
                Weights = weights,
            };
            var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", bytes, _ => null), options);
            Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
            using var network = CompiledNetwork.Load(compiled, options, transform);
            if (expected is null)
            {
                given = RandomInputs(network.Inputs, seed, inputs);
                using var oracle = new OnnxRuntimeOracle(bytes, optimisation, signedQuantisedOperators)
                {
                    Fixed = OnnxFile.Of("test.onnx", model.Proto).FixedInputs(options.Dimensions),
                };
                expected = oracle.Run(given);
            }

            var actual = network.Run([.. given!.Select(i => i.Elements)]);
            AssertEqual(expected, actual, tolerance ?? new Tolerance(), $"{target.Name}, seed {seed}, model {model.Proto}");
        }
    }

    /// <summary>
    /// Compiles the model once for ranges of sizes and asserts, for each of some sizes, that ONNX Runtime gives the same.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="ranges">The dimensions whose size is known at run time only, for example <c>batch=1..8</c>.</param>
    /// <param name="sizes">Combinations of sizes, in the order of the ranges.</param>
    /// <param name="tolerance">How far results may be apart.</param>
    /// <param name="inputs">Makes the elements of an input where they are not any that its type has; null for these.</param>
    /// <param name="threads">How many threads compute large layers.</param>
    /// <param name="targets">The targets; all that this machine runs where they are left out.</param>
    /// <param name="weights">What packed weights are to be.</param>
    /// <returns>What was compiled for the first target.</returns>
    public static CompiledModel CheckSizes(
        OnnxModelBuilder model,
        IReadOnlyList<string> ranges,
        IReadOnlyList<int[]> sizes,
        Tolerance? tolerance = null,
        Func<ModelPort, Array?>? inputs = null,
        int threads = 1,
        IReadOnlyList<Target>? targets = null,
        WeightChoice weights = WeightChoice.Fastest
    )
    {
        var bytes = model.ToBytes();
        using var oracle = new OnnxRuntimeOracle(bytes);
        CompiledModel? first = null;
        foreach (var target in targets ?? Targets.Runnable)
        {
            var options = new CompileOptions
            {
                ClassName = "TestModel",
                Target = target,
                Threads = threads,
                Weights = weights,
            }.With([.. ranges.Select(r => DimensionRange.Parse(r)!)]);
            var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", bytes, _ => null), options);
            Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
            first ??= compiled;
            using var network = CompiledNetwork.Load(compiled, options);
            foreach (var size in sizes)
            {
                var ports = network.InputsAt(size);
                var given = RandomInputs(
                    ports,
                    seed: 1,
                    ports.ToDictionary(p => p.Name, p => inputs?.Invoke(p)!).Where(p => p.Value is not null).ToDictionary()
                );
                var actual = network.RunAt(size, [.. given.Select(i => i.Elements)]);
                AssertEqual(oracle.Run(given), actual, tolerance ?? new Tolerance(), $"{target.Name}, sizes {string.Join(", ", size)}");
            }
        }

        return first!;
    }

    /// <summary>Values that a network may well get: floats in [−3, 3), integers of the whole range of 8 bits or small ones.</summary>
    public static IReadOnlyList<NamedTensor> RandomInputs(
        IReadOnlyList<ModelPort> ports,
        int seed,
        IReadOnlyDictionary<string, Array>? given = null
    )
    {
        var random = new Random(seed);
        return [.. ports.Select(p => new NamedTensor(p.Name, p.Type, given?.GetValueOrDefault(p.Name) ?? RandomElements(p.Type, random)))];
    }

    /// <summary>Random elements of a type.</summary>
    public static Array RandomElements(TensorType type, Random random)
    {
        var array = Elements.Allocate(type);
        switch (array)
        {
            case float[] floats:
                Fill(floats, () => (random.NextSingle() * 6) - 3);
                break;
            case double[] doubles:
                Fill(doubles, () => (random.NextDouble() * 6) - 3);
                break;
            case Half[] halves:
                Fill(halves, () => (Half)((random.NextSingle() * 6) - 3));
                break;
            case ushort[] codes when type.Element == ElementType.BFloat16:
                Fill(codes, () => (ushort)(BitConverter.SingleToUInt32Bits((random.NextSingle() * 6) - 3) >> 16));
                break;
            case byte[] or sbyte[] when type.Element is ElementType.Int4 or ElementType.UInt4 or ElementType.Int2 or ElementType.UInt2:
                var (low, high) = ((int)type.Element.LowestValue(), (int)type.Element.HighestValue());
                foreach (ref var element in Elements.Bytes(array))
                {
                    element = unchecked((byte)random.Next(low, high + 1));
                }

                break;
            case byte[] codes when type.Element == ElementType.Float4E2M1:
                Fill(codes, () => (byte)random.Next(16));
                break;
            case bool[] bools:
                Fill(bools, () => random.Next(2) == 1);
                break;
            case byte[] or sbyte[]:
                random.NextBytes(Elements.Bytes(array));
                break;
            default:
                for (var i = 0; i < array.Length; i++)
                {
                    array.SetValue(Convert.ChangeType(random.Next(100), array.GetType().GetElementType()!), i);
                }

                break;
        }

        return array;

        static void Fill<T>(T[] elements, Func<T> next)
        {
            for (var i = 0; i < elements.Length; i++)
            {
                elements[i] = next();
            }
        }
    }

    /// <summary>Asserts equal names, types and elements; the message names the first difference.</summary>
    public static void AssertEqual(
        IReadOnlyList<NamedTensor> expected,
        IReadOnlyList<NamedTensor> actual,
        Tolerance tolerance,
        string context
    )
    {
        Assert.Equal(expected.Select(e => (e.Name, e.Type)), actual.Select(a => (a.Name, a.Type)));
        foreach (var (e, a) in expected.Zip(actual))
        {
            var (expectedElements, actualElements) = (Comparable(e), Comparable(a));
            for (var i = 0; i < e.Elements.Length; i++)
            {
                var (want, got) = (expectedElements.GetValue(i)!, actualElements.GetValue(i)!);
                Assert.True(Close(want, got, tolerance), $"{e.Name}[{i}] of {e.Type}: expected {want}, found {got} ({context})");
            }
        }
    }

    private static Array Comparable(NamedTensor tensor) => tensor.Type.Element.IsNarrowFloat() ? Elements.Reals(tensor) : tensor.Elements;

    private static bool Close(object expected, object actual, Tolerance tolerance)
    {
        if (expected is float or double)
        {
            var (want, got) = (Convert.ToDouble(expected), Convert.ToDouble(actual));
            return want.Equals(got) || Math.Abs(want - got) <= tolerance.Absolute + (tolerance.Relative * Math.Abs(want));
        }

        return expected is bool
            ? expected.Equals(actual)
            : Math.Abs(Convert.ToDecimal(expected) - Convert.ToDecimal(actual)) <= tolerance.Quanta;
    }
}
