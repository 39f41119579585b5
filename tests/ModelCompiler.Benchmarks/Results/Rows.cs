namespace ModelCompiler.Benchmarks.Results;

/// <summary>The speed of one model against ONNX Runtime, both under the JIT's process, at one thread, in turns.</summary>
/// <param name="Set">The table that it stands in.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Target">What code was generated for.</param>
/// <param name="OursMs">Median of one call.</param>
/// <param name="OnnxRuntimeMs">The same of ONNX Runtime; null where it does not run the model.</param>
/// <param name="Macs">Multiply-accumulate operations of one call.</param>
/// <param name="PeakInstruction">The processor's best for this arithmetic.</param>
/// <param name="PeakGmacPerSecond">What it does, measured in the same turns.</param>
/// <param name="ArenaBytes">Working memory.</param>
/// <param name="LeastArenaBytes">The most that is alive at one layer: less is not possible.</param>
/// <param name="WeightBytes">Packed weights.</param>
/// <param name="TextBytes">C# that is generated for the model, without weights.</param>
/// <param name="Rounds">How many turns each had.</param>
/// <param name="Operators">What ONNX Runtime's optimised graph consists of.</param>
internal sealed record SpeedRow(
    string Set,
    string Model,
    string Target,
    double OursMs,
    double? OnnxRuntimeMs,
    long Macs,
    string PeakInstruction,
    double PeakGmacPerSecond,
    long ArenaBytes,
    long LeastArenaBytes,
    long WeightBytes,
    long TextBytes,
    int Rounds,
    IReadOnlyList<OperatorCount> Operators
)
{
    /// <summary>ONNX Runtime's time over ours.</summary>
    public double? Ratio => OnnxRuntimeMs / OursMs;

    /// <summary>Our rate.</summary>
    public double GmacPerSecond => Macs / OursMs / 1e6;

    /// <summary>That rate over the processor's best.</summary>
    public double PeakFraction => GmacPerSecond / PeakGmacPerSecond;
}

/// <summary>How often an operator is in a graph.</summary>
internal sealed record OperatorCount(string Name, int Count);

/// <summary>One model's code for two targets, in turns.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Target">The lesser target.</param>
/// <param name="Ms">Median of one call of its code.</param>
/// <param name="BestTarget">The best target of the machine.</param>
/// <param name="BestMs">Median of one call of that one's code.</param>
/// <param name="Rounds">How many turns each had.</param>
internal sealed record TargetRow(string Model, string Target, double Ms, string BestTarget, double BestMs, int Rounds)
{
    /// <summary>Speed of the lesser target as a part of the best one's.</summary>
    public double Ratio => BestMs / Ms;
}

/// <summary>One model computed by one thread and by several, in turns.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Target">What code was generated for.</param>
/// <param name="Ms">Median of one call with one thread.</param>
/// <param name="Threads">How many threads the other has for large layers.</param>
/// <param name="ThreadsMs">Median of one call with these.</param>
/// <param name="Rounds">How many turns each had.</param>
internal sealed record ThreadsRow(string Model, string Target, double Ms, int Threads, double ThreadsMs, int Rounds)
{
    /// <summary>How many times as fast several threads are.</summary>
    public double Ratio => Ms / ThreadsMs;
}

/// <summary>One layer of compressed weights and the same with all of its weights, in turns.</summary>
/// <param name="Layer">What is measured.</param>
/// <param name="Shape">Input and output channels.</param>
/// <param name="Packing">How the compressed weights are packed.</param>
/// <param name="Ms">Median of one call.</param>
/// <param name="DenseMs">The same with all weights.</param>
/// <param name="WeightBytes">Bytes of the weights, of their places and of their values.</param>
/// <param name="DenseWeightBytes">The same with all weights.</param>
/// <param name="Rounds">How many turns each had.</param>
internal sealed record SparseRow(
    string Layer,
    string Shape,
    string Packing,
    double Ms,
    double DenseMs,
    long WeightBytes,
    long DenseWeightBytes,
    int Rounds
)
{
    /// <summary>How many times as fast the compressed layer is.</summary>
    public double Ratio => DenseMs / Ms;

    /// <summary>Its weights as a part of all.</summary>
    public double BytesRatio => (double)WeightBytes / DenseWeightBytes;
}

/// <summary>One model as a native program of its own, with our code and with ONNX Runtime.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Ours">Our program.</param>
/// <param name="OnnxRuntime">The program that calls ONNX Runtime's C# API.</param>
/// <param name="InstructionSet">What our native code is made for, and the JIT's in the comparison.</param>
/// <param name="NativeMs">Median of one call in our native program.</param>
/// <param name="JitMs">Median of one call under the JIT, in turns with it.</param>
/// <param name="Rounds">How many turns each had.</param>
internal sealed record NativeRow(
    string Model,
    Footprint Ours,
    Footprint OnnxRuntime,
    string InstructionSet,
    double NativeMs,
    double JitMs,
    int Rounds
)
{
    /// <summary>Speed of the native program as a part of the JIT's.</summary>
    public double Ratio => JitMs / NativeMs;
}

/// <summary>What a published program takes.</summary>
/// <param name="FirstResultMs">Median from its start to its first result.</param>
/// <param name="PeakResidentBytes">Median of the most memory that it has had by then.</param>
/// <param name="DiskBytes">All files that have to be on the device.</param>
/// <param name="Starts">How often it was started.</param>
internal sealed record Footprint(double FirstResultMs, long PeakResidentBytes, long DiskBytes, int Starts);

/// <summary>The innermost loop of a layer's code for arm64, as llvm-mca sees it.</summary>
/// <param name="Kind">Kind of kernel.</param>
/// <param name="Model">Name of the model.</param>
/// <param name="Layer">Name of the layer.</param>
/// <param name="Shape">What the layer computes.</param>
/// <param name="Instructions">Instructions of a round.</param>
/// <param name="DotProducts">Those of them that are <c>sdot</c>.</param>
/// <param name="Cycles">Cycles of a round.</param>
/// <param name="LlvmVersion">Whose estimate that is.</param>
internal sealed record ArmRow(
    string Kind,
    string Model,
    string Layer,
    string Shape,
    int Instructions,
    int DotProducts,
    double Cycles,
    string LlvmVersion
)
{
    /// <summary>The processor that llvm-mca is asked about.</summary>
    public const string Processor = "neoverse-n1";

    /// <summary>The most <c>sdot</c> that it begins in a cycle: one in each of its vector pipes.</summary>
    public const int Peak = 2;

    /// <summary>How many it begins.</summary>
    public double DotProductsPerCycle => DotProducts / Cycles;

    /// <summary>That over the most.</summary>
    public double PeakFraction => DotProductsPerCycle / Peak;
}

/// <summary>One build of a project with a model of so many weights.</summary>
/// <param name="WeightBytes">Bytes of weights in the file; 0 for a project without a model.</param>
/// <param name="Seconds">Median from the start of <c>dotnet build</c> to its end, with nothing built before.</param>
/// <param name="CompilerPeakBytes">Median of the C# compiler's peak resident memory; the generator runs in it.</param>
/// <param name="BuildPeakBytes">The same of MSBuild; the build task runs in it.</param>
/// <param name="Builds">How many builds.</param>
internal sealed record BuildRow(long WeightBytes, double Seconds, long CompilerPeakBytes, long BuildPeakBytes, int Builds)
{
    /// <summary>The larger one of both.</summary>
    public long PeakBytes => Math.Max(CompilerPeakBytes, BuildPeakBytes);
}
