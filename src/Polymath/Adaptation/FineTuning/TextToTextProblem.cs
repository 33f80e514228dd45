using Polymath.Backbones;
using Polymath.Backbones.Attention;
using Polymath.Native;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Adaptation;

/// <summary>
/// The loss of the right answers: −log p of each of their tokens, given the input and the answer so far, divided by the number of answer tokens of the step. Inputs
/// carry no loss, and the output layer runs only where a token of an answer is predicted.
/// </summary>
/// <param name="network">A trainable decoder or encoder-decoder with its language model head.</param>
/// <param name="rows">The rows.</param>
/// <param name="order">Which rows a step sees.</param>
/// <param name="accumulate">Parts of a step.</param>
/// <param name="precision">The number format of the matrix products.</param>
/// <param name="smoothing">The share of each target that is spread over the vocabulary.</param>
/// <param name="validate">The validation score; null where nothing is held out.</param>
internal sealed class TextToTextProblem(
    Network network, IReadOnlyList<TextToTextRow> rows, RowOrder order, int accumulate = 1, Precision precision = Precision.Float32, double smoothing = 0, Func<double>? validate = null) : ITrainingProblem
{
    public long StepsPerEpoch => order.StepsPerEpoch;

    public IEnumerable<Tensor> Losses(long step, Dropout? dropout)
    {
        TextToTextRow[] chosen = [.. order.Rows(step).Select(row => rows[row])];
        var tokens = chosen.Sum(row => row.Answer.Length);
        foreach (var part in chosen.Chunk((chosen.Length + accumulate - 1) / accumulate))
        {
            using var scope = NewDisposeScope();
            yield return Sum(part, dropout) / tokens;
        }
    }

    public double? Validate() => validate?.Invoke();

    /// <summary>The sum of the losses of all answer tokens of some rows.</summary>
    private Tensor Sum(TextToTextRow[] part, Dropout? dropout)
    {
        Tensor logits, labels;
        using (Autocast.Enter(precision))
        {
            var (states, answers) = network is EncoderDecoder both ? Decoded(both, part, dropout) : Continued(part, dropout);
            labels = tensor(answers);
            logits = ((ITokenDecoder)network).Logits(states);
        }
        return nn.functional.cross_entropy(logits.to(ScalarType.Float32), labels, reduction: nn.Reduction.Sum, label_smoothing: smoothing);
    }

    /// <summary>A decoder's states at the places that predict answer tokens, [answer tokens, H], and these tokens.</summary>
    private (Tensor States, long[] Answers) Continued(TextToTextRow[] part, Dropout? dropout)
    {
        using var batch = PackedBatch.Create([.. part.Select(row => (int[])[.. row.Prompt, .. row.Answer.AsSpan(..^1)])]);
        var places = batch.Order.SelectMany((row, packed) => Enumerable.Range(batch.Offsets[packed] + part[row].Prompt.Length - 1, part[row].Answer.Length).Select(place => (long)place)).ToArray();
        return (network.Last(batch, dropout).index_select(0, tensor(places)), Answers(batch, part));
    }

    /// <summary>The same of an encoder-decoder, whose every state predicts a token.</summary>
    private static (Tensor States, long[] Answers) Decoded(EncoderDecoder both, TextToTextRow[] part, Dropout? dropout)
    {
        using var sources = PackedBatch.Create([.. part.Select(row => row.Prompt)]);
        using var targets = PackedBatch.Create([.. part.Select(row => (int[])[both.DecoderStart, .. row.Answer.AsSpan(..^1)])]);
        using var read = new SourceStates(both.Last(sources, dropout), sources.Offsets, remember: false);
        // Sources and targets are each sorted by their own length.
        var places = sources.Places;
        using var source = read.Select([.. targets.Order.Select(row => places[row])], remember: false);
        using var plan = new PackedAttention(targets, causal: true);
        var pass = new TokenPass(targets.Ids, targets.Positions, plan) { Source = source, SourceCounts = [.. targets.Order.Select(row => part[row].Answer.Length)], Dropout = dropout };
        return (((ITokenDecoder)both).Run(pass), Answers(targets, part));
    }

    private static long[] Answers(PackedBatch batch, TextToTextRow[] part) => [.. batch.Order.SelectMany(row => part[row].Answer).Select(id => (long)id)];
}
