using Polymath.Cli.Common;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>What <c>predict</c> and <c>evaluate</c> do with a tagging task.</summary>
internal static class TaggingAnswers
{
    /// <summary>The spans of each row as JSON fields; the file holds words, or texts that are cut into words here.</summary>
    public static IEnumerable<Dictionary<string, object?>> Predict(Tagger task, Streams streams, string path, DataOptions options, CancellationToken cancellation)
    {
        if (TaggedFile.Recognise(path))
        {
            var words = TaggedFile.Open(path, options.SkipBadRows);
            foreach (var answer in task.Tag(words.Sentences(tagsRequired: false), cancellation))
                yield return Fields(answer, new Dictionary<string, object?> { ["text"] = answer.Sentence.Text, ["words"] = Enumerable.Range(0, answer.Sentence.Words.Count).Select(answer.Sentence.Word) }, answer.Tags);
            if (words.Skipped > 0) streams.Error.WriteLine(Skipped(words));
            yield break;
        }
        var file = DataFile.Open(path, options, streams.Input);
        var rows = new Queue<Row>();
        foreach (var answer in task.Tag(file.Rows().Select(row =>
        {
            rows.Enqueue(row);
            return TaggedSentence.FromText(row.Text) with { Line = row.Line };
        }), cancellation))
        {
            var row = rows.Dequeue();
            yield return Fields(answer, row.Columns.Count > 0 ? row.Columns.GroupBy(c => c.Key).ToDictionary(c => c.Key, c => (object?)c.First().Value) : new Dictionary<string, object?> { ["text"] = row.Text }, null);
        }
        Models.SaySkipped(streams, file);
    }

    /// <summary>Measures a task on sentences with known tags.</summary>
    public static TaggingOutcomes Evaluate(Tagger task, Streams streams, string path, bool skipBadRows, CancellationToken cancellation)
    {
        var file = TaggedFile.Open(path, skipBadRows, streams.Input);
        List<TaggedSentence> sentences = [.. file.Sentences()];
        Say(streams, file, sentences);
        if (sentences.SelectMany(s => WordSpan.Of(s.Tags!)).Select(span => span.Kind).FirstOrDefault(kind => !task.Tags.Kinds.Contains(kind)) is { } unknown)
            throw new PolymathException($"{file.Name}: the task does not know the kind '{unknown}'; it knows {string.Join(", ", task.Tags.Kinds.Take(10))}{(task.Tags.Kinds.Count > 10 ? ", …" : "")}");
        return task.Evaluate(sentences, cancellation);
    }

    /// <summary>Says what was left out or repaired in reading.</summary>
    public static void Say(Streams streams, TaggedFile file, List<TaggedSentence> sentences)
    {
        if (file.Skipped > 0) streams.Error.WriteLine(Skipped(file));
        if (sentences.Sum(s => s.Repaired) is > 0 and var repaired) streams.Error.WriteLine($"{file.Name}: {repaired:N0} I- tags continue no span of their kind and were read as B-; the first in the sentence at line {sentences.First(s => s.Repaired > 0).Line}");
    }

    private static string Skipped(TaggedFile file) => $"{file.Skipped:N0} bad sentences were left out; the first: {file.FirstSkipped}";

    private static Dictionary<string, object?> Fields(TaggedPrediction answer, Dictionary<string, object?> input, IReadOnlyList<string>? tags)
    {
        var fields = new Dictionary<string, object?> { ["spans"] = answer.Spans };
        if (tags is not null) fields["tags"] = tags;
        fields["input"] = input;
        return fields;
    }
}
