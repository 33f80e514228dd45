using Polymath.Adaptation;
using Polymath.Generation;

namespace Polymath.Bench;

/// <summary>The reference's prompts and capitals through the real model: largest difference of log-probabilities, the same predictions raw and calibrated.</summary>
internal static class PromptsBench
{
    public static int Run(string[] args)
    {
        var path = Timing.Option(args, "--model", Timing.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        var only = Timing.Option(args, "--only", "");
        Timing.Announce($"prompts: {Path.GetFileName(path)} against the reference");
        using var loaded = LanguageModel.Load(path);
        var model = PromptModel.Of(loaded);
        int rows = 0, same = 0, sameCalibrated = 0;
        double largest = 0;
        foreach (var one in ReferencePrompts.Tasks().Concat(ReferencePrompts.Capitals()).Where(one => one.Name.Contains(only, StringComparison.Ordinal)))
        {
            (double[][] Rows, double[] ContentFree) found = ([], []);
            var seconds = Timing.Seconds(() => found = one.Ask(model));
            int[] predicted = Best(found.Rows), calibrated = Best(Calibrated(found.Rows, found.ContentFree)), wanted = Best(one.Scores), wantedCalibrated = Best(Calibrated(one.Scores, one.ContentFree));
            var gap = found.Rows.Append(found.ContentFree).Zip(one.Scores.Append(one.ContentFree)).Max(pair => pair.First.Zip(pair.Second).Max(value => Math.Abs(value.First - value.Second)));
            int agree = predicted.Zip(wanted).Count(pair => pair.First == pair.Second), agreeCalibrated = calibrated.Zip(wantedCalibrated).Count(pair => pair.First == pair.Second);
            Console.WriteLine($"{one.Name}: largest difference {gap:E1}; same prediction {agree}/{predicted.Length} raw, {agreeCalibrated}/{predicted.Length} calibrated; right {Right(predicted)} raw, {Right(calibrated)} calibrated; {seconds:F1} s");
            (rows, same, sameCalibrated, largest) = (rows + predicted.Length, same + agree, sameCalibrated + agreeCalibrated, Math.Max(largest, gap));

            int Right(int[] answers) => answers.Zip(one.Truth).Count(pair => pair.First == pair.Second);
        }
        Console.WriteLine($"\nall: {rows} rows, largest difference {largest:E1}, same prediction {100.0 * same / rows:F2} % raw, {100.0 * sameCalibrated / rows:F2} % calibrated   load {Timing.Load()}");
        return 0;
    }

    private static double[][] Calibrated(double[][] scores, double[] free) => [.. scores.Select(row => Calibration.Apply(row, Calibration.Contextual([free])))];

    private static int[] Best(double[][] scores) => Array.ConvertAll(scores, row => Array.IndexOf(row, row.Max()));
}
