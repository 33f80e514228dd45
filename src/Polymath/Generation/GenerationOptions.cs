namespace Polymath.Generation;

/// <summary>How the next token is chosen and where a text ends. The defaults take the most likely token each time.</summary>
public sealed record GenerationOptions
{
    /// <summary>The most tokens to write.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>0 takes the most likely token; above it, tokens are drawn from the probabilities, flatter for higher values.</summary>
    public double Temperature { get; init; }

    /// <summary>Draws from so many most likely tokens; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Draws from the most likely tokens that together have this probability (nucleus sampling, Holtzman et al. 2020); 1 for all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Draws from tokens with at least this share of the most likely one's probability; 0 for all.</summary>
    public double MinP { get; init; }

    /// <summary>Draws from the tokens nearest the expected surprise that together have this probability (Meister et al. 2023); 1 for all.</summary>
    public double TypicalP { get; init; } = 1;

    /// <summary>Divides positive and multiplies negative scores of tokens that stand in the text already (Keskar et al. 2019); 1 leaves them.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>No sequence of so many tokens comes twice; 0 allows it.</summary>
    public int NoRepeatNgram { get; init; }

    /// <summary>Texts that are followed at the same time (beam search); 1 follows one.</summary>
    public int Beams { get; init; } = 1;

    /// <summary>A beam's score is its log-probability divided by its length to this power.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>Whether a beam search ends as soon as it has as many finished texts as beams.</summary>
    public bool EarlyStopping { get; init; }

    /// <summary>How many texts each prompt gets: the best of a beam search, or so many draws.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Texts that end the answer; they are not part of it.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Decides what is drawn.</summary>
    public int Seed { get; init; }

    /// <summary>Whether tokens are drawn.</summary>
    internal bool Draws => Temperature > 0;

    /// <exception cref="PolymathException">A value is out of range, or two contradict each other.</exception>
    internal void Check()
    {
        static void Need(bool fine, string what) { if (!fine) throw new PolymathException(what); }
        Need(MaxNewTokens >= 1, $"the most new tokens are {MaxNewTokens}; expected at least 1");
        Need(Temperature is >= 0 and < 1000, $"the temperature is {Temperature}; expected 0 (the most likely token) or above");
        Need(TopK >= 0, $"top-k is {TopK}; expected 0 (all) or above");
        Need(TopP is > 0 and <= 1, $"top-p is {TopP}; expected above 0 and at most 1");
        Need(MinP is >= 0 and <= 1, $"min-p is {MinP}; expected 0 to 1");
        Need(TypicalP is > 0 and <= 1, $"typical-p is {TypicalP}; expected above 0 and at most 1");
        Need(RepetitionPenalty is > 0 and < 1000, $"the repetition penalty is {RepetitionPenalty}; expected above 0");
        Need(NoRepeatNgram >= 0, $"no-repeat n-grams are {NoRepeatNgram}; expected 0 (off) or above");
        Need(Beams is >= 1 and <= 64, $"the beams are {Beams}; expected 1 to 64");
        Need(double.IsFinite(LengthPenalty), "the length penalty is not a number");
        Need(Sequences >= 1, $"the sequences are {Sequences}; expected at least 1");
        Need(Beams == 1 || !Draws, "a beam search draws nothing: set the temperature to 0 or the beams to 1");
        Need(Sequences == 1 || Draws || Sequences <= Beams, $"{Sequences} different texts need a temperature above 0 or at least as many beams");
        Need(Stop.All(text => text.Length > 0), "a stop text is empty");
    }
}

/// <summary>Why a text ended.</summary>
public enum GenerationEnd
{
    /// <summary>The model wrote an end token.</summary>
    EndToken,
    /// <summary>A stop text came.</summary>
    Stop,
    /// <summary>The most new tokens, or the end of the context, was reached.</summary>
    Length,
}

/// <summary>What a model wrote.</summary>
/// <param name="Text">The text, without special tokens and stop texts.</param>
/// <param name="Ids">Its tokens, the end token included.</param>
/// <param name="End">Why it ended.</param>
/// <param name="Score">Sum of the tokens' log-probabilities; in a beam search divided by the length to the power of the length penalty.</param>
public sealed record GeneratedText(string Text, IReadOnlyList<int> Ids, GenerationEnd End, double Score);
