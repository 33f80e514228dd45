using Polymath.Backbones;
using Polymath.Backbones.Attention;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Generation;

/// <summary>Texts that grow token by token: their keys and values, and what they read where the network is an encoder-decoder.</summary>
internal sealed class DecodingState : IDisposable
{
    private readonly ITokenDecoder _decoder;
    private readonly SequenceCache _cache;
    private SourceStates? _source;

    private DecodingState(ITokenDecoder decoder, SequenceCache cache, SourceStates? source) => (_decoder, _cache, _source) = (decoder, cache, source);

    /// <summary>Reads the prompts, of whatever lengths, in one packed pass.</summary>
    /// <param name="network">A decoder or an encoder-decoder.</param>
    /// <param name="prompts">Prompts, or sources of an encoder-decoder, whose own text then begins with its start token.</param>
    /// <param name="newTokens">The most tokens that are added to a text.</param>
    /// <returns>The state and the scores of each text's next token, [prompts, V] in the caller's order.</returns>
    public static (DecodingState State, Tensor Scores) Start(Network network, IReadOnlyList<int[]> prompts, int newTokens)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var decoder = (ITokenDecoder)network;
        SourceStates? source = null;
        if (network is EncoderDecoder both)
        {
            using var sources = PackedBatch.Create(prompts);
            using var packed = both.Read(sources, remember: false);
            source = packed.Select(sources.Places, remember: true);
            prompts = [.. prompts.Select(_ => (int[])[both.DecoderStart])];
        }
        using var batch = PackedBatch.Create(prompts);
        using var record = new KeyValues(decoder.DecoderDepth);
        using var plan = new PackedAttention(batch, causal: true, record);
        var states = decoder.Run(new TokenPass(batch.Ids, batch.Positions, plan) { Source = source, SourceCounts = [.. prompts.Select(_ => 1)] });
        var places = batch.Places;
        using var last = tensor(Array.ConvertAll(places, packed => batch.Offsets[packed + 1] - 1L));
        var scores = decoder.Logits(states.index_select(0, last)).to(ScalarType.Float32).MoveToOuterDisposeScope();
        var rows = Array.ConvertAll(places, packed => (batch.Offsets[packed], batch.Offsets[packed + 1] - batch.Offsets[packed]));
        return (new DecodingState(decoder, SequenceCache.Start(record, decoder.DecoderDepth, rows, prompts.Max(prompt => prompt.Length) + newTokens), source), scores);
    }

    /// <summary>Adds one token to each text and gives the scores of the next ones, [rows, V].</summary>
    public Tensor Step(ReadOnlySpan<int> tokens)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var plan = new CacheAttention(_cache);
        var ids = tensor(tokens.ToArray().Select(id => (long)id).ToArray());
        var positions = tensor(_cache.Lengths.Select(length => (long)length).ToArray());
        var states = _decoder.Run(new TokenPass(ids, positions, plan) { Source = _source, SourceCounts = _source is null ? [] : [.. Enumerable.Repeat(1, tokens.Length)] });
        plan.Advance();
        return _decoder.Logits(states).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>The state of chosen texts, in a new order; a text may be chosen several times.</summary>
    /// <param name="rows">The texts.</param>
    /// <param name="oneSource">Whether all texts read the same source, which then need not be copied; this state is of no use afterwards.</param>
    public DecodingState Select(int[] rows, bool oneSource = false)
    {
        if (!oneSource || rows.Length != _cache.Lengths.Length) return new DecodingState(_decoder, _cache.Select(rows), _source?.Select(rows, remember: true));
        var state = new DecodingState(_decoder, _cache.Select(rows), _source);
        _source = null;
        return state;
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        _cache.Dispose();
        _source?.Dispose();
    }
}
