using ModelCompiler.Cli;

return await Modelc.Run(args, Terminal.OfProcess());
