using System.Globalization;
using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Study;

/// <summary>How many of the training rows a method gets: so many of each class, or a share of all.</summary>
/// <param name="PerClass">Rows of each class, or 0 where <paramref name="Share"/> counts.</param>
/// <param name="Share">The share of the rows, 1 for all.</param>
public readonly record struct StudySize(int PerClass, double Share)
{
    /// <summary>Tasks that predict a number are given the rows of so many classes.</summary>
    private const int ClassesOfANumber = 4;

    /// <summary>All training rows.</summary>
    public static StudySize All { get; } = new(0, 1);

    /// <summary>Whether all training rows are taken.</summary>
    public bool IsAll => PerClass == 0 && Share >= 1;

    /// <summary>Reads <c>8</c> (of each class), <c>25%</c> or <c>all</c>.</summary>
    /// <exception cref="PolymathException">Anything else.</exception>
    public static StudySize Parse(string text)
    {
        var word = text.Trim();
        if (word == "all") return All;
        if (word.EndsWith('%') && double.TryParse(word[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and <= 100) return new(0, percent / 100);
        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0) return new(count, 0);
        throw new PolymathException($"size '{OneLine.Short(text)}': expected a number of rows of each class such as 8, a share such as 25%, or all");
    }

    /// <summary>The rows that are taken, ascending. For one seed the rows of a smaller size are among those of a larger one.</summary>
    /// <param name="task">The task.</param>
    /// <param name="train">The training rows of a split.</param>
    /// <param name="seed">Decides which rows are taken.</param>
    public int[] Take(StudyTask task, int[] train, int seed)
    {
        if (IsAll) return train;
        var shuffled = (int[])train.Clone();
        new SeededRandom(unchecked((ulong)seed)).Shuffle<int>(shuffled);
        if (task.Kind != TaskKind.Classification)
        {
            var classes = task.Labels.Count == 0 ? ClassesOfANumber : task.Labels.Count;
            return [.. shuffled.Take(Math.Max(1, PerClass > 0 ? PerClass * classes : (int)Math.Round(Share * train.Length))).Order()];
        }
        var (perClass, share) = (PerClass, Share);
        return [.. shuffled.GroupBy(row => task.Truth[row].Ids[0])
            .SelectMany(rows => rows.Take(perClass > 0 ? perClass : Math.Max(1, (int)Math.Round(share * rows.Count())))).Order()];
    }

    /// <summary>For people and for <see cref="Parse"/>.</summary>
    public override string ToString() => IsAll ? "all" : PerClass > 0 ? $"{PerClass}" : string.Create(CultureInfo.InvariantCulture, $"{100 * Share:0.##}%");
}
