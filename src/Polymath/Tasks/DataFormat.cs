namespace Polymath.Tasks;

/// <summary>The formats that <see cref="DataFile"/> reads.</summary>
public enum DataFormat
{
    /// <summary>Comma-separated values with a header line, RFC 4180: quoted fields may hold commas, line breaks and doubled quotes.</summary>
    Csv,
    /// <summary>Tab-separated values with a header line; quoting as in <see cref="Csv"/>, but a quote inside an unquoted field is text.</summary>
    Tsv,
    /// <summary>One JSON object a line.</summary>
    Jsonl,
    /// <summary>Apache Parquet; read one row group at a time.</summary>
    Parquet,
    /// <summary>Plain text: each line is one text, no header, no labels.</summary>
    Lines,
}
