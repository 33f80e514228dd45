using System.Text;

namespace Polymath.Evaluation;

/// <summary>How much of a right answer a text says: longest common subsequence of words, and shared n-grams of characters.</summary>
internal static class TextOverlap
{
    /// <summary>The longest n-grams of chrF.</summary>
    public const int Order = 6;

    private const double Beta = 2; // recall counts twice

    /// <summary>
    /// ROUGE-L (Lin 2004): F1 of the longest common subsequence of the words, which are runs of letters and digits in lower case. Texts without any word are alike where
    /// they are equal.
    /// </summary>
    public static double RougeL(string truth, string text)
    {
        string[] wanted = Words(truth), found = Words(text);
        if (wanted.Length == 0 && found.Length == 0) return truth.Trim() == text.Trim() ? 1 : 0;
        return 2.0 * CommonSubsequence(wanted, found) / (wanted.Length + found.Length);
    }

    /// <summary>Length of the longest common subsequence.</summary>
    public static int CommonSubsequence(ReadOnlySpan<string> a, ReadOnlySpan<string> b)
    {
        var lengths = new int[b.Length + 1];
        foreach (var item in a)
        {
            var diagonal = 0;
            for (var j = 0; j < b.Length; j++)
            {
                var above = lengths[j + 1];
                lengths[j + 1] = item == b[j] ? diagonal + 1 : Math.Max(above, lengths[j]);
                diagonal = above;
            }
        }
        return lengths[^1];
    }

    /// <summary>
    /// The counts that chrF is made of, for n from 1 to <see cref="Order"/>: n-grams of the text, of the right answer, and common ones, [3 · Order]. As in sacrebleu's
    /// metrics/chrf.py: blanks are left out, and a text's n-grams do not count where the answer is too short to have any.
    /// </summary>
    public static int[] CharacterCounts(string truth, string text)
    {
        Rune[] wanted = Runes(truth), found = Runes(text);
        var counts = new int[3 * Order];
        for (var n = 1; n <= Order; n++)
        {
            var (answers, given) = (Grams(wanted, n), Grams(found, n));
            counts[3 * n - 3] = answers.Count == 0 ? 0 : given.Values.Sum();
            counts[3 * n - 2] = answers.Values.Sum();
            foreach (var (gram, count) in given) counts[3 * n - 1] += Math.Min(count, answers.GetValueOrDefault(gram));
        }
        return counts;
    }

    /// <summary>chrF (Popović 2015) of summed counts: F2 of precision and recall, each the mean over the lengths n that both sides have.</summary>
    public static double Chrf(ReadOnlySpan<long> counts)
    {
        double precision = 0, recall = 0;
        var orders = 0;
        for (var n = 0; n < Order; n++)
        {
            if (counts[3 * n] == 0 || counts[3 * n + 1] == 0) continue;
            precision += (double)counts[3 * n + 2] / counts[3 * n];
            recall += (double)counts[3 * n + 2] / counts[3 * n + 1];
            orders++;
        }
        if (precision + recall == 0) return 0;
        (precision, recall) = (precision / orders, recall / orders);
        return (1 + Beta * Beta) * precision * recall / (Beta * Beta * precision + recall);
    }

    private static string[] Words(string text)
    {
        var words = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) words.Append(Rune.IsLetterOrDigit(rune) ? Rune.ToLowerInvariant(rune) : new Rune(' '));
        return words.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    private static Rune[] Runes(string text) => [.. text.EnumerateRunes().Where(rune => !Rune.IsWhiteSpace(rune))];

    private static Dictionary<string, int> Grams(Rune[] runes, int n)
    {
        var grams = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var start = 0; start + n <= runes.Length; start++)
        {
            var gram = string.Concat(runes.Skip(start).Take(n));
            grams[gram] = grams.GetValueOrDefault(gram) + 1;
        }
        return grams;
    }
}
