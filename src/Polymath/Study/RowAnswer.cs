namespace Polymath.Study;

/// <summary>
/// What is true of a row, or what a method says of it, for every kind of task. Classification: one class id; the number is its probability.
/// Multi-label: the ids of the labels, ascending; the numbers are all labels' probabilities. Regression: no id, one number. Tagging: a tag id for each word.
/// </summary>
/// <param name="Ids">Class, label or tag ids.</param>
/// <param name="Numbers">Probabilities or the value; may be empty where they are unknown.</param>
public sealed record RowAnswer(int[] Ids, float[] Numbers)
{
    /// <summary>One class with its probability.</summary>
    public static RowAnswer OfClass(int id, double probability = 1) => new([id], [(float)probability]);

    /// <summary>A number.</summary>
    public static RowAnswer OfValue(double value) => new([], [(float)value]);
}
