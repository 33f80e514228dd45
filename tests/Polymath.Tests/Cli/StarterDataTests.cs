using System.Text.RegularExpressions;
using CsvHelper;
using Polymath.Cli.Starter;

namespace Polymath.Tests;

/// <summary>The starter task keeps what its data card promises: enough rows of every class, none of them a copy of another.</summary>
public sealed partial class StarterDataTests
{
    private const double LargestOverlap = 0.5;
    private const int LargestOpening = 4;

    private readonly List<Row> _rows = Read();

    [Fact]
    public void Every_label_of_the_card_has_its_rows()
    {
        string[] labels = ["billing", "crash", "data-loss", "feature-request", "how-to", "login", "performance", "praise"];
        var counts = _rows.CountBy(row => row.Label).OrderBy(count => count.Key, StringComparer.Ordinal).ToList();

        Assert.Equal(labels, counts.Select(count => count.Key));
        Assert.True(_rows.Count >= 150, $"{_rows.Count} rows");
        Assert.All(counts, count => Assert.True(count.Value >= 20, $"{count.Key}: {count.Value} rows"));
    }

    [Fact]
    public void No_field_is_empty_or_spans_lines()
    {
        Assert.All(_rows, row =>
        {
            Assert.NotEmpty(row.Text);
            Assert.Equal(row.Text.Trim(), row.Text);
            Assert.DoesNotContain('\n', row.Text);
            Assert.DoesNotContain('\uFFFD', row.Text);
        });
    }

    [Fact]
    public void No_two_texts_are_equal_or_nearly_so()
    {
        var sets = _rows.Select(row => Words(row.Text).ToHashSet(StringComparer.Ordinal)).ToList();
        for (var i = 0; i < sets.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var shared = sets[i].Count(sets[j].Contains);
                var overlap = (double)shared / (sets[i].Count + sets[j].Count - shared);
                Assert.True(overlap <= LargestOverlap, $"overlap {overlap:0.00}: \"{_rows[i].Text}\" and \"{_rows[j].Text}\"");
            }
        }
    }

    [Fact]
    public void No_opening_is_a_formula()
    {
        var openings = _rows.CountBy(row => string.Join(' ', Words(row.Text).Take(3)));
        Assert.All(openings, opening => Assert.True(opening.Value <= LargestOpening, $"{opening.Value} texts open with \"{opening.Key}\""));
    }

    [Fact]
    public void Classes_are_mixed_along_the_file()
    {
        // A reader that takes the first rows only must still see every class.
        Assert.Equal(8, _rows.Take(60).Select(row => row.Label).Distinct().Count());
    }

    private static List<Row> Read()
    {
        var strict = new CsvReaderOptions
        {
            Separator = ',',
            MalformedData = CsvMalformedDataHandling.Throw,
            FieldCountMismatch = CsvFieldCountHandling.Throw,
        };
        using var csv = CsvReader.Create(StarterTask.Open(), strict);
        Assert.Equal(["text", "label"], csv.Headers);

        var rows = new List<Row>();
        while (csv.Read()) rows.Add(new Row(csv.GetString(0), csv.GetString(1)));
        return rows;
    }

    private static IEnumerable<string> Words(string text) => Word().Matches(text.ToLowerInvariant()).Select(match => match.Value);

    [GeneratedRegex(@"[\p{L}\p{N}']+")]
    private static partial Regex Word();

    private sealed record Row(string Text, string Label);
}
