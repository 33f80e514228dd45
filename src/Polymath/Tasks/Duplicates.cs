using System.Security.Cryptography;
using System.Text;

namespace Polymath.Tasks;

/// <summary>What <see cref="Duplicates.Report"/> found.</summary>
/// <param name="TestRows">The number of test rows.</param>
/// <param name="Exact">Test rows whose text (and pair) is also a training row, character by character.</param>
/// <param name="Folded">Further test rows that equal a training row once case and white space are folded.</param>
/// <param name="Conflicts">Of the exact and folded ones, those whose label no such training row has.</param>
/// <param name="WithinTrain">Training rows that repeat an earlier training row, case and white space folded.</param>
/// <param name="WithinTrainConflicts">Of those, the ones that have another label than the first such row.</param>
/// <param name="TestLines">The lines of the first test rows found in the training data, ten at most.</param>
public sealed record DuplicateReport(int TestRows, int Exact, int Folded, int Conflicts, int WithinTrain, int WithinTrainConflicts, IReadOnlyList<long> TestLines)
{
    /// <summary>The share of test rows that were seen in training; an accuracy over these rows measures memory.</summary>
    public double Share => TestRows == 0 ? 0 : (double)(Exact + Folded) / TestRows;
}

/// <summary>Finds test rows that are training rows too, and rows that contradict each other.</summary>
public static class Duplicates
{
    /// <summary>Compares two sets of rows. Keeps a hash of each training text, not the text.</summary>
    public static DuplicateReport Report(IEnumerable<Row> train, IEnumerable<Row> test)
    {
        var exactTexts = new HashSet<UInt128>();
        var labels = new Dictionary<UInt128, List<string?>>();
        int within = 0, withinConflicts = 0;
        foreach (var row in train)
        {
            exactTexts.Add(Key(row, text => text));
            var key = Key(row, Fold);
            if (!labels.TryGetValue(key, out var seen))
            {
                labels.Add(key, [row.Label]);
                continue;
            }
            within++;
            if (seen[0] != row.Label) withinConflicts++;
            if (!seen.Contains(row.Label)) seen.Add(row.Label);
        }
        int rows = 0, exact = 0, folded = 0, conflicts = 0;
        var lines = new List<long>();
        foreach (var row in test)
        {
            rows++;
            if (!labels.TryGetValue(Key(row, Fold), out var seen)) continue;
            if (exactTexts.Contains(Key(row, text => text))) exact++;
            else folded++;
            if (row.Label is not null && !seen.Contains(row.Label)) conflicts++;
            if (lines.Count < 10) lines.Add(row.Line);
        }
        return new DuplicateReport(rows, exact, folded, conflicts, within, withinConflicts, lines);
    }

    /// <summary>Lower case, every run of white space one space, none at the ends.</summary>
    internal static string Fold(string text) => string.Join(' ', text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>128 bits of SHA-256: two different texts share a key with no chance worth counting.</summary>
    private static UInt128 Key(Row row, Func<string, string> fold)
    {
        // The length of the first text keeps ("a", "bc") and ("ab", "c") apart.
        var text = fold(row.Text);
        var joined = row.Pair is null ? text : $"{text.Length}:{text}{fold(row.Pair)}\0";
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(joined), hash);
        return new UInt128(BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash[8..]));
    }
}
