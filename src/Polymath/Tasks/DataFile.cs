namespace Polymath.Tasks;

/// <summary>
/// A data file as a stream of rows: CSV, TSV, JSONL, Parquet or plain lines, from a file (also gzip-compressed, <c>.gz</c>) or standard
/// input. Rows are read as they are asked for; the file is never in memory as a whole (of a Parquet file, one row group is).
/// </summary>
/// <example><code>
/// var data = DataFile.Open("train.csv", new DataOptions { LabelRequired = true });
/// foreach (var row in data.Rows()) Console.WriteLine($"{row.Label}: {row.Text}");
/// </code></example>
public sealed class DataFile
{
    private readonly DataSource _source;
    private readonly DataOptions _options;
    private DataRowCheck? _check;

    private DataFile(DataSource source, DataOptions options, DataFormat format) => (_source, _options, Format) = (source, options, format);

    /// <summary>The file's name as errors give it; "standard input" for <c>-</c>.</summary>
    public string Name => _source.Name;

    /// <summary>Whether the rows can be read again: true for files, false for pipes.</summary>
    public bool CanReread => _source.CanReread;

    /// <summary>The format given or recognised.</summary>
    public DataFormat Format { get; }

    /// <summary>The name of the column that the last enumeration of <see cref="Rows"/> takes labels from, once it has begun; null for none.</summary>
    public string? LabelColumn => _check?.LabelColumn;

    /// <summary>How many bad rows the last enumeration of <see cref="Rows"/> left out so far.</summary>
    public int SkippedRows => _check?.Skipped ?? 0;

    /// <summary>Where and what the first row left out was, or null.</summary>
    public string? FirstSkipped => _check?.FirstSkipped;

    /// <summary>Finds the file and its format; no rows are read yet.</summary>
    /// <param name="pathOrDash">A path, or <c>-</c> for standard input.</param>
    /// <param name="options">How to read it; by default everything is found out from the file.</param>
    /// <param name="standardInput">What <c>-</c> stands for; the process's own standard input by default.</param>
    /// <exception cref="PolymathException">There is no such file, it cannot be opened, or the options do not fit its format.</exception>
    public static DataFile Open(string pathOrDash, DataOptions? options = null, Stream? standardInput = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(pathOrDash);
        options ??= new DataOptions();
        var source = new DataSource(pathOrDash, standardInput);
        var format = options.Format ?? DataSniffer.Recognise(source, options);
        if (format == DataFormat.Lines && (options.LabelRequired || options.LabelColumn is not null))
            throw new PolymathException($"{source.Name}: read as plain lines, which have no labels; expected CSV, TSV, JSONL or Parquet with a label column; say which with --format");
        return new DataFile(source, options, format);
    }

    /// <summary>
    /// Reads the rows one after another. A file can be read again and again, standard input once.
    /// </summary>
    /// <exception cref="PolymathException">
    /// A bad row (with file, line, column and what was expected) unless <see cref="DataOptions.SkipBadRows"/>; missing columns; no rows at all.
    /// </exception>
    public IEnumerable<Row> Rows()
    {
        var check = _check = new DataRowCheck(Name, _options) { ArraysAreLabels = Format == DataFormat.Jsonl };
        using var stream = _source.Open();
        using var rows = (Format switch
        {
            DataFormat.Csv => DataCsv.Read(stream, check, _options.Delimiter ?? ',', looseQuotes: false),
            DataFormat.Tsv => DataCsv.Read(stream, check, _options.Delimiter ?? '\t', looseQuotes: true),
            DataFormat.Jsonl => DataJsonl.Read(stream, check),
            DataFormat.Parquet => DataParquet.Read(stream, check),
            _ => DataLines.Read(stream, check),
        }).GetEnumerator();
        var any = false;
        while (Next(rows))
        {
            any = true;
            yield return rows.Current;
        }
        if (any) yield break;
        throw new PolymathException(check.Skipped > 0
            ? $"{Name}: every row is bad ({check.Skipped} left out); the first: {check.FirstSkipped}"
            : $"{Name}: there are no rows; expected at least one");
    }

    /// <summary>Reads all rows into memory.</summary>
    /// <exception cref="PolymathException">As <see cref="Rows"/>.</exception>
    public List<Row> ReadAll() => [.. Rows()];

    private bool Next(IEnumerator<Row> rows)
    {
        try { return rows.MoveNext(); }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new PolymathException($"{Name}: cannot be read to its end ({Native.Disk.FirstLine(error)})", error);
        }
    }
}
