using Polymath.Features;
using Polymath.Tasks.Heads;

namespace Polymath.Tasks;

/// <summary>Turns rows into scores (logits, log odds or values, by the kind of task); what differs between ways of learning a task once it is learned.</summary>
internal interface IScorer
{
    /// <summary>The backbone that it reads, or null for a task without one.</summary>
    Backbone? Backbone { get; }

    /// <summary>Scores of rows in windows: some rows with their scores [rows, outputs], in the order of the rows.</summary>
    IEnumerable<(Row[] Rows, float[] Scores)> Score(IEnumerable<Row> rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation);
}

/// <summary>A head on frozen features.</summary>
internal sealed class FeatureScorer(Backbone backbone, FeatureRecipe recipe, IHead head, FeatureOptions options) : IScorer
{
    public Backbone Backbone => backbone;

    public FeatureRecipe Recipe => recipe;

    public IHead Head => head;

    public FeatureOptions Options => options;

    /// <summary>Counts of the last call's work, such as rows that were cut.</summary>
    public FeatureReport LastReport { get; private set; } = new();

    public IEnumerable<(Row[] Rows, float[] Scores)> Score(IEnumerable<Row> rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation) =>
        Read(rows, total, progress, cancellation).Select(window => (window.Rows, window.Scores));

    /// <summary>Rows in windows with the features that the head reads, and its scores.</summary>
    public IEnumerable<(Row[] Rows, FeatureMatrix? X, float[] Scores)> Read(IEnumerable<Row> rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var extractor = new FeatureExtractor(backbone, options with { Poolings = [recipe.Pooling] });
        LastReport = extractor.Report;
        foreach (var (window, x) in FeatureReader.Read(extractor, backbone, recipe, rows, total, progress, cancellation)) yield return (window, x, head.Scores(x));
    }
}

/// <summary>A linear model on TF-IDF: no backbone.</summary>
internal sealed class TfidfScorer(TfidfModel model) : IScorer
{
    private const int Window = 4096;

    public Backbone? Backbone => null;

    public TfidfModel Model => model;

    public IEnumerable<(Row[] Rows, float[] Scores)> Score(IEnumerable<Row> rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        foreach (var window in rows.Chunk(Window))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return (window, model.Scores(window));
        }
    }
}

/// <summary>The folder's own classification head, as training left it.</summary>
internal sealed class OwnHeadScorer(Backbone backbone, string prefix) : IScorer
{
    private const int Window = 2048;

    public Backbone Backbone => backbone;

    public IEnumerable<(Row[] Rows, float[] Scores)> Score(IEnumerable<Row> rows, long? total, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var head = new OwnHead(backbone);
        foreach (var window in rows.Chunk(Window))
        {
            var prefixed = prefix.Length == 0 ? window : Array.ConvertAll(window, row => row with { Text = prefix + row.Text });
            yield return (window, [.. head.Score(prefixed, progress, cancellation).SelectMany(answer => answer.Scores)]);
        }
    }
}
