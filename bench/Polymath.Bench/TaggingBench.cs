using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Tagging;

namespace Polymath.Bench;

/// <summary>
/// Token tagging on frozen all-MiniLM-L6-v2 by 5-fold cross-validation over sentences, beside the word-feature baseline: span F1 with its interval and
/// the paired difference, for several ways to read a word.
/// </summary>
internal static class TaggingBench
{
    public static int Run(string[] args)
    {
        var path = Timing.Option(args, "--data", "data/support/spans.jsonl");
        TaggedSentence[] sentences = [.. TaggedFile.Open(path).Sentences()];
        Timing.Announce($"tagging: frozen all-MiniLM-L6-v2, {path}: {sentences.Length} sentences, {sentences.Sum(s => s.Words.Count)} words; 5 folds, seed 0");
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"));
        TaggingOutcomes? baseline = null;
        Console.WriteLine($"{"words read as",-34}{"span F1",9}   {"95 %",-15}{"precision",10}{"recall",8}{"accuracy",10}   {"less baseline",-26}{"seconds",8}");
        foreach (var way in Timing.Option(args, "--ways", "last/mean/0,last/mean/1,top4/mean/0,top4/mean/1,top4/first/1,top4/mean/2,layer3/mean/1,concat4/mean/1").Split(','))
        {
            if (way.Split('/') is not [var layers, var subwords, var neighbours]) throw new PolymathException($"'{way}': expected layers/subwords/neighbours, such as top4/mean/1");
            var options = new TaggingOptions { Layers = LayerMix.Parse(layers), Subwords = Enum.Parse<SubwordPooling>(subwords, ignoreCase: true), Neighbours = int.Parse(neighbours) };
            TaggingComparison? found = null;
            var seconds = Timing.Seconds(() => found = TaggingComparison.CrossValidate(backbone, sentences, options));
            if (baseline is null) Show("word features (baseline)", baseline = found!.Baseline, "", 0);
            var d = found!.Difference()!;
            Show($"{layers}, {subwords}, {neighbours} neighbours", found.Task!, $"{100 * d.Difference:+0.0;-0.0} [{100 * d.Low:+0.0;-0.0}, {100 * d.High:+0.0;-0.0}]", seconds);
        }
        return 0;
    }

    private static void Show(string name, TaggingOutcomes outcomes, string difference, double seconds)
    {
        var (overall, interval) = (outcomes.Overall, Bootstrap.Interval(Metric.SpanF1, outcomes));
        Console.WriteLine($"{name,-34}{overall.F1,9:P1}   {$"{100 * interval.Low:F1} to {100 * interval.High:F1}",-15}{overall.Precision,10:P1}{overall.Recall,8:P1}{Metric.Accuracy.Compute(outcomes),10:P1}   {difference,-26}{seconds,8:F1}");
        foreach (var kind in outcomes.Kinds) Console.WriteLine($"    {kind,-30}{outcomes.Of(kind).F1,9:P1}");
    }
}
