using System.Text;
using Polymath.Tasks;

namespace Polymath.Tests;

public class DataFileErrorTests
{
    [Theory]
    [InlineData("d.csv", "", "is empty")]
    [InlineData("d.jsonl", "", "there are no rows")]
    [InlineData("d", "", "is empty")]
    [InlineData("d.csv", "text,label\n", "there are no rows")]
    [InlineData("d.csv", "id,words,label\n1,a,b\n", "columns found: id, words, label", "--text-column")]
    [InlineData("d.csv", "question,comment\na,b\n", "'question' and 'comment'", "--text-column")]
    [InlineData("d.csv", "text;label\na;b\n", "line 1", "the delimiter looks like ';'")]
    [InlineData("d.csv", "text\tlabel\na\tb\n", "line 1", "the delimiter looks like a tab")]
    [InlineData("d.tsv", "text,label\na,b\n", "line 1", "the delimiter looks like ','")]
    [InlineData("d.csv", "text,label\na,b\nc\n", "line 3", "1 field; expected 2 (text, label)")]
    [InlineData("d.csv", "text,label\na,b\nc,d,e\n", "line 3", "3 fields; expected 2 (text, label)")]
    [InlineData("d.csv", "text,label\na,b\n\"c,d\ne,f\n", "line 3", "never closed")]
    [InlineData("d.csv", "text,label\n\"a\"b,c\n", "line 2", "text after a closing quote")]
    [InlineData("d.csv", "text,label\na\"b,c\n", "line 2", "a quote inside an unquoted field")]
    [InlineData("d.tsv", "text\tlabel\n\"a\" b\tc\n", "line 2", "text after a closing quote")]
    [InlineData("d.csv", "text,label\n\"a\nb\",c\n ,d\n", "line 4", "column text", "the text is empty")]
    [InlineData("d.csv", "\"text,label\na,b\n", "line 1", "never closed")]
    [InlineData("d.jsonl", "{\"text\":\"a\"}\n{\"text\":\n", "line 2, byte", "invalid JSON")]
    [InlineData("d.jsonl", "{\"text\":\"a\",\"text\":\"b\"}\n", "line 1", "invalid JSON")]
    [InlineData("d.jsonl", "[1]\n", "line 1", "a JSON array; expected an object")]
    [InlineData("d.jsonl", "{\"text\":\"a\"}\n{\"other\":\"a\"}\n", "line 2", "there is no field 'text'")]
    [InlineData("d.jsonl", "{\"text\":\"\\ud800\"}\n", "line 1", "half a surrogate pair")]
    [InlineData("d.jsonl", "{\"text\":\"a\\u0000b\"}\n", "line 1, column text", "NUL")]
    [InlineData("d.json", "[{\"text\":\"a\"}]", "one JSON object a line")]
    [InlineData("d.txt", "a\n\nb\n", "line 2", "the text is empty")]
    [InlineData("d.parquet", "", "is empty")]
    [InlineData("d.parquet", "PAR1 and nothing that follows from it PAR1", "is not a readable Parquet file")]
    public void Bad_input_is_one_line_that_helps(string name, string content, params string[] parts) =>
        DataFileTests.OneLineError(() => DataFileTests.Read(name, content, out _), [name, .. parts]);

    [Theory]
    [InlineData("id,text\n1,a\n", "there is no label column; columns found: id, text", "--label-column")]
    [InlineData("text,label\na,b\nc,\n", "line 3, column label", "the label is empty")]
    [InlineData("text,class,intent\na,b,c\n", "'class' and 'intent'", "--label-column")]
    public void A_missing_label_is_one_line_where_labels_are_required(string content, params string[] parts) =>
        DataFileTests.OneLineError(() => DataFileTests.Read("d.csv", content, out _, new DataOptions { LabelRequired = true }), ["d.csv", .. parts]);

    [Fact]
    public void A_column_that_is_not_there_or_is_there_twice_is_one_line()
    {
        DataFileTests.OneLineError(() => DataFileTests.Read("d.csv", "a,b\n1,2\n", out _, new DataOptions { TextColumn = "c" }), "no column 'c'", "columns found: a, b");
        DataFileTests.OneLineError(() => DataFileTests.Read("d.csv", "a,a\n1,2\n", out _, new DataOptions { TextColumn = "a" }), "two columns are named 'a'");
        DataFileTests.OneLineError(() => DataFileTests.Read("d.csv", "a,b\n1,2\n", out _, new DataOptions { TextColumn = "a", LabelColumn = "a" }), "different columns");
    }

    [Theory]
    [InlineData("d.csv", "text,label\nok,a\n\"li\nne \u00fft\",b\n", "line 4, byte 4", "0xFF")]
    [InlineData("d.csv", "text,label\nok,a\nb\0c,b\n", "line 3, byte 2", "NUL")]
    [InlineData("d.jsonl", "{\"text\":\"ok\"}\n{\"text\":\"\u00ff\"}", "line 2, byte 10", "0xFF")]
    [InlineData("d.txt", "ok\nab\u00ff", "line 2, byte 3", "0xFF")]
    [InlineData("d.txt", "ok\nab\0", "line 2, byte 3", "NUL")]
    public void Bytes_that_are_not_UTF_8_text_are_located(string name, string content, params string[] parts)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder[name], Encoding.Latin1.GetBytes(content));
        DataFileTests.OneLineError(() => DataFile.Open(folder[name]).ReadAll(), [name, .. parts]);
        var skipping = DataFile.Open(folder[name], new DataOptions { SkipBadRows = true });
        Assert.Equal("ok", Assert.Single(skipping.Rows()).Text);
        Assert.Equal(1, skipping.SkippedRows);
    }

    [Fact]
    public void Utf16_is_read_where_its_mark_says_so_and_located_where_the_format_has_no_such_thing()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["d.csv"], "text,label\na,b\n", Encoding.Unicode);
        Assert.Equal("a", Assert.Single(DataFile.Open(folder["d.csv"]).Rows()).Text);
        File.WriteAllText(folder["d.txt"], "a\n", Encoding.Unicode);
        DataFileTests.OneLineError(() => DataFile.Open(folder["d.txt"]).ReadAll(), "d.txt, line 1, byte 1", "0xFF");
    }

    [Theory]
    [InlineData("d.csv", "text,label\na,x\nb\nc,d,e\n,x\n\"q\"q,x\nlast,y\n", 4)]
    [InlineData("d.jsonl", "not json\n{\"text\":\"a\"}\n{}\n{\"text\":7,\"label\":1}\n[]\n", 3)]
    [InlineData("d.txt", "a\n\n  \nb\n", 2)]
    public void Bad_rows_can_be_counted_and_left_out(string name, string content, int skipped)
    {
        var rows = DataFileTests.Read(name, content, out var file, new DataOptions { SkipBadRows = true });
        Assert.Equal((2, skipped), (rows.Count, file.SkippedRows));
        Assert.NotNull(file.FirstSkipped);
    }

    [Fact]
    public void A_file_of_bad_rows_only_says_so() =>
        DataFileTests.OneLineError(() => DataFileTests.Read("d.csv", "text,label\na\nb\n", out _, new DataOptions { SkipBadRows = true }), "every row is bad (2 left out)", "line 2");

    [Theory]
    [InlineData(DataFormat.Csv, "text,label\n", ",x\n")]
    [InlineData(DataFormat.Lines, "", "\n")]
    public void A_text_longer_than_ten_million_characters_is_a_bad_row(DataFormat format, string before, string after)
    {
        var content = Encoding.UTF8.GetBytes(before + new string('a', 10_000_001) + after + "ok" + after);
        DataFileTests.OneLineError(() => DataFile.Open("-", new DataOptions { Format = format }, new MemoryStream(content)).ReadAll(), "10000001 characters");
        var skipping = DataFile.Open("-", new DataOptions { Format = format, SkipBadRows = true }, new MemoryStream(content));
        Assert.Equal("ok", Assert.Single(skipping.Rows()).Text);
    }

    [Fact]
    public void A_quote_never_closed_in_a_huge_file_stops_before_memory_is_full()
    {
        var content = Encoding.UTF8.GetBytes("text,label\na,b\n\"" + string.Concat(Enumerable.Repeat("some text,label\n", 5_000_000)));
        DataFileTests.OneLineError(() => DataFile.Open("-", new DataOptions { Format = DataFormat.Csv }, new MemoryStream(content)).ReadAll(), "line 3", "never closed");
    }

    [Fact]
    public void Folders_missing_files_and_labels_of_plain_lines_are_one_line()
    {
        using var folder = new TemporaryFolder();
        DataFileTests.OneLineError(() => DataFile.Open(folder.Path), "is a folder");
        DataFileTests.OneLineError(() => DataFile.Open(folder["none.csv"]), "there is no such file");
        File.WriteAllText(folder["d.txt"], "some words\n");
        DataFileTests.OneLineError(() => DataFile.Open(folder["d.txt"], new DataOptions { LabelRequired = true }), "plain lines");
    }
}
