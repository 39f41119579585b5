namespace ModelCompiler.Cli.Tests.Pages;

/// <summary>JSON as <c>modelc compress --json</c> writes it.</summary>
internal static class SearchFiles
{
    /// <summary>Three models, of which the second was chosen.</summary>
    public const string Front = """
        {
          "model": "float.onnx", "status": "found",
          "baseline": { "design": "int8", "commands": ["modelc quantize float.onnx"], "macs": 1000000, "weightBytes": 40000,
                        "arenaBytes": 9000, "objective": 1, "validationAccuracy": 0.912, "testAccuracy": 0.91 },
          "chosen": { "design": "channels 50 %", "commands": ["modelc prune float.onnx"], "macs": 500000, "weightBytes": 22000,
                      "arenaBytes": 6000, "objective": 0.525, "validationAccuracy": 0.909, "testAccuracy": 0.906 },
          "front": [
            { "design": "channels 70 %", "commands": [], "macs": 300000, "weightBytes": 13000, "arenaBytes": 5000, "validationAccuracy": 0.894 },
            { "design": "channels 50 %", "commands": ["modelc prune float.onnx"], "macs": 500000, "weightBytes": 22000, "arenaBytes": 6000, "validationAccuracy": 0.909 },
            { "design": "weights of 4 bits", "commands": [], "macs": 1000000, "weightBytes": 20000, "arenaBytes": 9000, "validationAccuracy": 0.911 }
          ]
        }
        """;
}
