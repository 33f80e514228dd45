namespace Polymath.Text.Chat;

/// <summary>What a value has inside: items by key or position, slices, and what its dotted names mean.</summary>
internal static class Members
{
    internal static object? Find(RenderState state, object? owner, object? key, bool dotted)
    {
        if (owner is Undefined missing) throw state.Error($"'{OneLine.Short(missing.Name)}' is undefined, so nothing in it can be read");
        if (key is string name) return Named(state, owner, name, dotted);
        if (key is not (long or bool)) return new Undefined($"an item under {Values.Kind(key)}");
        var at = Values.Whole(key);
        state.ChargeFor(owner);
        var items = owner switch { List<object?> list => list, string text => Characters(state, text), _ => null };
        if (items is not null && at < 0) at += items.Count;
        return items is not null && at >= 0 && at < items.Count ? items[(int)at] : new Undefined($"item {Values.Whole(key)}");
    }

    internal static object? Slice(RenderState state, object? owner, long? start, long? stop, long? step)
    {
        state.ChargeFor(owner);
        var items = owner switch { List<object?> list => list, string text => Characters(state, text), _ => throw state.Error($"{Values.Kind(owner)} cannot be sliced") };
        var by = step ?? 1;
        if (by == 0) throw state.Error("a slice's step cannot be 0");
        var (low, high) = by > 0 ? (0L, (long)items.Count) : (-1L, items.Count - 1L);
        long Bound(long? bound, long otherwise) => bound is not { } b ? otherwise : Math.Clamp(b < 0 ? b + items.Count : b, low, high);
        var (from, to) = (Bound(start, by > 0 ? low : high), Bound(stop, by > 0 ? high : low));
        var picked = new List<object?>();
        for (var i = from; by > 0 ? i < to : i > to; i += by) picked.Add(items[(int)i]);
        return owner is string ? string.Concat(picked) : picked;
    }

    private static List<object?> Characters(RenderState state, string text)
    {
        state.Charge(text.Length);
        return PythonText.Characters(text);
    }

    private static object? Named(RenderState state, object? owner, string name, bool dotted)
    {
        switch (owner)
        {
            // A dotted name is an attribute first, an item only then; brackets the other way round.
            case Map map when map.TryGetValue(name, out var value) && !(dotted && MapMethods.Find(map, name) is not null): return value;
            case Map map when MapMethods.Find(map, name) is { } method: return method;
            case Namespace space when space.Values.TryGetValue(name, out var value): return value;
            case LoopValue loop: return loop.Find(state, name);
            case string text when dotted && StringMethods.Find(text, name) is { } method: return method;
            case string or List<object?> when dotted: return new Undefined($"{name}' of {Values.Kind(owner)}, which '{name}");
            default: return new Undefined(name);
        }
    }
}

/// <summary>What can be asked of a dictionary.</summary>
internal static class MapMethods
{
    internal static Function? Find(Map map, string name) => name switch
    {
        "items" => (_, _) => Pairs(map),
        "keys" => (_, _) => map.Keys.ToList<object?>(),
        "values" => (_, _) => map.Values.ToList(),
        "get" => (state, a) => map.TryGetValue(a.NeedText(state, 0, "key"), out var value) ? value : a.Get(1, "default"),
        _ => null,
    };

    internal static List<object?> Pairs(Map map) => [.. map.Select(p => new List<object?> { p.Key, p.Value })];
}

/// <summary>The variable "loop" of a round.</summary>
internal sealed class LoopValue(List<object?> items, int index, int depth)
{
    internal int Depth => depth;

    internal object? Find(RenderState state, string name) => name switch
    {
        "index" => (long)index + 1,
        "index0" => (long)index,
        "first" => index == 0,
        "last" => index == items.Count - 1,
        "length" => (long)items.Count,
        "revindex" => (long)items.Count - index,
        "revindex0" => (long)items.Count - index - 1,
        "depth" => (long)depth,
        "depth0" => (long)depth - 1,
        "previtem" => index > 0 ? items[index - 1] : new Undefined("loop.previtem"),
        "nextitem" => index < items.Count - 1 ? items[index + 1] : new Undefined("loop.nextitem"),
        "cycle" => (Function)((_, a) => a.Positional.Count > 0 ? a.Positional[index % a.Positional.Count] : null),
        _ => throw state.Error($"'loop.{OneLine.Short(name)}' is not supported"),
    };
}
