namespace Polymath.Tagging;

/// <summary>The tags of a task by number: 0 is O, then B- and I- of each kind in ordinal order; and which may follow which.</summary>
public sealed class TagSet
{
    private readonly Dictionary<string, int> _ids;

    /// <summary>The tags of some kinds of span.</summary>
    /// <exception cref="PolymathException">There is no kind.</exception>
    public TagSet(IEnumerable<string> kinds)
    {
        Kinds = [.. kinds.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (Kinds.Count == 0) throw new PolymathException("there is no tag besides O; expected spans of at least one kind to learn");
        Names = [Tag.Outside, .. Kinds.SelectMany(kind => new[] { $"B-{kind}", $"I-{kind}" })];
        _ids = Names.Select((name, id) => (name, id)).ToDictionary(pair => pair.name, pair => pair.id, StringComparer.Ordinal);
    }

    /// <summary>The kinds of span.</summary>
    public IReadOnlyList<string> Kinds { get; }

    /// <summary>The tags in the order of their numbers.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of tags.</summary>
    public int Count => Names.Count;

    /// <summary>The kinds that occur in sentences.</summary>
    public static TagSet Of(IEnumerable<TaggedSentence> sentences) => new(sentences.SelectMany(s => s.Tags ?? []).Select(Tag.Kind).OfType<string>());

    /// <summary>Rebuilds it from <see cref="Names"/>.</summary>
    /// <exception cref="PolymathException">These are not the tags of a tag set.</exception>
    public static TagSet FromNames(IReadOnlyList<string> names)
    {
        if (!names.All(Tag.IsSound)) throw new PolymathException($"the labels {string.Join(", ", names.Take(5).Select(OneLine.Short))} are no tags; expected O, B-kind and I-kind");
        var set = new TagSet(names.Select(Tag.Kind).OfType<string>());
        return set.Names.SequenceEqual(names) ? set : throw new PolymathException($"the tags {string.Join(", ", names.Take(5).Select(OneLine.Short))} are not in their order; expected O, then B- and I- of each kind");
    }

    /// <summary>The number of a tag, or false where the task has no such tag.</summary>
    public bool TryGetId(string tag, out int id) => _ids.TryGetValue(tag, out id);

    /// <summary>Whether a tag may follow another; −1 stands for the beginning.</summary>
    internal static bool Allowed(int previous, int next) => !IsInside(next) || previous == next || previous == next - 1;

    internal static bool IsInside(int tag) => tag > 0 && tag % 2 == 0;

    internal static bool IsBegin(int tag) => tag % 2 == 1;
}
