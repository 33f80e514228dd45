using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>
/// A transformer over packed tokens [T, H]: an encoder's blocks, a decoder's, or the encoder of an encoder-decoder. A family's file supplies embeddings, the
/// names of its weights and its heads. Training and inference run the same code.
/// </summary>
internal abstract class Network(NetworkConfig config, Weights weights) : IDisposable
{
    /// <summary>Reads a head's scores off the last hidden state.</summary>
    protected internal delegate Tensor HeadFunction(Tensor hidden, PackedBatch batch);

    /// <summary>The settings the network was built from.</summary>
    public NetworkConfig Config => config;

    /// <summary>Parameters by their Hugging Face names; the complete set where the network is trainable.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => weights.Parameters;

    /// <summary>Whether the weights may change.</summary>
    protected bool Trainable => weights.Trainable;

    /// <summary>The longest row: positions beyond have no embedding.</summary>
    public virtual int MaxTokens => config.MaxPositions;

    /// <summary>The number of blocks.</summary>
    public abstract int Depth { get; }

    /// <summary>The folder's own head, where it was asked for and the folder has one.</summary>
    protected HeadFunction? Head { get; init; }

    /// <summary>
    /// Hidden states of the wanted layers, [T, H] each: 0 after the embeddings, k after block k; the others are null. Blocks above the highest
    /// wanted layer are not run. Where a family ends with a norm, the last state is taken after it.
    /// </summary>
    /// <param name="batch">The rows.</param>
    /// <param name="wanted">Whether the states of a layer are wanted.</param>
    /// <param name="dropout">Applied to the embeddings and to what each block adds, as BERT does in training; null for none.</param>
    public abstract Tensor?[] Hidden(PackedBatch batch, Func<int, bool> wanted, Dropout? dropout = null);

    /// <summary>The last hidden state, [T, H].</summary>
    public Tensor Last(PackedBatch batch, Dropout? dropout = null) => Hidden(batch, layer => layer == Depth, dropout)[^1]!;

    /// <summary>The own head's scores: [T, V], [T, classes] or [rows, classes] (packed rows).</summary>
    /// <exception cref="PolymathException">The folder has no head, or it was not loaded.</exception>
    public Tensor HeadScores(Tensor hidden, PackedBatch batch) => Head is { } head ? head(hidden, batch)
        : throw new PolymathException($"{config.Source}: this folder holds a bare network without a head of its own; give a task or adapt one");

    /// <summary>Frees the weights.</summary>
    public void Dispose() => weights.Dispose();

    /// <summary>Runs blocks one after another and keeps the wanted states.</summary>
    /// <param name="x">The embeddings, [T, H].</param>
    /// <param name="wanted">Whether the states of a layer are wanted.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="block">Runs one of them: (block, its number, x) → x.</param>
    /// <param name="finish">The norm after the last block; null for none.</param>
    protected static Tensor?[] Through<T>(Tensor x, Func<int, bool> wanted, IReadOnlyList<T> blocks, Func<T, int, Tensor, Tensor> block, Func<Tensor, Tensor>? finish = null)
    {
        var states = new Tensor?[blocks.Count + 1];
        var highest = Enumerable.Range(0, states.Length).Last(wanted);
        for (var layer = 0; ; layer++)
        {
            if (layer == blocks.Count && finish is not null) x = finish(x);
            if (wanted(layer)) states[layer] = x;
            if (layer == highest) return states;
            x = block(blocks[layer], layer, x);
        }
    }

    /// <summary>The first token of each packed row, [rows, H].</summary>
    protected static Tensor First(Tensor hidden, PackedBatch batch) => hidden.index_select(0, batch.FirstTokens);

    /// <summary>The last token of each packed row, [rows, H].</summary>
    protected static Tensor Final(Tensor hidden, PackedBatch batch)
    {
        using var places = tensor(batch.Offsets.Skip(1).Select(end => end - 1L).ToArray());
        return hidden.index_select(0, places);
    }

    /// <summary>Scores of each token: classifier(h).</summary>
    protected static HeadFunction TokenHead(NetworkConfig config, Weights weights)
    {
        var classifier = weights.Linear("classifier", config.Width, config.Labels.Count);
        return (hidden, _) => classifier.Forward(hidden);
    }
}
