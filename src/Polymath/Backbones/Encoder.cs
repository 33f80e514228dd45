using Polymath.Backbones.Layers;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// An encoder as BERT made it: embeddings, then post-norm blocks, each a function of packed tokens [T, H]. A family's file supplies the embeddings, the names
/// of its weights and its heads; the way of the data through the blocks is the same for all and stands here.
/// </summary>
internal abstract class Encoder(NetworkConfig config, Weights weights) : Network(config, weights)
{
    /// <summary>The blocks in order.</summary>
    protected abstract IReadOnlyList<EncoderBlock> Blocks { get; }

    /// <summary>Embeddings of the batch's tokens, [T, H]: hidden state 0.</summary>
    protected abstract Tensor Embed(PackedBatch batch);

    /// <summary>A bias of the attention scores for each of the batch's groups, [1, heads, length, length], shared by all blocks; null for none.</summary>
    protected virtual Tensor[]? AttentionBiases(PackedBatch batch) => null;

    /// <inheritdoc/>
    public override int Depth => Blocks.Count;

    /// <inheritdoc/>
    public override Tensor?[] Hidden(PackedBatch batch, Func<int, bool> wanted, Training.Dropout? dropout = null)
    {
        var x = dropout is null ? Embed(batch) : dropout.Apply(Embed(batch));
        var biases = AttentionBiases(batch);
        return Through(x, wanted, Blocks, (block, _, input) => block.Forward(input, batch, biases, dropout));
    }

    /// <summary>Builds the blocks of a family from a function that names the weights of block i.</summary>
    protected static EncoderBlock[] MakeBlocks(NetworkConfig config, Weights weights, Func<int, BlockNames> names) =>
        [.. Enumerable.Range(0, config.Layers).Select(i => names(i)).Select(name => new EncoderBlock(
            new SelfAttention(
                weights.Linear([name.Query, name.Key, name.Value], config.Width, config.Width),
                weights.Linear(name.Output, config.Width, config.Width), config.Heads),
            weights.Norm(name.AttentionNorm, config.Width, config.LayerNormEpsilon),
            weights.Linear(name.Grow, config.Width, config.Intermediate), config.FeedForwardActivation,
            weights.Linear(name.Shrink, config.Intermediate, config.Width),
            weights.Norm(name.OutputNorm, config.Width, config.LayerNormEpsilon)))];

    /// <summary>The names of one block's weights in the checkpoint, without <c>.weight</c> and <c>.bias</c>.</summary>
    protected sealed record BlockNames(string Query, string Key, string Value, string Output, string AttentionNorm, string Grow, string Shrink, string OutputNorm)
    {
        /// <summary>The names that BERT, RoBERTa and ELECTRA share.</summary>
        public static BlockNames Bert(string block) => new(
            $"{block}.attention.self.query", $"{block}.attention.self.key", $"{block}.attention.self.value", $"{block}.attention.output.dense",
            $"{block}.attention.output.LayerNorm", $"{block}.intermediate.dense", $"{block}.output.dense", $"{block}.output.LayerNorm");
    }

    /// <summary>Scores of the vocabulary: norm(activation(dense(h))) · embeddingsᵀ + bias, the output weight tied unless the checkpoint has its own.</summary>
    protected static HeadFunction LanguageModelHead(
        NetworkConfig config, Weights weights, string dense, string norm, Tensor embeddings, string decoder, string bias, Native.Activation activation, long width)
    {
        var transform = weights.Linear(dense, config.Width, width);
        var normalise = weights.Norm(norm, width, config.LayerNormEpsilon);
        var biasName = weights.Has(bias) ? bias : $"{decoder}.bias";
        var project = weights.Output(decoder, embeddings, config.TieWordEmbeddings || !weights.Has($"{decoder}.weight"), biasName);
        return (hidden, _) => project.Forward(normalise.Forward(transform.Forward(hidden, activation)));
    }

    /// <summary>Scores of a row: project(activation(dense(first token))).</summary>
    protected static HeadFunction FirstTokenHead(NetworkConfig config, Weights weights, string dense, string project, Native.Activation activation)
    {
        var hiddenLayer = weights.Linear(dense, config.Width, config.Width);
        var output = weights.Linear(project, config.Width, config.Labels.Count);
        return (hidden, batch) => output.Forward(hiddenLayer.Forward(First(hidden, batch), activation));
    }
}
