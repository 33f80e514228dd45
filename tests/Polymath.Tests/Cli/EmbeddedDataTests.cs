using Polymath.Cli.Embedded;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>What the data cards promise of the tasks that come with the command.</summary>
public sealed class EmbeddedDataTests
{
    private static readonly Lazy<Dictionary<string, IReadOnlyList<Row>>> Tasks = new(() => new()
    {
        ["intent"] = Read("intent"),
        ["severity"] = Read("severity"),
        ["sentiment"] = Read("sentiment"),
        ["topics"] = Read("topics"),
        ["duplicates"] = Read("duplicates"),
        ["spans"] = [.. Sentences().Select(sentence => new Row(sentence.Text))],
    });

    [Fact]
    public void No_text_is_nearly_another()
    {
        var texts = Tasks.Value.Values.SelectMany(rows => rows).SelectMany(row => new[] { row.Text, row.Pair }).OfType<string>().Distinct().ToArray();
        Assert.True(texts.Length > 1500, $"{texts.Length} texts");
        var shingles = Array.ConvertAll(texts, Shingles);
        var holders = new Dictionary<string, List<int>>();
        for (var t = 0; t < texts.Length; t++)
            foreach (var shingle in shingles[t]) (holders.TryGetValue(shingle, out var list) ? list : holders[shingle] = []).Add(t);
        // Questions that look alike and are not the same are the point of their task: they share at most two thirds.
        var questions = Tasks.Value["duplicates"].SelectMany(row => new[] { row.Text, row.Pair! }).ToHashSet();
        foreach (var (a, b) in holders.Values.SelectMany(list => list.SelectMany(a => list.Where(b => b > a).Select(b => (a, b)))).Distinct())
        {
            var shared = shingles[a].Count(shingles[b].Contains);
            var likeness = (double)shared / (shingles[a].Count + shingles[b].Count - shared);
            Assert.True(likeness <= (questions.Contains(texts[a]) && questions.Contains(texts[b]) ? 0.7 : 0.5), $"{likeness:F2}: {texts[a]} | {texts[b]}");
        }
    }

    [Fact]
    public void Every_task_has_texts_that_no_other_task_uses()
    {
        foreach (var (name, rows) in Tasks.Value)
        {
            var others = Tasks.Value.Where(task => task.Key != name).SelectMany(task => task.Value).Select(row => row.Text).ToHashSet();
            Assert.True(rows.Count(row => !others.Contains(row.Text)) >= 100, name);
        }
    }

    [Fact]
    public void Classes_labels_and_values_are_as_the_cards_say()
    {
        var intent = Tasks.Value["intent"].GroupBy(row => row.Label).ToDictionary(group => group.Key!, group => group.Count());
        Assert.True(intent.Count >= 10 && intent.Values.Min() >= 20, string.Join(", ", intent));
        Assert.Equal(["mixed", "negative", "positive"], Tasks.Value["sentiment"].Select(row => row.Label).Distinct().Order());
        var topics = Tasks.Value["topics"].SelectMany(row => row.Labels!).GroupBy(label => label).ToDictionary(group => group.Key, group => group.Count());
        Assert.True(topics.Count == 8 && topics.Values.Min() >= 45, string.Join(", ", topics));
        Assert.Contains(Tasks.Value["topics"], row => row.Labels!.Count == 0);
        Assert.All(Tasks.Value["severity"], row => Assert.InRange(row.Value!.Value, 0, 10));
        Assert.True(Tasks.Value["severity"].Select(row => row.Value).Distinct().Count() >= 15);
        Assert.All(Tasks.Value["duplicates"], row => Assert.True(row.Group is not null && row.Pair is not null));
        Assert.InRange(Tasks.Value["duplicates"].Average(row => row.Label == "1" ? 1.0 : 0.0), 0.4, 0.6);
    }

    [Fact]
    public void Spans_are_whole_words_and_no_group_of_questions_is_torn()
    {
        Assert.All(Sentences(), sentence =>
        {
            Assert.Equal(sentence.Words.Count, sentence.Tags!.Count);
            Assert.Equal(0, sentence.Repaired);
            for (var w = 0; w < sentence.Words.Count; w++) Assert.Equal(sentence.Word(w).Trim(), sentence.Word(w));
        });
        Assert.Equal(["component", "expected", "happened", "product"], Sentences().SelectMany(sentence => sentence.Tags!).Where(tag => tag != "O").Select(tag => tag[2..]).Distinct().Order());
        var groups = Tasks.Value["duplicates"].SelectMany(row => new[] { (row.Text, row.Group), (Text: row.Pair!, row.Group) }).GroupBy(entry => entry.Item1);
        Assert.All(groups, group => Assert.Single(group.Select(entry => entry.Group).Distinct()));
    }

    private static IReadOnlyList<Row> Read(string name) => EmbeddedTasks.Find(name).Rows().ReadAll();

    private static List<TaggedSentence> Sentences() => EmbeddedTasks.Find("spans").Sentences();

    /// <summary>Runs of three words in lower case.</summary>
    private static HashSet<string> Shingles(string text)
    {
        var words = text.ToLowerInvariant().Split([' ', ',', '.', '!', '?', ';', ':', '"', '(', ')'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length < 3 ? [string.Join(' ', words)] : [.. Enumerable.Range(0, words.Length - 2).Select(i => string.Join(' ', words[i..(i + 3)]))];
    }
}
