using Polymath.Bench;

// Every number in docs/performance.md comes from one of these.
var commands = new SortedDictionary<string, (string Help, Func<string[], int> Run)>
{
    ["encode"] = ("features of 20,000 mixed sentences against ONNX Runtime on the same ids, turn by turn", EncodeBench.Run),
    ["encode-one"] = ("one engine in a process of its own (called by encode)", EncodeBench.RunOne),
    ["linear"] = ("linear layers: F.linear against the fused layout, GFLOP/s", LinearBench.Run),
};

if (args.Length == 0 || !commands.TryGetValue(args[0], out var command))
{
    Console.WriteLine("Usage: dotnet run -c Release --project bench/Polymath.Bench -- <benchmark> [options]\n");
    foreach (var (name, (help, _)) in commands) Console.WriteLine($"  {name,-14}{help}");
    return args.Length == 0 ? 0 : 2;
}
return command.Run(args[1..]);
