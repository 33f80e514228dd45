namespace Polymath.Text.Chat;

/// <summary>What a function, filter or test is called with.</summary>
internal sealed record Arguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    internal static Arguments None { get; } = new([], new Dictionary<string, object?>());

    /// <summary>The argument at a place or under a name; null where it is not given.</summary>
    internal object? Get(int index, string name) => index < Positional.Count ? Positional[index] : Named.GetValueOrDefault(name);

    internal bool Has(int index, string name) => index < Positional.Count || Named.ContainsKey(name);

    internal string? Text(RenderState state, int index, string name) => Get(index, name) switch
    {
        null => null,
        string text => text,
        var other => throw state.Error($"the argument '{name}' should be a string and is {Values.Kind(other)}"),
    };

    internal string NeedText(RenderState state, int index, string name) => Text(state, index, name) ?? throw state.Error($"the argument '{name}' is missing");

    internal long Whole(RenderState state, int index, string name, long otherwise) => Get(index, name) switch
    {
        null => otherwise,
        long number => number,
        bool flag => flag ? 1 : 0,
        var other => throw state.Error($"the argument '{name}' should be a whole number and is {Values.Kind(other)}"),
    };

    /// <summary>The same without the first one.</summary>
    internal Arguments Skip(int count) => new([.. Positional.Skip(count)], Named);

    /// <exception cref="PolymathException">There are more arguments than the function takes, or one that it does not know.</exception>
    internal void Check(RenderState state, string function, int most, params string[] names)
    {
        if (Positional.Count > most) throw state.Error($"'{function}' with {Positional.Count} arguments is not supported; {most} are the most");
        if (Named.Keys.FirstOrDefault(n => !names.Contains(n)) is { } unknown) throw state.Error($"'{function}' with the argument '{OneLine.Short(unknown)}' is not supported");
    }
}
