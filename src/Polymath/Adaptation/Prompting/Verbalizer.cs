namespace Polymath.Adaptation;

/// <summary>How the likelihood of words becomes the score of a label.</summary>
public enum AnswerScore
{
    /// <summary>The probability of any of the label's words: the logarithm of the sum over words, a word's tokens multiplied.</summary>
    Sum,
    /// <summary>As <see cref="Sum"/>, a word counting by the mean log-probability of its tokens: long words are not at a disadvantage.</summary>
    Mean,
}

/// <summary>The words that stand for each label. Any number of words a label, any number of tokens a word.</summary>
public sealed class Verbalizer
{
    /// <summary>Takes the words of each label.</summary>
    /// <param name="labels">The labels, in the order of their ids.</param>
    /// <param name="words">Label → words, the first of which demonstrations show.</param>
    /// <param name="score">How words become a score.</param>
    /// <exception cref="PolymathException">A label without words, words of a label that is none, or two labels that share a word.</exception>
    public Verbalizer(IReadOnlyList<string> labels, IReadOnlyDictionary<string, IReadOnlyList<string>> words, AnswerScore score = AnswerScore.Sum)
    {
        foreach (var label in words.Keys)
            if (!labels.Contains(label)) throw new PolymathException($"words are given for '{OneLine.Short(label)}', which is no label; the labels are {string.Join(", ", labels.Take(10).Select(OneLine.Short))}{(labels.Count > 10 ? ", …" : "")}");
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in labels)
        {
            if (!words.TryGetValue(label, out var own) || own.Count == 0) throw new PolymathException($"label '{OneLine.Short(label)}' has no words; expected at least one that the model can answer with");
            foreach (var word in own)
            {
                if (string.IsNullOrWhiteSpace(word)) throw new PolymathException($"label '{OneLine.Short(label)}' has an empty word; expected one that the model can answer with");
                if (owners.TryAdd(word.Trim(), label)) continue;
                throw new PolymathException(owners[word.Trim()] == label ? $"label '{OneLine.Short(label)}': the word '{OneLine.Short(word.Trim())}' is given twice"
                    : $"labels '{OneLine.Short(owners[word.Trim()])}' and '{OneLine.Short(label)}' share the word '{OneLine.Short(word.Trim())}', so that an answer would say nothing; expected a word of one label only");
            }
        }
        (Labels, Words, Score) = (labels, [.. labels.Select(label => (IReadOnlyList<string>)[.. words[label].Select(word => word.Trim())])], score);
    }

    /// <summary>The labels, in the order of their ids.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The words of each label.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Words { get; }

    /// <summary>How words become a score.</summary>
    public AnswerScore Score { get; }

    /// <summary>The labels' own names as words; underscores become spaces.</summary>
    public static Verbalizer OfNames(IReadOnlyList<string> labels, AnswerScore score = AnswerScore.Sum) =>
        new(labels, labels.ToDictionary(label => label, label => (IReadOnlyList<string>)[label.Replace('_', ' ')]), score);

    /// <summary>The words by label.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ByLabel() => Labels.Zip(Words).ToDictionary(pair => pair.First, pair => pair.Second);

    internal static AnswerScore ParseScore(string name, string source) => name switch
    {
        "sum" => AnswerScore.Sum,
        "mean" => AnswerScore.Mean,
        _ => throw new PolymathException($"{source}, field 'score': '{OneLine.Short(name)}' is not known; expected sum or mean"),
    };
}
