using System.Text.Json;
using Polymath.Tasks;
using Polymath.Text;

namespace Polymath.Tagging;

/// <summary>
/// A file of sentences whose words are tagged. JSON lines: <c>{"words": […], "tags": […]}</c>, optionally with <c>text</c> and <c>starts</c> (where each
/// word starts in the text, in UTF-16 units or in code points). CoNLL columns: a word and, last on its line, its tag, separated by tabs or spaces; a
/// blank line ends a sentence, <c>-DOCSTART-</c> and lines with <c>#</c> before the first word of a sentence are passed over. An <c>I-</c> that continues no span of its kind
/// begins one, as conlleval reads it: it becomes <c>B-</c> and is counted.
/// </summary>
public sealed class TaggedFile
{
    private const string Expected = "expected {\"words\": [\"…\"], \"tags\": [\"B-kind\", \"I-kind\", \"O\"]}";

    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private readonly DataSource _source;
    private readonly bool _json;
    private readonly DataRowCheck _check;

    private TaggedFile(DataSource source, bool json, bool skipBadRows) =>
        (_source, _json, _check) = (source, json, new DataRowCheck(source.Name, new DataOptions { SkipBadRows = skipBadRows }));

    /// <summary>The file's name as errors give it.</summary>
    public string Name => _source.Name;

    /// <summary>How many bad sentences were left out so far.</summary>
    public int Skipped => _check.Skipped;

    /// <summary>Where and what the first one left out was, or null.</summary>
    public string? FirstSkipped => _check.FirstSkipped;

    /// <summary>Opens a file of tagged or untagged words, whatever its name.</summary>
    /// <param name="pathOrDash">A path, or <c>-</c> for standard input.</param>
    /// <param name="skipBadRows">Whether bad sentences are left out and counted.</param>
    /// <param name="standardInput">What <c>-</c> stands for.</param>
    /// <exception cref="PolymathException">There is no such file.</exception>
    public static TaggedFile Open(string pathOrDash, bool skipBadRows = false, Stream? standardInput = null)
    {
        var source = new DataSource(pathOrDash, standardInput);
        return new TaggedFile(source, FirstLine(source).StartsWith('{'), skipBadRows);
    }

    /// <summary>Whether a file holds words with tags (or words alone, as JSON lines) rather than texts with labels. Standard input is not looked at.</summary>
    public static bool Recognise(string path)
    {
        if (path == "-" || !File.Exists(path)) return false;
        var source = new DataSource(path, null);
        if (!source.CanReread || source.Extension is ".csv" or ".tsv" or ".parquet" or ".pq") return false;
        var line = FirstLine(source);
        if (!line.StartsWith('{')) return source.Extension is not (".jsonl" or ".ndjson") && (line.StartsWith("-DOCSTART-", StringComparison.Ordinal) || (Columns(line) is { Length: > 1 } parts && Tagging.Tag.IsSound(parts[^1])));
        try
        {
            using var document = JsonDocument.Parse(line, s_strict);
            return document.RootElement.TryGetProperty("words", out var words) && words.ValueKind == JsonValueKind.Array;
        }
        catch (JsonException) { return false; }
        catch (InvalidOperationException) { return false; }
    }

    /// <summary>Reads the sentences one after another.</summary>
    /// <param name="tagsRequired">Whether a sentence without tags is bad.</param>
    /// <exception cref="PolymathException">A bad sentence (with file, line and what was expected) unless those are left out; no sentence at all.</exception>
    public IEnumerable<TaggedSentence> Sentences(bool tagsRequired = true)
    {
        using var stream = _source.Open();
        var any = false;
        foreach (var sentence in _json ? Json(stream, tagsRequired) : Conll(stream))
        {
            any = true;
            yield return sentence;
        }
        if (!any) throw new PolymathException(Skipped > 0 ? $"{Name}: every sentence is bad ({Skipped} left out); the first: {FirstSkipped}" : $"{Name}: there are no sentences; expected at least one");
    }

    private IEnumerable<TaggedSentence> Json(Stream stream, bool tagsRequired)
    {
        var lines = new DataLineReader(stream, DataRowCheck.MaxRecordBytes);
        while (lines.Read())
            if (DataLines.Sound(lines, _check) && lines.Line.Span.IndexOfAnyExcept(" \t"u8) >= 0 && Parse(lines.Line, lines.Number, tagsRequired) is { } sentence) yield return sentence;
    }

    private TaggedSentence? Parse(ReadOnlyMemory<byte> line, long number, bool tagsRequired)
    {
        try
        {
            using var document = JsonDocument.Parse(line, s_strict);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("words", out var listed)) throw new FormatException($"there is no list 'words'; {Expected}");
            var words = Strings(listed, "words");
            var tags = root.TryGetProperty("tags", out var tagged) && tagged.ValueKind != JsonValueKind.Null ? Strings(tagged, "tags") : tagsRequired ? throw new FormatException($"there is no list 'tags'; {Expected}") : null;
            var text = root.TryGetProperty("text", out var given) ? given.GetString() : null;
            int[]? starts = root.TryGetProperty("starts", out var places) ? [.. places.EnumerateArray().Select(place => place.GetInt32())] : null;
            return Make(words, tags, text, starts, number);
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException)
        {
            _check.Bad($"line {number}", error is FormatException && error.Message.Contains(';', StringComparison.Ordinal) ? error.Message : $"no sentence ({OneLine.Short(Native.Disk.FirstLine(error).TrimEnd('.'))}); {Expected}");
            return null;
        }
    }

    private IEnumerable<TaggedSentence> Conll(Stream stream)
    {
        var lines = new DataLineReader(stream, DataRowCheck.MaxRecordBytes);
        List<string> words = [], tags = [];
        long first = 0;
        var sound = true;
        while (lines.Read())
        {
            var line = DataLines.Sound(lines, _check) ? System.Text.Encoding.UTF8.GetString(lines.Line.Span).Trim() : null;
            if (line is null) sound = false;
            else if (line.Length == 0)
            {
                if (End() is { } sentence) yield return sentence;
                (words, tags, sound) = ([], [], true);
            }
            else if (!line.StartsWith("-DOCSTART-", StringComparison.Ordinal) && !(words.Count == 0 && line.StartsWith("# ", StringComparison.Ordinal)))
            {
                if (words.Count == 0) first = lines.Number;
                var columns = Columns(line);
                if (columns.Length > 1 && Tagging.Tag.IsSound(columns[^1]))
                {
                    words.Add(columns[0]);
                    tags.Add(columns[^1]);
                }
                else if (sound)
                {
                    _check.Bad($"line {lines.Number}", columns.Length < 2 ? "a word without a tag; expected a word, a tab or space, and its tag" : $"'{OneLine.Short(columns[^1])}' is no tag; expected O, B-kind or I-kind");
                    sound = false;
                }
            }
        }
        if (End() is { } last) yield return last;

        TaggedSentence? End() => sound && words.Count > 0 ? Make(words, tags, null, null, first) : null;
    }

    /// <exception cref="FormatException">The parts do not fit together.</exception>
    private static TaggedSentence Make(IReadOnlyList<string> words, IReadOnlyList<string>? tags, string? text, int[]? starts, long line)
    {
        if (words.Count == 0) throw new FormatException($"there are no words; {Expected}");
        if (Enumerable.Range(0, words.Count).FirstOrDefault(w => string.IsNullOrWhiteSpace(words[w]), -1) is >= 0 and var blank) throw new FormatException($"word {blank + 1} is empty; {Expected}");
        var repaired = 0;
        if (tags is not null)
        {
            if (tags.Count != words.Count) throw new FormatException($"{words.Count} words but {tags.Count} tags; expected a tag for each word");
            if (tags.FirstOrDefault(tag => !Tagging.Tag.IsSound(tag)) is { } bad) throw new FormatException($"'{OneLine.Short(bad)}' is no tag; expected O, B-kind or I-kind");
            tags = Tagging.Tag.Repair(tags, out repaired);
        }
        var sentence = text is null || starts is null ? TaggedSentence.FromWords(words, tags) : new TaggedSentence(text, Places(words, text, starts)) { Tags = tags };
        return sentence with { Line = line, Repaired = repaired };
    }

    /// <summary>Where the words lie; starts count UTF-16 units or, where only that fits, code points.</summary>
    private static TextSpan[] Places(IReadOnlyList<string> words, string text, int[] starts)
    {
        if (starts.Length != words.Count) throw new FormatException($"{words.Count} words but {starts.Length} starts; expected a start for each word");
        var wrong = Misplaced(starts);
        if (wrong >= 0 && text.Any(char.IsSurrogate))
        {
            var points = new List<int>();
            for (var at = 0; at < text.Length; at += char.IsSurrogatePair(text, at) ? 2 : 1) points.Add(at);
            int[] units = [.. starts.Select(start => start >= 0 && start < points.Count ? points[start] : -1)];
            if (Misplaced(units) < 0) (starts, wrong) = (units, -1);
        }
        if (wrong >= 0) throw new FormatException($"word {wrong + 1}, '{OneLine.Short(words[wrong])}', does not stand at {starts[wrong]} of the text, behind the word before it; expected the position of its first character, from 0");
        return [.. starts.Select((start, w) => new TextSpan(start, start + words[w].Length))];

        int Misplaced(int[] places)
        {
            for (var w = 0; w < places.Length; w++)
                if (places[w] < (w == 0 ? 0 : places[w - 1] + words[w - 1].Length) || places[w] > text.Length || string.CompareOrdinal(text, places[w], words[w], 0, words[w].Length) != 0) return w;
            return -1;
        }
    }

    private static string[] Strings(JsonElement list, string name) => list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
        ? [.. list.EnumerateArray().Select(item => item.GetString()!)] : throw new FormatException($"'{name}' is no list of strings; {Expected}");

    private static string[] Columns(string line) => line.Split(line.Contains('\t', StringComparison.Ordinal) ? '\t' : ' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string FirstLine(DataSource source)
    {
        var head = System.Text.Encoding.UTF8.GetString(source.Head()).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        var end = head.IndexOf('\n', StringComparison.Ordinal);
        return (end < 0 ? head : head[..end]).TrimEnd('\r');
    }
}
