namespace Polymath.Tasks;

/// <summary>A tensor of a task as plain numbers, row-major.</summary>
/// <param name="Name">Its name in the task's file, such as "weight".</param>
/// <param name="Shape">Its sizes; empty for a single number.</param>
/// <param name="Values">Its values; as many as the product of the sizes.</param>
public sealed record NamedArray(string Name, int[] Shape, float[] Values);
