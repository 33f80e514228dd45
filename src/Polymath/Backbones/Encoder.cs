using Polymath.Backbones.Layers;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// An encoder: embeddings, then blocks, each a function of packed tokens [T, H]. A family's file supplies the embeddings, the names of its
/// weights and its heads; the way of the data through the blocks is the same for all and stands here. Training and inference run this code.
/// </summary>
internal abstract class Encoder(EncoderConfig config, Weights weights) : IDisposable
{
    /// <summary>Reads a head's scores off the last hidden state.</summary>
    protected delegate Tensor HeadFunction(Tensor hidden, PackedBatch batch);

    /// <summary>The settings the network was built from.</summary>
    public EncoderConfig Config => config;

    /// <summary>Parameters by their Hugging Face names; the complete set where the network is trainable.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => weights.Parameters;

    /// <summary>The longest row: positions beyond have no embedding.</summary>
    public virtual int MaxTokens => config.MaxPositions;

    /// <summary>The blocks in order.</summary>
    protected abstract IReadOnlyList<EncoderBlock> Blocks { get; }

    /// <summary>The folder's own head, where it was asked for and the folder has one.</summary>
    protected HeadFunction? Head { get; init; }

    /// <summary>Embeddings of the batch's tokens, [T, H]: hidden state 0.</summary>
    protected abstract Tensor Embed(PackedBatch batch);

    /// <summary>A bias of the attention scores for each of the batch's groups, [1, heads, length, length], shared by all blocks; null for none.</summary>
    protected virtual Tensor[]? AttentionBiases(PackedBatch batch) => null;

    /// <summary>
    /// Hidden states of the wanted layers, [T, H] each: 0 after the embeddings, k after block k; the others are null. Blocks above the highest
    /// wanted layer are not run.
    /// </summary>
    /// <param name="batch">The rows.</param>
    /// <param name="wanted">Whether the states of a layer are wanted.</param>
    /// <param name="dropout">Applied to the embeddings and to what each block adds, as BERT does in training; null for none.</param>
    public Tensor?[] Hidden(PackedBatch batch, Func<int, bool> wanted, Training.Dropout? dropout = null)
    {
        var states = new Tensor?[Blocks.Count + 1];
        var highest = Enumerable.Range(0, states.Length).Last(wanted);
        var x = dropout is null ? Embed(batch) : dropout.Apply(Embed(batch));
        var biases = AttentionBiases(batch);
        for (var layer = 0; ; layer++)
        {
            if (wanted(layer)) states[layer] = x;
            if (layer == highest) return states;
            x = Blocks[layer].Forward(x, batch, biases, dropout);
        }
    }

    /// <summary>The last hidden state, [T, H].</summary>
    public Tensor Last(PackedBatch batch, Training.Dropout? dropout = null) => Hidden(batch, layer => layer == Blocks.Count, dropout)[^1]!;

    /// <summary>The own head's scores: [T, V], [T, classes] or [rows, classes] (packed rows).</summary>
    /// <exception cref="PolymathException">The folder has no head, or it was not loaded.</exception>
    public Tensor HeadScores(Tensor hidden, PackedBatch batch) => Head is { } head ? head(hidden, batch)
        : throw new PolymathException($"{config.Source}: this folder holds a bare network without a head of its own; give a task or adapt one");

    /// <summary>Frees the weights.</summary>
    public void Dispose() => weights.Dispose();

    /// <summary>The first token of each packed row, [rows, H].</summary>
    protected static Tensor First(Tensor hidden, PackedBatch batch) => hidden.index_select(0, batch.FirstTokens);

    /// <summary>Builds the blocks of a family from a function that names the weights of block i.</summary>
    protected static EncoderBlock[] MakeBlocks(EncoderConfig config, Weights weights, Func<int, BlockNames> names) =>
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
        EncoderConfig config, Weights weights, string dense, string norm, Tensor embeddings, string decoder, string bias, Native.Activation activation, long width)
    {
        var transform = weights.Linear(dense, config.Width, width);
        var normalise = weights.Norm(norm, width, config.LayerNormEpsilon);
        var biasName = weights.Has(bias) ? bias : $"{decoder}.bias";
        var own = !config.TieWordEmbeddings && weights.Has($"{decoder}.weight");
        var project = weights.Tied(own ? weights.Get($"{decoder}.weight", config.VocabularySize, width) : embeddings, biasName);
        return (hidden, _) => project.Forward(normalise.Forward(transform.Forward(hidden, activation)));
    }

    /// <summary>Scores of a row: project(activation(dense(first token))).</summary>
    protected static HeadFunction FirstTokenHead(EncoderConfig config, Weights weights, string dense, string project, Native.Activation activation)
    {
        var hiddenLayer = weights.Linear(dense, config.Width, config.Width);
        var output = weights.Linear(project, config.Width, config.Labels.Count);
        return (hidden, batch) => output.Forward(hiddenLayer.Forward(First(hidden, batch), activation));
    }

    /// <summary>Scores of each token: classifier(h).</summary>
    protected static HeadFunction TokenHead(EncoderConfig config, Weights weights)
    {
        var classifier = weights.Linear("classifier", config.Width, config.Labels.Count);
        return (hidden, _) => classifier.Forward(hidden);
    }
}
