namespace Polymath;

/// <summary>How far a long piece of work has come.</summary>
/// <param name="Stage">What is being done, in a word or three.</param>
/// <param name="Done">Units finished in this stage.</param>
/// <param name="Total">Units in all, where known.</param>
/// <param name="Note">How it goes, such as the loss so far; null for nothing to say.</param>
public readonly record struct WorkProgress(string Stage, long Done, long? Total, string? Note = null);
