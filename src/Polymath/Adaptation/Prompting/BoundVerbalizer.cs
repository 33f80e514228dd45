using Polymath.Generation;

namespace Polymath.Adaptation;

/// <summary>The words of labels as tokens of one model, checked that they can be told apart, and the way back from likelihoods to labels.</summary>
internal sealed class BoundVerbalizer
{
    private readonly AnswerScore _score;
    private readonly int[] _labelOf;

    /// <param name="model">The model whose tokens they become.</param>
    /// <param name="filler">Knows what stands before and after an answer.</param>
    /// <param name="verbalizer">The words.</param>
    /// <exception cref="PolymathException">Words of two labels are the same tokens, or one begins with the other and nothing ends it.</exception>
    public BoundVerbalizer(PromptModel model, PromptFiller filler, Verbalizer verbalizer)
    {
        _score = verbalizer.Score;
        Labels = verbalizer.Labels.Count;
        var words = verbalizer.Words.SelectMany((own, label) => own.Select(word => (Label: label, Word: word))).ToArray();
        _labelOf = Array.ConvertAll(words, word => word.Label);
        Answers = Array.ConvertAll(words, word => Tokens(model, filler, verbalizer.Labels[word.Label], word.Word));
        var ended = filler.End.Length > 0 || model.Kind == LanguageModelKind.Masked || (model.Kind == LanguageModelKind.EncoderDecoder && model.Tokenizer.Special.End is not null);
        for (var a = 0; a < words.Length; a++)
            for (var b = 0; b < words.Length; b++)
            {
                if (words[a].Label == words[b].Label || Answers[b].Length < Answers[a].Length || !Answers[b].AsSpan().StartsWith(Answers[a])) continue;
                string first = $"'{OneLine.Short(words[a].Word)}' of label '{OneLine.Short(verbalizer.Labels[words[a].Label])}'", second = $"'{OneLine.Short(words[b].Word)}' of label '{OneLine.Short(verbalizer.Labels[words[b].Label])}'";
                if (Answers[a].Length == Answers[b].Length)
                    throw new PolymathException($"{first} and {second} are the same tokens ({string.Join(' ', Answers[a].Take(8).Select(id => OneLine.Short(model.Tokenizer.TokenOf(id) ?? $"{id}")))}), so that the model cannot tell them apart; expected other words");
                if (!ended && _score == AnswerScore.Sum)
                    throw new PolymathException($"{first} is the beginning of {second}, which can therefore never be more probable; end the answers with text after {{{{answer}}}} such as a full stop, or choose other words");
            }
    }

    /// <summary>The number of labels.</summary>
    public int Labels { get; }

    /// <summary>Tokens of every word, label by label.</summary>
    public int[][] Answers { get; }

    /// <summary>Tokens of the longest answer.</summary>
    public int Longest => Answers.Max(answer => answer.Length);

    /// <summary>The score of each label: the logarithm of a probability, or of a mean of token probabilities.</summary>
    /// <param name="logProbabilities">Log-probabilities [answer][token].</param>
    public double[] Score(float[][] logProbabilities)
    {
        var scores = new double[Labels];
        Array.Fill(scores, double.NegativeInfinity);
        for (var a = 0; a < _labelOf.Length; a++)
        {
            double sum = 0;
            foreach (var value in logProbabilities[a]) sum += value;
            scores[_labelOf[a]] = LogMath.Add(scores[_labelOf[a]], _score == AnswerScore.Mean ? sum / logProbabilities[a].Length : sum);
        }
        return scores;
    }

    private static int[] Tokens(PromptModel model, PromptFiller filler, string label, string word)
    {
        var ids = model.Kind == LanguageModelKind.EncoderDecoder
            ? TargetTokens.Of(model.Tokenizer, word, model.Tokenizer.Special.End is { } end ? [end.Id] : [])
            : InContext(model, filler.Context.Length > 0 ? filler.Context : ".", filler.Space + word + filler.End);
        if (ids.Length == 0) throw new PolymathException($"label '{OneLine.Short(label)}': the word '{OneLine.Short(word)}' has no tokens; expected another word");
        return model.Tokenizer.Special.Unknown is { } unknown && ids.Contains(unknown.Id)
            ? throw new PolymathException($"label '{OneLine.Short(label)}': the model's vocabulary does not know the word '{OneLine.Short(word)}'; expected another word") : ids;
    }

    /// <summary>The tokens that a text adds to what stands before it, so that tokenizers which mark beginnings of texts do not mark this one.</summary>
    private static int[] InContext(PromptModel model, string context, string text)
    {
        var (before, whole) = (model.Encode(context), model.Encode(context + text));
        return whole.Length > before.Length && whole.AsSpan().StartsWith(before) ? whole[before.Length..] : model.Encode(text);
    }
}
