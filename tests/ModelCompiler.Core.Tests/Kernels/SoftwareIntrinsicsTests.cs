using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Kernels;

/// <summary>The code for instruction sets that the machine may lack, run through their definitions.</summary>
public sealed class SoftwareIntrinsicsTests
{
    public static TheoryData<string, ConvCase> Cases()
    {
        var data = new TheoryData<string, ConvCase>();
        ConvCase[] cases =
        [
            ConvCase.Square(5, 20, 40, 1) with
            {
                PerChannel = true,
                Extremes = Extremes.Random,
            },
            ConvCase.Square(4, 33, 96, 1) with
            {
                Extremes = Extremes.Low,
            },
            ConvCase.Square(1, 70, 24, 1) with
            {
                SignedInput = true,
            },
            ConvCase.Square(7, 3, 16, 3, 2, 1) with
            {
                Multiplier = 1f / 3,
            },
            ConvCase.Square(6, 12, 144, 3, 1, 1) with
            {
                SignedInput = true,
                Extremes = Extremes.High,
            },
            ConvCase.Square(6, 8, 12, 3, 1, 1, 2) with
            {
                InputZeroPoint = 3,
                Bias = false,
            },
            ConvCase.Square(7, 40, 40, 3, 1, 1, 40) with
            {
                PerChannel = true,
            },
            ConvCase.Square(9, 16, 16, 5, 2, 2, 16) with
            {
                SignedInput = true,
                Extremes = Extremes.Low,
            },
            ConvCase.Square(5, 16, 64, 1) with
            {
                PerChannel = true,
                OutputZeroPoint = 0,
            },
            ConvCase.Square(3, 25, 27, 1) with
            {
                SignedInput = true,
                PerChannel = true,
                OutputZeroPoint = 0,
            },
            ConvCase.Square(1, 90, 48, 1) with
            {
                PerChannel = true,
                OutputZeroPoint = 255,
                Multiplier = 1.5f,
            },
            ConvCase.Square(9, 8, 8, 3, 1, 1, 8) with
            {
                Extremes = Extremes.Random,
            },
            ConvCase.Square(8, 64, 64, 3, 2, 1, 64) with
            {
                InputZeroPoint = 255,
                Extremes = Extremes.Low,
            },
            ConvCase.Square(5, 24, 24, 3, 1, 1, 24) with
            {
                PerChannel = true,
                OutputZeroPoint = 0,
                Extremes = Extremes.Random,
            },
            ConvCase.Square(6, 33, 33, 7, 1, 3, 33) with
            {
                SignedInput = true,
            },
        ];
        foreach (var target in new[] { "x64-avxvnni", "arm64-dotprod", "arm64" })
        {
            foreach (var @case in cases)
            {
                data.Add(target, @case);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Code_for_a_missing_instruction_set_equals_onnxruntime(string target, ConvCase @case) =>
        @case.Check([Target.Find(target)!], SoftwareIntrinsics.Substitute);
}
