using Polymath.Evaluation;

namespace Polymath.Adaptation;

/// <summary>Two rows and whether they are of one class.</summary>
internal readonly record struct RowPair(int First, int Second, bool Alike);

/// <summary>
/// Pairs of rows for contrastive training, drawn one by one: time and memory go with the number of pairs asked for, never with the square of
/// the rows. Every row stands in as many pairs as every other (one more or less), half of them with a row of its class.
/// </summary>
internal static class SampledPairs
{
    /// <summary>Draws pairs in random order.</summary>
    /// <param name="labels">The class of every row.</param>
    /// <param name="count">How many pairs.</param>
    /// <param name="seed">The seed.</param>
    public static RowPair[] Draw(int[] labels, int count, int seed)
    {
        var random = new SeededRandom(unchecked((ulong)seed));
        var classes = Enumerable.Range(0, labels.Length).GroupBy(row => labels[row]).ToDictionary(group => group.Key, group => group.ToArray());
        int[] firsts = [.. Enumerable.Range(0, labels.Length)];
        var pairs = new RowPair[count];
        for (var i = 0; i < count; i++)
        {
            if (i % (2 * labels.Length) == 0) random.Shuffle<int>(firsts);
            var first = firsts[i / 2 % labels.Length];
            var own = classes[labels[first]];
            pairs[i] = i % 2 == 0 && own.Length > 1
                ? new RowPair(first, Other(own, first, random), true)
                : new RowPair(first, Stranger(labels, own.Length, first, random), false);
        }
        random.Shuffle<RowPair>(pairs);
        return pairs;
    }

    /// <summary>Another row of the class.</summary>
    private static int Other(int[] own, int first, SeededRandom random)
    {
        var at = random.Next(own.Length - 1);
        return own[at] == first ? own[^1] : own[at];
    }

    /// <summary>A row of another class: rejection where the class is small, a walk where it is most of the rows.</summary>
    private static int Stranger(int[] labels, int own, int first, SeededRandom random)
    {
        if (own * 10 < labels.Length * 9)
            while (true)
            {
                var row = random.Next(labels.Length);
                if (labels[row] != labels[first]) return row;
            }
        var wanted = random.Next(labels.Length - own);
        return Enumerable.Range(0, labels.Length).Where(row => labels[row] != labels[first]).ElementAt(wanted);
    }
}
