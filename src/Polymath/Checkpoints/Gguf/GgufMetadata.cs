namespace Polymath.Checkpoints.Gguf;

/// <summary>The metadata of a GGUF file by key; a value of another type than asked for is refused in one line.</summary>
internal sealed class GgufMetadata(string path, IReadOnlyDictionary<string, object> values)
{
    /// <summary>All keys.</summary>
    public IEnumerable<string> Keys => values.Keys;

    /// <summary>The values that are texts.</summary>
    public IReadOnlyDictionary<string, string> AllTexts { get; } =
        values.Where(pair => pair.Value is string).ToDictionary(pair => pair.Key, pair => (string)pair.Value);

    /// <summary>A text, or null.</summary>
    public string? Text(string key) => Find<string>(key, "a text");

    /// <summary>A yes or no, or null.</summary>
    public bool? Flag(string key) => values.TryGetValue(key, out var value) ? value as bool? ?? throw Wrong(key, "true or false") : null;

    /// <summary>A whole number from 0 to 2^31−1, or null.</summary>
    public int? Count(string key) =>
        !values.TryGetValue(key, out var value) ? null : value is long and >= 0 and <= int.MaxValue ? (int)(long)value : throw Wrong(key, "a whole number from 0 to 2^31-1");

    /// <summary>A whole number from 1 to 2^31−1.</summary>
    /// <exception cref="PolymathException">It is absent or another.</exception>
    public int Size(string key) => Count(key) switch
    {
        null => throw new PolymathException($"{path}: the metadata lacks '{key}'; the file is not complete"),
        0 => throw Wrong(key, "a positive number"),
        var size => size.Value,
    };

    /// <summary>A finite number, or null.</summary>
    public float? Number(string key)
    {
        if (!values.TryGetValue(key, out var value)) return null;
        var number = value switch { float single => single, double wide => (float)wide, long whole => whole, _ => float.NaN };
        return float.IsFinite(number) ? number : throw Wrong(key, "a number");
    }

    /// <summary>A list of texts, or null.</summary>
    public string[]? Texts(string key) =>
        Find<GgufArray>(key, "a list of texts") is not { } list ? null : list.Texts ?? (list.Count == 0 ? [] : throw Wrong(key, "a list of texts"));

    /// <summary>A list of numbers, or null.</summary>
    public float[]? Numbers(string key) =>
        All(key, "a list of numbers", value => value switch { float single => single, double wide => (float)wide, long whole => whole, _ => (float?)null });

    /// <summary>A list of whole numbers, or null.</summary>
    public int[]? Integers(string key) => All(key, "a list of whole numbers", value => value is long whole and >= int.MinValue and <= int.MaxValue ? (int?)whole : null);

    /// <summary>A list of bytes, or null.</summary>
    public byte[]? Bytes(string key) => Find<GgufArray>(key, "a list of bytes") is not { } list ? null
        : list is { Element: GgufValueType.UInt8 or GgufValueType.Int8, Numbers: { } bytes } ? bytes : list.Count == 0 ? [] : throw Wrong(key, "a list of bytes");

    /// <summary>What to throw where a value is not as it must be.</summary>
    public PolymathException Wrong(string key, string expected) =>
        new($"{path}: the metadata '{OneLine.Short(key)}' is {Show(values.GetValueOrDefault(key))}, where {expected} was expected");

    private T? Find<T>(string key, string expected) where T : class => values.TryGetValue(key, out var value) ? value as T ?? throw Wrong(key, expected) : null;

    private T[]? All<T>(string key, string expected, Func<object, T?> convert) where T : struct
    {
        if (Find<GgufArray>(key, expected) is not { } list) return null;
        if (list.Numbers is not { } bytes) return list.Count == 0 ? [] : throw Wrong(key, expected);
        var width = list.Element.LeastBytes();
        var numbers = new T[list.Count];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = convert(GgufReader.Number(list.Element, bytes.AsSpan(i * width, width))) ?? throw Wrong(key, expected);
        return numbers;
    }

    private static string Show(object? value) => value switch
    {
        null => "absent",
        string text => $"'{OneLine.Short(text)}'",
        GgufArray list => $"a list of {list.Count} values",
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => $"{value}",
    };
}
