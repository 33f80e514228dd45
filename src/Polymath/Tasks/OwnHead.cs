using Polymath.Backbones;
using Polymath.Features;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tasks;

/// <summary>What a folder's own head says about one row.</summary>
/// <param name="Row">The row.</param>
/// <param name="Scores">Raw scores [classes], or [tokens, classes] of a tagger.</param>
/// <param name="Encoding">The row's tokens.</param>
internal sealed record OwnHeadAnswer(Row Row, float[] Scores, Encoding Encoding);

/// <summary>
/// The classification head that a model folder brings along: a sentiment model's, a cross-encoder's, a tagger's. Nothing is learned here.
/// </summary>
internal sealed class OwnHead
{
    private const int Window = 2048;

    private readonly Backbone _backbone;

    /// <param name="backbone">Loaded with its head.</param>
    /// <exception cref="PolymathException">The folder has no head that classifies.</exception>
    public OwnHead(Backbone backbone)
    {
        if (backbone.Config.Head is not (HeadKind.SequenceClassification or HeadKind.TokenClassification))
            throw new PolymathException($"{backbone.Folder}: this folder has no classification head of its own ({backbone.Config.Head}); give --task, or learn one with polymath adapt");
        _backbone = backbone;
    }

    /// <summary>Rows that were too long and were cut.</summary>
    public FeatureReport Report { get; } = new();

    /// <summary>Scores rows, lazily and in order.</summary>
    public IEnumerable<OwnHeadAnswer> Score(IEnumerable<Row> rows, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        foreach (var window in rows.Chunk(Window))
            foreach (var answer in ScoreWindow(window, progress, cancellation)) yield return answer;
    }

    private OwnHeadAnswer[] ScoreWindow(Row[] rows, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var encodings = Array.ConvertAll(rows, row =>
        {
            var encoding = TokenRow.Cut(_backbone.Tokenizer, row.Text, row.Pair, _backbone.MaxTokens, out var cut);
            if (cut) Report.CutRows++;
            return encoding;
        });
        TokenRow[] tokens = [.. encodings.Select((encoding, r) => TokenRow.From(encoding, _backbone, rows[r]))];
        var answers = new OwnHeadAnswer[rows.Length];
        foreach (var batch in TokenRow.Batches(tokens, _backbone.TokenBudget))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            using var packed = TokenRow.Pack(batch, tokens);
            var scores = _backbone.Network.HeadScores(_backbone.Network.Last(packed), packed).to(ScalarType.Float32).contiguous();
            var values = scores.data<float>().ToArray();
            var classes = (int)scores.shape[1];
            for (var r = 0; r < packed.Rows; r++)
            {
                var range = _backbone.Config.Head == HeadKind.TokenClassification
                    ? (packed.Offsets[r] * classes)..(packed.Offsets[r + 1] * classes) : (r * classes)..((r + 1) * classes);
                var row = batch[packed.Order[r]];
                answers[row] = new OwnHeadAnswer(rows[row], values[range], encodings[row]);
            }
            Report.Rows += batch.Length;
            progress?.Report(new WorkProgress("predicting", Report.Rows, null));
        }
        return answers;
    }
}
