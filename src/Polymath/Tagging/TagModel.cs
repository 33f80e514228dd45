namespace Polymath.Tagging;

/// <summary>What is learned from words and tags: weights of the regression, and how tags follow each other.</summary>
/// <param name="Weights">In the layout of the <see cref="WordTable"/>.</param>
/// <param name="Transitions">[tags + 1, tags].</param>
/// <param name="C">The regularisation chosen.</param>
/// <param name="TransitionWeight">The share of transitions chosen.</param>
/// <param name="CrossValidated">The span F1 of that choice on the folds of the training sentences.</param>
internal sealed record TagModel(float[] Weights, float[] Transitions, double C, double TransitionWeight, double CrossValidated)
{
    /// <summary>Chooses C and the share of transitions by span F1 over folds of sentences, then fits all of them.</summary>
    public static TagModel Fit(WordTable words, IReadOnlyList<TaggedSentence> sentences, TagSet tags, IReadOnlyList<double> grid, TaggingOptions options, CancellationToken cancellation)
    {
        var ids = Numbers(sentences, tags);
        int[] labels = [.. ids.SelectMany(sentence => sentence)];
        if (labels.Length != words.Words) throw new ArgumentException($"{words.Words} words, {labels.Length} tags");
        double best = -1, c = grid[0], weight = options.TransitionWeights[0];
        if (sentences.Count > 1)
        {
            var folds = Folds(sentences, tags, Math.Min(options.Folds, sentences.Count), options.Seed);
            int[] wordFolds = [.. sentences.SelectMany((sentence, s) => Enumerable.Repeat(folds[s], sentence.Words.Count))];
            var transitions = options.TransitionWeights.Select(share => TagTransitions.Learn(ids, tags.Count, share)).ToArray();
            c = words.Search(labels, tags.Count, wordFolds, grid, logits =>
            {
                var scores = Array.ConvertAll(transitions, t => new TaggingOutcomes(Truth(sentences), Decode(logits, sentences, tags, t)).Overall.F1);
                var top = Array.IndexOf(scores, scores.Max());
                if (scores[top] > best) (best, weight) = (scores[top], options.TransitionWeights[top]);
                return scores[top];
            }, cancellation);
        }
        return new TagModel(words.Fit(labels, tags.Count, c, cancellation), TagTransitions.Learn(ids, tags.Count, weight), c, weight, best < 0 ? double.NaN : best);
    }

    /// <summary>The best valid tags of sentences.</summary>
    /// <param name="logits">[words, tags] of all sentences one after another.</param>
    /// <param name="sentences">The sentences.</param>
    /// <param name="tags">The tags.</param>
    /// <param name="transitions">[tags + 1, tags].</param>
    public static string[][] Decode(float[] logits, IReadOnlyList<TaggedSentence> sentences, TagSet tags, float[] transitions)
    {
        var decoded = new string[sentences.Count][];
        var at = 0;
        for (var s = 0; s < decoded.Length; s++)
        {
            var length = sentences[s].Words.Count * tags.Count;
            decoded[s] = [.. new TagLattice(logits.AsSpan(at, length), tags.Count, transitions).Best().Select(id => tags.Names[id])];
            at += length;
        }
        return decoded;
    }

    /// <summary>The fold of every sentence; sentences whose first span is of one kind are spread evenly.</summary>
    public static int[] Folds(IReadOnlyList<TaggedSentence> sentences, TagSet tags, int folds, int seed) =>
        Tasks.Splits.Folds([.. sentences.Select(sentence => sentence.Tags!.Select(tag => tags.TryGetId(tag, out var id) ? id : 0).FirstOrDefault(id => id > 0))], folds, seed);

    /// <summary>The true tags.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Truth(IReadOnlyList<TaggedSentence> sentences) => [.. sentences.Select(sentence => sentence.Tags!)];

    private static int[][] Numbers(IReadOnlyList<TaggedSentence> sentences, TagSet tags) =>
        [.. sentences.Select(sentence => sentence.Tags!.Select(tag => tags.TryGetId(tag, out var id) ? id : throw new ArgumentException($"tag '{tag}' is not in the tag set")).ToArray())];
}
