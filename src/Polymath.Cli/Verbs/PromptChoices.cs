using System.CommandLine;
using Polymath.Adaptation;
using Polymath.Cli.Common;
using Polymath.Features;

namespace Polymath.Cli.Verbs;

/// <summary>The options about prompts: template, demonstrations, calibration.</summary>
internal sealed class PromptChoices
{
    private const string Auto = "auto";
    private readonly Option<string?> _template = new("--template") { Description = "Prompt file (JSON), or a template such as \"{{text}} It was {{answer}}\" (default: plain words)" };
    private readonly Option<int?> _shots = new Option<int?>("--shots") { Description = "Rows to show with their answers (default: 0)" }.AtLeast(0);
    private readonly Option<int?> _tokens = new Option<int?>("--shot-tokens") { Description = "The most tokens that the shown rows take together (default: what the model holds)" }.AtLeast(1);
    private readonly Option<string> _demonstrations = new Option<string>("--demonstrations") { Description = "How shown rows are chosen", DefaultValueFactory = _ => DemonstrationMethod.Balanced.Name() }.AcceptOnlyFromAmong([.. DemonstrationMethods.Names]);
    private readonly Option<string?> _encoder = new("--encoder") { Description = "Encoder whose features choose rows for nearest, diverse and support-vectors: a folder, org/name, or default (default: the one that comes with the command)" };
    private readonly Option<bool> _normalise = new("--length-normalised") { Description = "Words of several tokens count by the mean of their tokens' log-probabilities instead of the sum" };

    /// <param name="automatic">Whether a calibration can be chosen on training rows.</param>
    public PromptChoices(bool automatic)
    {
        string[] methods = [.. automatic ? [Auto] : Array.Empty<string>(), .. Enum.GetValues<CalibrationMethod>().Select(Calibration.Name)];
        Calibrate = new Option<string?>("--calibrate") { Description = automatic ? "How answers are calibrated (default: auto, chosen on training rows, none where none helps)" : "How answers are calibrated (default: none)" }.AcceptOnlyFromAmong(methods);
    }

    /// <summary>The calibration.</summary>
    public Option<string?> Calibrate { get; }

    /// <summary>All options.</summary>
    public IEnumerable<Option> All => [_template, _shots, _tokens, _demonstrations, _encoder, Calibrate, _normalise];

    /// <summary>The prompt file that was named; null for none.</summary>
    public PromptFile? File(ParseResult result) => result.GetValue(_template) is { } template ? PromptFile.Load(template) : null;

    /// <summary>The encoder to load; null where nothing is chosen by features.</summary>
    public string? EncoderOf(ParseResult result) => Shots(result) > 0 && DemonstrationMethods.Parse(result.GetValue(_demonstrations)!).ReadsFeatures() ? result.GetValue(_encoder) ?? Models.Default : null;

    /// <summary>How many rows are shown.</summary>
    public int Shots(ParseResult result) => result.GetValue(_shots) ?? 0;

    /// <summary>The options as the library takes them.</summary>
    public PromptOptions Read(ParseResult result, PromptFile? file, Backbone? encoder, FeatureStore? store, int seed)
    {
        foreach (var option in new Option[] { _tokens, _demonstrations, _encoder })
            if (result.IsGiven(option) && Shots(result) == 0) throw new PolymathException($"{option.Name} is about rows that are shown, and none are; expected --shots as well");
        return new PromptOptions
        {
            Template = file?.Template,
            Words = file?.Words,
            Score = result.GetValue(_normalise) ? AnswerScore.Mean : file?.Score ?? AnswerScore.Sum,
            Demonstrations = Shots(result) == 0 ? null : new DemonstrationOptions { Method = DemonstrationMethods.Parse(result.GetValue(_demonstrations)!), Count = Shots(result), TokenBudget = result.GetValue(_tokens), Seed = seed },
            Calibration = result.GetValue(Calibrate) is { } name && name != Auto ? Enum.Parse<CalibrationMethod>(name, ignoreCase: true) : null,
            Encoder = encoder,
            Store = store,
            Seed = seed,
        };
    }
}
