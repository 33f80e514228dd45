using System.CommandLine;
using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Generation;

namespace Polymath.Cli.Verbs;

/// <summary>The options of verbs about tasks that write texts.</summary>
/// <param name="kept">Whether they are kept in the task, rather than for one run.</param>
internal sealed class WritingChoices(bool kept)
{
    private readonly Option<int?> _tokens = new Option<int?>("--max-new-tokens") { Description = kept ? "For --kind generate: the most tokens of an answer (default: those of the longest training answer)" : "Of a task that writes: the most tokens of an answer (default: the task's own)" }.AtLeast(1);
    private readonly Option<int?> _beams = new Option<int?>("--beams") { Description = kept ? "For --kind generate: texts followed at the same time in prediction (default: 1)" : "Of a task that writes: texts followed at the same time (default: the task's own)" }.AtLeast(1);
    private readonly Option<double?> _temperature = new("--temperature") { Description = "Of a task that writes: 0 takes the most likely token, above it tokens are drawn" };
    private readonly Option<string?> _separator = new("--separator") { Description = "For --kind generate with a decoder: what stands between input and answer, \\n for a line break (default: a line break)" };

    /// <summary>The options of this verb.</summary>
    public Option[] All => kept ? [_separator, _tokens, _beams] : [_tokens, _beams, _temperature];

    /// <summary>How a task is learned.</summary>
    public TextToTextOptions Learning(ParseResult result, FineTuningOptions training) => new()
    {
        Training = training,
        Separator = result.GetValue(_separator) is { } separator ? OneLine.Unescape(separator) : new TextToTextOptions().Separator,
        MaxNewTokens = result.GetValue(_tokens),
        Beams = result.GetValue(_beams) ?? 1,
    };

    /// <summary>How a task writes in this run.</summary>
    public GenerationOptions Writing(ParseResult result, TextToTextTask task, int seed = 0) => task.Writing with
    {
        MaxNewTokens = result.GetValue(_tokens) ?? task.Writing.MaxNewTokens,
        Beams = result.GetValue(_beams) ?? task.Writing.Beams,
        Temperature = result.GetValue(_temperature) ?? task.Writing.Temperature,
        Seed = seed,
    };
}
