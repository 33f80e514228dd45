using System.IO.Compression;
using System.Text;
using CsCheck;
using Polymath.Tasks;

namespace Polymath.Tests;

public class DataFileTests
{
    [Theory]
    [InlineData("text,label\nhello,a\n\"x, \"\"y\"\"\nz\",b\n")]
    [InlineData("text,label\r\nhello,a\r\n\"x, \"\"y\"\"\nz\",b\r\n")]
    [InlineData("\uFEFFtext,label\nhello,a\n\n\"x, \"\"y\"\"\nz\",b")]
    [InlineData("\uFEFF\"LABEL\",\"Text\"\na,hello\nb,\"x, \"\"y\"\"\nz\"")]
    public void Csv_is_read_as_RFC_4180_says(string content)
    {
        var rows = Read("d.csv", content, out _);
        Assert.Equal([("hello", "a"), ("x, \"y\"\nz", "b")], rows.Select(row => (row.Text, row.Label!)));
    }

    [Fact]
    public void Lines_are_counted_through_quoted_line_breaks_and_blank_lines()
    {
        var rows = Read("d.csv", "text,label\n\"a\nb\nc\",x\n\nd,y\n", out _);
        Assert.Equal([2L, 6L], rows.Select(row => row.Line));
    }

    [Fact]
    public void Tsv_allows_a_quote_inside_an_unquoted_field()
    {
        var rows = Read("d.tsv", "sentence\tlabel\na 5\" nail\tx\n\"two\nlines\"\ty\n", out _);
        Assert.Equal(["a 5\" nail", "two\nlines"], rows.Select(row => row.Text));
    }

    [Fact]
    public void Jsonl_takes_strings_and_turns_numbers_and_booleans_into_labels()
    {
        var rows = Read("d.jsonl", "{\"text\":\"a\\u00e9\",\"label\":3}\n\n{\"label\":true,\"text\":\"b\",\"more\":[1]}\r\n{\"text\":\"c\",\"label\":null}", out _);
        Assert.Equal([("aé", "3", 1L), ("b", "true", 3L), ("c", null, 4L)], rows.Select(row => (row.Text, row.Label, row.Line)));
    }

    [Fact]
    public void Plain_lines_are_texts()
    {
        var rows = Read("d.txt", "\uFEFFWhere is it, exactly?\r\nHere.", out var file);
        Assert.Equal(DataFormat.Lines, file.Format);
        Assert.Equal([("Where is it, exactly?", 1L), ("Here.", 2L)], rows.Select(row => (row.Text, row.Line)));
    }

    [Theory]
    [InlineData("d.csv", "sentence1,sentence2,label\np,q,x\n", "p", "q")]
    [InlineData("d.tsv", "index\tquestion\tsentence\tlabel\n1\tp\tq\tx\n", "p", "q")]
    [InlineData("d.jsonl", "{\"premise\":\"p\",\"hypothesis\":\"q\",\"label\":\"x\"}", "p", "q")]
    [InlineData("d.csv", "title,text,label\nt,p,x\n", "p", null)]
    [InlineData("d.csv", "anything,label\np,x\n", "p", null)]
    [InlineData("d.csv", "anything\np\n", "p", null)]
    public void Usual_column_names_are_understood(string name, string content, string text, string? pair)
    {
        var row = Assert.Single(Read(name, content, out _));
        Assert.Equal((text, pair), (row.Text, row.Pair));
    }

    [Fact]
    public void Given_columns_win_and_all_columns_can_be_kept()
    {
        var options = new DataOptions { TextColumn = "b", PairColumn = "A", LabelColumn = "c", KeepColumns = true };
        var row = Assert.Single(Read("d.csv", "a,b,c,text\n1,2,3,4\n", out _, options));
        Assert.Equal(("2", "1", "3"), (row.Text, row.Pair, row.Label));
        Assert.Equal([("a", "1"), ("b", "2"), ("c", "3"), ("text", "4")], row.Columns.Select(column => (column.Key, column.Value)));
    }

    [Theory]
    [InlineData("text\tlabel\na\tb\n", DataFormat.Tsv)]
    [InlineData("id,Text\n1,a\n", DataFormat.Csv)]
    [InlineData("{\"text\":\"a\"}\n", DataFormat.Jsonl)]
    [InlineData("What is text, and what is label?\n", DataFormat.Lines)]
    public void Standard_input_is_recognised_by_its_first_line(string content, DataFormat expected)
    {
        var file = DataFile.Open("-", standardInput: new OneByteStream(Encoding.UTF8.GetBytes(content)));
        Assert.Equal(expected, file.Format);
        Assert.Single(file.Rows());
        Assert.Throws<InvalidOperationException>(() => file.ReadAll());
    }

    [Fact]
    public void Gzip_is_read_through_and_a_truncated_one_is_one_line()
    {
        using var folder = new TemporaryFolder();
        var bytes = new MemoryStream();
        using (var zip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
            for (var i = 0; i < 5000; i++) zip.Write(Encoding.UTF8.GetBytes(i == 0 ? "text,label\n" : $"text {i * 7919},x\n"));
        File.WriteAllBytes(folder["d.csv.gz"], bytes.ToArray());
        var file = DataFile.Open(folder["d.csv.gz"]);
        Assert.Equal(DataFormat.Csv, file.Format);
        Assert.Equal(4999, file.ReadAll().Count);
        File.WriteAllBytes(folder["d.csv.gz"], bytes.ToArray()[..(int)(bytes.Length / 2)]);
        OneLineError(() => DataFile.Open(folder["d.csv.gz"]).ReadAll(), "d.csv.gz");
    }

    [Fact]
    public void What_is_written_as_RFC_4180_is_read_back() =>
        Gen.Select(Gen.String[Gen.Char["a\",\r\n \té"], 1, 8], Gen.String[Gen.Char["b\",\n "], 1, 5])
            .Where(pair => !string.IsNullOrWhiteSpace(pair.Item1) && !string.IsNullOrWhiteSpace(pair.Item2))
            .Array[1, 6].Sample(rows =>
            {
                var content = "text,label\n" + string.Concat(rows.Select(row => $"{Quoted(row.Item1)},{Quoted(row.Item2)}\n"));
                var file = DataFile.Open("-", new DataOptions { Format = DataFormat.Csv }, new MemoryStream(Encoding.UTF8.GetBytes(content)));
                Assert.Equal(rows, file.Rows().Select(row => (row.Text, row.Label!)));
            }, iter: 2000);

    [Fact]
    public void A_million_rows_do_not_grow_memory()
    {
        foreach (var format in new[] { DataFormat.Csv, DataFormat.Jsonl, DataFormat.Lines })
        {
            var file = DataFile.Open("-", new DataOptions { Format = format }, new ManyRows(format, 1_000_000));
            long rows = 0, early = 0, late = 0;
            foreach (var row in file.Rows())
            {
                rows++;
                if (rows == 100_000) early = GC.GetTotalMemory(forceFullCollection: true);
                if (rows == 900_000) late = GC.GetTotalMemory(forceFullCollection: true);
            }
            Assert.Equal(1_000_000, rows);
            Assert.True(late - early < 2_000_000, $"{format}: {early} bytes after 100,000 rows, {late} after 900,000");
        }
    }

    [Fact]
    public void Real_data_sets_have_the_rows_they_are_known_to_have()
    {
        var trec = DataFile.Open(TestFiles.Shared("data", "trec", "train.csv"), new DataOptions { LabelRequired = true }).ReadAll();
        Assert.Equal(5452, trec.Count);
        Assert.Equal(["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"], LabelMap.FromLabels(trec.Select(row => row.Label!)).Names);
        Assert.Equal(15000, DataFile.Open(TestFiles.Shared("data", "clinc150", "train.csv")).Rows().Count());
    }

    internal static List<Row> Read(string name, string content, out DataFile file, DataOptions? options = null)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[name], content);
        file = DataFile.Open(folder[name], options);
        return file.ReadAll();
    }

    internal static string OneLineError(Action action, params string[] parts)
    {
        var message = Assert.Throws<PolymathException>(action).Message;
        foreach (var part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static string Quoted(string text) =>
        text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    /// <summary>Hands over one byte at a time, as a slow pipe does.</summary>
    private sealed class OneByteStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(1, count));
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);
    }

    /// <summary>Makes up rows as they are read.</summary>
    private sealed class ManyRows(DataFormat format, int rows) : Stream
    {
        private byte[] _row = format == DataFormat.Csv ? "text,label\n"u8.ToArray() : [];
        private int _at, _made;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var written = 0;
            while (written < buffer.Length)
            {
                if (_at == _row.Length)
                {
                    if (_made == rows) return written;
                    _made++;
                    _at = 0;
                    _row = Encoding.UTF8.GetBytes(format switch
                    {
                        DataFormat.Csv => $"row number {_made},x\n",
                        DataFormat.Jsonl => $"{{\"text\":\"row number {_made}\",\"label\":\"x\"}}\n",
                        _ => $"row number {_made}\n",
                    });
                }
                var taken = Math.Min(buffer.Length - written, _row.Length - _at);
                _row.AsSpan(_at, taken).CopyTo(buffer[written..]);
                (_at, written) = (_at + taken, written + taken);
            }
            return written;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
