using Polymath.Evaluation;

namespace Polymath.Tagging;

/// <summary>A tagging task measured beside the word-feature baseline on the same sentences.</summary>
/// <param name="Task">The task; null where there is no backbone and the baseline is the task.</param>
/// <param name="Baseline">The regression on word features.</param>
public sealed record TaggingComparison(TaggingOutcomes? Task, TaggingOutcomes Baseline)
{
    /// <summary>The paired difference of span F1, task less baseline; null where the baseline is the task.</summary>
    /// <param name="seed">The seed of the resamples of sentences.</param>
    public PairedComparison? Difference(ulong seed = 0) => Task is null ? null : PairedBootstrap.Compare(Metric.SpanF1, Task, Baseline, seed: seed);

    /// <summary>
    /// Cross-validation: every sentence is tagged by a model that did not see it, and every model chose its regularisation within its own
    /// training sentences. The backbone reads each sentence once.
    /// </summary>
    /// <param name="backbone">The frozen encoder; null measures the baseline alone.</param>
    /// <param name="sentences">Sentences with tags.</param>
    /// <param name="options">As for learning.</param>
    /// <param name="folds">The number of outer folds.</param>
    /// <param name="progress">Told after each fold.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="PolymathException">A sentence without tags, no span, or fewer sentences than folds.</exception>
    public static TaggingComparison CrossValidate(Backbone? backbone, IReadOnlyList<TaggedSentence> sentences, TaggingOptions? options = null, int folds = 5,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new TaggingOptions();
        var tags = Tagger.Check(sentences);
        if (sentences.Count < folds) throw new PolymathException($"{sentences.Count} sentences cannot be cut into {folds} folds to measure on; expected more sentences, or sentences to measure on with --test");
        var fold = TagModel.Folds(sentences, tags, folds, options.Seed);
        var work = new Progress(progress, (backbone is null ? 1 : 2) * folds);
        var task = backbone is null ? null : Run(Tagger.Vectors(backbone, sentences, Tagger.Recipe(backbone, options), cancellation).Words, options.Grid);
        return new TaggingComparison(task, Run(Tagger.Shapes(sentences, WordShapes.Terms(sentences)), options.WordGrid)!);

        TaggingOutcomes Run(WordTable words, IReadOnlyList<double> grid)
        {
            var predicted = new string[sentences.Count][];
            var starts = new int[sentences.Count + 1];
            for (var s = 0; s < sentences.Count; s++) starts[s + 1] = starts[s] + sentences[s].Words.Count;
            WordTable Words(int[] chosen) => words.Take([.. chosen.SelectMany(s => Enumerable.Range(starts[s], starts[s + 1] - starts[s]))]);
            for (var f = 0; f < folds; f++)
            {
                int[] inside = [.. Enumerable.Range(0, sentences.Count).Where(s => fold[s] != f)], outside = [.. Enumerable.Range(0, sentences.Count).Where(s => fold[s] == f)];
                var model = TagModel.Fit(Words(inside), [.. inside.Select(s => sentences[s])], tags, grid, options, cancellation);
                var decoded = TagModel.Decode(Words(outside).Scores(model.Weights, tags.Count), [.. outside.Select(s => sentences[s])], tags, model.Transitions);
                for (var i = 0; i < outside.Length; i++) predicted[outside[i]] = decoded[i];
                work.Step();
            }
            return new TaggingOutcomes(TagModel.Truth(sentences), predicted);
        }
    }

    private sealed class Progress(IProgress<WorkProgress>? progress, int total)
    {
        private int _done;

        public void Step() => progress?.Report(new WorkProgress("cross-validation", ++_done, total));
    }
}
