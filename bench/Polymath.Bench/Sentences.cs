using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>The sentences of the data sets that lie in the shared folder.</summary>
internal static class Sentences
{
    /// <summary>All data sets.</summary>
    public static IReadOnlyList<string> Sets { get; } = ["trec", "subj", "cr", "clinc150"];

    /// <summary>The labelled rows of a data set's part: train or test.</summary>
    public static List<Row> Of(string set, string part) =>
        DataFile.Open(Timing.Shared("data", set, part + ".csv"), new DataOptions { LabelRequired = true }).ReadAll();

    /// <summary>The training rows of all data sets, shuffled by a fixed seed.</summary>
    public static Row[] Shuffled()
    {
        Row[] rows = [.. Sets.SelectMany(set => Of(set, "train"))];
        int[] order = [.. Enumerable.Range(0, rows.Length)];
        new SeededRandom(1).Shuffle(order);
        return Array.ConvertAll(order, at => rows[at]);
    }

    /// <summary>So many rows of <see cref="Shuffled"/>, from the front again where it ends.</summary>
    public static IEnumerable<Row> Mixed(int rows)
    {
        var all = Shuffled();
        for (var i = 0; i < rows; i++) yield return all[i % all.Length];
    }
}
