using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Polymath.Features;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tagging;

/// <summary>How the vectors of a word's tokens become one.</summary>
public enum SubwordPooling
{
    /// <summary>The mean of all its tokens.</summary>
    Mean,
    /// <summary>Its first token.</summary>
    First,
}

/// <summary>How a word's vector is read from a backbone.</summary>
/// <param name="Layers">The mix of layers.</param>
/// <param name="Subwords">How its tokens become one vector.</param>
/// <param name="Neighbours">How many words on either side lend their vectors, put beside the word's own; zeros beyond the ends of the sentence.</param>
/// <param name="MaxTokens">The most tokens read at once; longer sentences are read in overlapping pieces.</param>
internal sealed record WordRecipe(LayerMix Layers, SubwordPooling Subwords, int Neighbours, int MaxTokens)
{
    /// <summary>Width of a word's features.</summary>
    public int Width(Backbone backbone) => Layers.Width(backbone.Config.Width) * (2 * Neighbours + 1);
}

/// <summary>sentences → tokens → packed batches → backbone → one vector a word.</summary>
internal sealed class WordVectors(Backbone backbone)
{
    private const int Window = 128;

    /// <summary>Reads the words of sentences in windows: some sentences and the features of their words.</summary>
    public IEnumerable<(TaggedSentence[] Sentences, FeatureMatrix Words)> Read(IEnumerable<TaggedSentence> sentences, WordRecipe recipe, CancellationToken cancellation = default)
    {
        foreach (var window in sentences.Chunk(Window))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return (window, WithNeighbours(window, Mix(Layers(window, recipe, cancellation), recipe.Layers), recipe.Neighbours));
        }
    }

    /// <summary>All layers of each word, [words, layers · width].</summary>
    private FeatureMatrix Layers(TaggedSentence[] sentences, WordRecipe recipe, CancellationToken cancellation)
    {
        var tokens = Array.ConvertAll(sentences, sentence => WordTokens.Of(backbone, sentence, recipe.MaxTokens));
        TokenRow[] pieces = [.. tokens.SelectMany(sentence => sentence.Pieces)];
        var wanted = new List<(int Word, int Token, float Share)>[pieces.Length]; // what each piece gives to which word
        for (var p = 0; p < pieces.Length; p++) wanted[p] = [];
        int words = 0, firstPiece = 0;
        foreach (var sentence in tokens)
        {
            foreach (var own in sentence.Words)
            {
                var used = recipe.Subwords == SubwordPooling.First ? own[..1] : own;
                foreach (var (piece, token) in used) wanted[firstPiece + piece].Add((words, token, 1f / used.Length));
                words++;
            }
            firstPiece += sentence.Pieces.Length;
        }
        int width = backbone.Config.Width, layers = backbone.Config.Layers + 1;
        var values = new float[checked(words * layers * width)];
        foreach (var batch in TokenRow.Batches(pieces, backbone.TokenBudget))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            using var packed = TokenRow.Pack(batch, pieces);
            var hidden = backbone.Network.Hidden(packed, _ => true);
            backbone.CountForwardPass();
            for (var layer = 0; layer < layers; layer++)
            {
                using var plain = hidden[layer]!.dtype == ScalarType.Float32 ? hidden[layer]!.contiguous() : hidden[layer]!.to(ScalarType.Float32).contiguous();
                var states = MemoryMarshal.Cast<byte, float>(plain.bytes);
                for (var r = 0; r < packed.Rows; r++)
                    foreach (var (word, token, share) in wanted[batch[packed.Order[r]]])
                    {
                        var target = values.AsSpan((word * layers + layer) * width, width);
                        TensorPrimitives.MultiplyAdd(states.Slice((packed.Offsets[r] + token) * width, width), share, target, target);
                    }
            }
        }
        return new FeatureMatrix(values, words, layers * width);
    }

    private FeatureMatrix Mix(FeatureMatrix layers, LayerMix mix)
    {
        var width = mix.Width(backbone.Config.Width);
        var values = new float[layers.Rows * width];
        for (var w = 0; w < layers.Rows; w++) mix.Apply(layers.Row(w), backbone.Config.Width, values.AsSpan(w * width, width));
        return new FeatureMatrix(values, layers.Rows, width);
    }

    /// <summary>The word before, the word, the word after, … side by side.</summary>
    private static FeatureMatrix WithNeighbours(TaggedSentence[] sentences, FeatureMatrix words, int neighbours)
    {
        if (neighbours == 0) return words;
        var parts = 2 * neighbours + 1;
        var values = new float[checked(words.Rows * words.Columns * parts)];
        var first = 0;
        foreach (var sentence in sentences)
        {
            for (var w = 0; w < sentence.Words.Count; w++)
                for (var d = -neighbours; d <= neighbours; d++)
                    if (w + d >= 0 && w + d < sentence.Words.Count)
                        words.Row(first + w + d).CopyTo(values.AsSpan(((first + w) * parts + d + neighbours) * words.Columns));
            first += sentence.Words.Count;
        }
        return new FeatureMatrix(values, words.Rows, words.Columns * parts);
    }
}
