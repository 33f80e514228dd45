using System.Text;

namespace Polymath.Tasks;

/// <summary>Tells a data file's format by its extension, else by its first line.</summary>
internal static class DataSniffer
{
    public static DataFormat Recognise(DataSource source, DataOptions options) => source.Extension switch
    {
        ".csv" => DataFormat.Csv,
        ".tsv" or ".tab" => DataFormat.Tsv,
        ".jsonl" or ".ndjson" => DataFormat.Jsonl,
        ".parquet" or ".pq" => DataFormat.Parquet,
        _ => ByFirstLine(source, options),
    };

    private static DataFormat ByFirstLine(DataSource source, DataOptions options)
    {
        var head = source.Head().AsSpan();
        if (head is [0xEF, 0xBB, 0xBF, ..]) head = head[3..];
        head = head.TrimStart(" \t\r\n"u8);
        if (head.Length == 0) throw new PolymathException($"{source.Name}: is empty; expected rows");
        if (head.StartsWith("PAR1"u8)) return DataFormat.Parquet;
        if (head[0] == '{') return DataFormat.Jsonl;
        if (head[0] == '[' && source.Extension == ".json")
            throw new PolymathException($"{source.Name}: is one JSON array; expected one JSON object a line (JSONL)");
        var lineBreak = head.IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(lineBreak < 0 ? head : head[..lineBreak]).TrimEnd('\r');
        if (options.Delimiter is { } delimiter) return delimiter == '\t' ? DataFormat.Tsv : DataFormat.Csv;
        if (line.Contains('\t') && DataColumns.LooksLikeHeader(line.Split('\t'), options)) return DataFormat.Tsv;
        return DataColumns.LooksLikeHeader([.. line.Split(',').Select(name => name.Trim('"'))], options) ? DataFormat.Csv : DataFormat.Lines;
    }
}
