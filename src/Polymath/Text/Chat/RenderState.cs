using System.Text;

namespace Polymath.Text.Chat;

/// <summary>
/// One rendering: what is written so far, the variables, and the limits that keep a hostile template from filling the memory or running
/// for ever. Every node passes through <see cref="Enter"/>; work on long strings and lists is charged by its length.
/// </summary>
internal sealed class RenderState
{
    internal const int LongestText = 1 << 22, MostItems = 100_000;
    private const long MostSteps = 20_000_000;
    private const int Deepest = 300;

    private readonly string _source;
    private readonly Dictionary<string, object?> _top;
    private StringBuilder _output = new();
    private long _steps;
    private int _depth, _line;

    internal RenderState(string source, Dictionary<string, object?> variables)
    {
        (_source, _top) = (source, variables);
        Scope = new Scope(_top, null);
    }

    internal Scope Scope { get; set; }

    internal string Output => _output.ToString();

    internal void Enter(int line)
    {
        _line = line;
        Charge(1);
        if (++_depth > Deepest) throw Error($"more than {Deepest} expressions or calls within each other");
    }

    internal void Leave() => _depth--;

    internal void Charge(long steps)
    {
        _steps += steps;
        if (_steps > MostSteps) throw Error($"rendering takes more than {MostSteps} steps");
    }

    /// <summary>Charges for work on a value.</summary>
    internal void ChargeFor(object? value) => Charge(value switch { string text => text.Length / 8, List<object?> list => list.Count, _ => 0 });

    /// <summary>Charges for looking for a part in a text, which may compare every character with every other.</summary>
    internal void ChargeSearch(string text, string part) => Charge(1 + (long)text.Length * (part.Length + 32) / 256);

    internal void Write(string text)
    {
        CheckLength(_output.Length + (long)text.Length);
        Charge(text.Length / 8);
        _output.Append(text);
    }

    /// <exception cref="PolymathException">A string would be too long.</exception>
    internal void CheckLength(long length)
    {
        if (length > LongestText) throw Error($"a text grows beyond {LongestText} characters");
    }

    /// <summary>What is written while <paramref name="body"/> runs in a scope of its own, as a string.</summary>
    internal string Capture(Scope scope, Action body)
    {
        var (output, outer) = (_output, Scope);
        (_output, Scope) = (new StringBuilder(), scope);
        body();
        var captured = Output;
        (_output, Scope) = (output, outer);
        return captured;
    }

    /// <summary>The scope of the template itself, which macros see instead of their caller's.</summary>
    internal Scope TopScope() => new(_top, null);

    /// <summary>The error for the construct that is being evaluated.</summary>
    internal PolymathException Error(string what) => new($"{_source}: line {_line} of the chat template: {what}.");

    /// <summary>The error that the template itself asks for.</summary>
    internal PolymathException Refusal(string message) => new($"{_source}: the chat template refuses this conversation: {OneLine.Short(message)} (line {_line}).");
}

/// <summary>Variables by name; a loop's body has a scope of its own for each round, and what is set there ends with it.</summary>
internal sealed class Scope(Dictionary<string, object?> variables, Scope? outer)
{
    internal object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.Variables.TryGetValue(name, out var value)) return value;
        }
        return Builtins.Find(name) ?? (object)new Undefined(name);
    }

    internal void Set(string name, object? value) => Variables[name] = value;

    private Dictionary<string, object?> Variables { get; } = variables;

    private Scope? Outer { get; } = outer;
}
