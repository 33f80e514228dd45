using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Tasks;
using Polymath.Tasks.Scope;

namespace Polymath.Cli.Verbs;

/// <summary>The options of <c>adapt</c> about rows that belong to none of the classes.</summary>
internal sealed class ScopeChoice
{
    private readonly Option<double> _keepRate = new("--keep-rate") { Description = "With --out-of-scope: the share of in-scope rows to keep", DefaultValueFactory = _ => 0.95 };
    private readonly Option<string?> _score = new("--scope-score") { Description = "With --out-of-scope: probability, logit, energy, nearest-row, class-distance, or several joined by + (default: probability+nearest-row, without a model probability)" };

    /// <summary>Whether detection is learned at all.</summary>
    public Option<bool> Wanted { get; } = new("--out-of-scope") { Description = "Learn to tell rows that belong to none of the classes" };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command) => command.Takes(Wanted, _keepRate, _score);

    /// <summary>What was asked for; null for nothing.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="seed">Decides the folds.</param>
    /// <param name="hasModel">Whether there are features.</param>
    /// <exception cref="PolymathException">The options do not fit together.</exception>
    public OutOfScopeOptions? Read(ParseResult result, int seed, bool hasModel)
    {
        if (!result.GetValue(Wanted))
        {
            foreach (var option in new Option[] { _keepRate, _score })
                if (result.IsGiven(option)) throw new PolymathException($"{option.Name} applies only together with --out-of-scope");
            return null;
        }
        var scores = result.GetValue(_score) is { } text ? ScopeScores.Parse(text) : [];
        foreach (var score in scores)
            if (!hasModel && score.ReadsFeatures()) throw new PolymathException($"--scope-score {score.Name()} needs the features of a --model; without one take probability, logit or energy");
        return result.GetValue(_keepRate) is > 0 and < 1 and var rate ? new OutOfScopeOptions { Scores = scores, KeepRate = rate, Seed = seed }
            : throw new PolymathException($"--keep-rate {result.GetValue(_keepRate)}: expected a share between 0 and 1, such as 0.95");
    }
}
