using ModelCompiler.Benchmarks;

return await BenchmarkCommand.Run(args, Console.Out, Console.Error);
