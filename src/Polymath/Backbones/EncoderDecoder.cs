using Polymath.Backbones.Attention;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// An encoder-decoder. As a network over rows it is its encoder (features, new heads), and only that is loaded where no head is wanted; its own heads run the
/// decoder: on the shifted source for classes, on what was decoded so far for text.
/// </summary>
internal abstract class EncoderDecoder(NetworkConfig config, Weights weights) : Network(config, weights), ITokenDecoder
{
    /// <inheritdoc/>
    public abstract int DecoderDepth { get; }

    /// <summary>The token that decoding starts with.</summary>
    public int DecoderStart => Config.DecoderStart
        ?? throw new PolymathException($"{Config.Source}: there is no decoder_start_token_id, neither here nor in {NetworkConfig.GenerationFile}; what an encoder-decoder writes starts with it");

    /// <inheritdoc/>
    public abstract Tensor?[] DecoderStates(TokenPass pass, Func<int, bool> wanted);

    /// <inheritdoc/>
    public abstract Tensor Logits(Tensor hidden);

    /// <summary>The folder has, or the caller wanted, the encoder only.</summary>
    protected PolymathException NoDecoder() => new($"{Config.Source}: this network was read without its decoder; it holds a bare network, or was loaded for its features");

    /// <summary>The encoder's last states of a batch, for the decoder to look at.</summary>
    public SourceStates Read(PackedBatch batch, bool remember) => new(Last(batch), batch.Offsets, remember);

    /// <summary>
    /// The decoder's last states for whole targets, one for each source row, as in training: [T, H] in the order of <paramref name="targets"/>.
    /// </summary>
    /// <param name="source">The encoder's states; packed row r goes with packed row r of the targets.</param>
    /// <param name="targets">Decoder inputs of each source row, in packed order.</param>
    /// <param name="wanted">Whether the states of a layer are wanted.</param>
    /// <param name="dropout">In training; null for none.</param>
    public Tensor?[] Decode(SourceStates source, IReadOnlyList<int[]> targets, Func<int, bool> wanted, Dropout? dropout = null)
    {
        var parents = new List<int>();
        foreach (var target in targets)
            for (var t = 0; t < target.Length; t++) parents.Add(t == 0 ? -1 : parents.Count - 1);
        int[] links = [.. parents];
        using var plan = new TreeAttention(links, past: null);
        using var ids = tensor(targets.SelectMany(target => target).Select(id => (long)id).ToArray());
        using var positions = tensor(TreeAttention.Positions(links, 0));
        return DecoderStates(new TokenPass(ids, positions, plan) { Source = source, SourceCounts = [.. targets.Select(target => target.Length)], Dropout = dropout }, wanted);
    }

    /// <summary>
    /// Classes from the decoder's state at the row's last end token, the decoder's input being the source shifted right (T5's and BART's sequence classifiers).
    /// </summary>
    protected HeadFunction ClassificationHead(Weights weights)
    {
        var dense = weights.Linear("classification_head.dense", Config.Width, Config.Width);
        var project = weights.Linear("classification_head.out_proj", Config.Width, Config.Labels.Count);
        return (hidden, batch) =>
        {
            var ids = batch.Ids.data<long>().ToArray();
            int[][] rows = [.. Enumerable.Range(0, batch.Rows).Select(r => ids[batch.Offsets[r]..batch.Offsets[r + 1]].Select(id => (int)id).ToArray())];
            using var source = new SourceStates(hidden.alias(), batch.Offsets, remember: false);
            int[][] shifted = [.. rows.Select(row => (int[])[DecoderStart, .. row.AsSpan(0, row.Length - 1)])];
            var states = Decode(source, shifted, layer => layer == DecoderDepth)[^1]!;
            var end = Config.File.Int(0, "eos_token_id");
            var places = rows.Select((row, r) => (long)(batch.Offsets[r] + (Array.LastIndexOf(row, end) is var at and >= 0 ? at : row.Length - 1)));
            return project.Forward(dense.Forward(states.index_select(0, tensor(places.ToArray())), Native.Activation.Tanh));
        };
    }
}
