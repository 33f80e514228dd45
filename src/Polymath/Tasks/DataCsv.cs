using System.Globalization;
using CsvHelper;

namespace Polymath.Tasks;

/// <summary>CSV and TSV by CsvHelper, held to RFC 4180, with the raw bytes of every record checked first.</summary>
internal static class DataCsv
{
    public static IEnumerable<Row> Read(Stream stream, DataRowCheck check, char delimiter, bool looseQuotes)
    {
        CsvMalformedReason? fault = null;
        using var reader = CsvReader.Create(stream, new CsvReaderOptions
        {
            Separator = delimiter,
            HasHeader = false,
            Mode = CsvMode.Rfc4180,
            AllowLineBreaksInQuotes = true,
            SkipEmptyLines = true,
            TrimWhitespace = false,
            DetectSeparatorHint = false,
            TrackLineNumbers = true,
            MaxRecordSize = DataRowCheck.MaxRecordBytes,
            FormatProvider = CultureInfo.InvariantCulture,
            MalformedData = CsvMalformedDataHandling.Recover,
            OnMalformedRecord = record => fault ??= looseQuotes && record.Reason == CsvMalformedReason.StrayQuote ? null : record.Reason,
        }, leaveOpen: true);
        if (!Next(reader, check)) throw new PolymathException($"{check.File}: is empty; expected a header line such as text{delimiter}label");
        var columns = Header(reader, check, delimiter, fault);
        for (fault = null; Next(reader, check); fault = null)
        {
            var place = $"line {reader.LineNumber}";
            if (!Sound(reader, check, columns, place, fault)) continue;
            if (check.Make(place, reader.LineNumber, columns, reader.GetString) is { } row) yield return row;
        }
    }

    private static bool Next(CsvReader reader, DataRowCheck check)
    {
        var last = reader.LineNumber;
        try { return reader.Read(); }
        catch (CsvFormatException error)
        {
            // Not a row that could be left out: nothing tells where the next one begins.
            throw new PolymathException($"{check.File}, line {(error.LineNumber > 0 ? error.LineNumber : last + 1)}: a record of more than {DataRowCheck.MaxRecordBytes >> 20} MB; expected a shorter one; is a quote opened there and never closed?", error);
        }
    }

    private static DataColumns Header(CsvReader reader, DataRowCheck check, char delimiter, CsvMalformedReason? fault)
    {
        if (DataBytes.Fault(reader.RawRecord, 1) is { } bytes) throw new PolymathException($"{check.File}, {bytes.Where}: {bytes.What}");
        if (fault is { } reason) throw new PolymathException($"{check.File}, line {reader.LineNumber}: {What(reason)}");
        string[] names = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)];
        if (names.Length == 1 && ";\t|,".FirstOrDefault(other => other != delimiter && names[0].Contains(other)) is var found and not '\0')
        {
            var shown = found == '\t' ? "a tab (--format tsv)" : $"'{found}' (--delimiter \"{found}\")";
            throw new PolymathException($"{check.File}, line {reader.LineNumber}: the header has one column, {OneLine.Short(names[0])}; the delimiter looks like {shown}");
        }
        return DataColumns.Choose(check.File, names, check.Options);
    }

    private static bool Sound(CsvReader reader, DataRowCheck check, DataColumns columns, string place, CsvMalformedReason? fault)
    {
        if (DataBytes.Fault(reader.RawRecord, reader.LineNumber) is { } bytes) check.Bad(bytes.Where, bytes.What);
        else if (fault is { } reason) check.Bad(place, What(reason));
        else if (reader.FieldCount != columns.Names.Count)
            check.Bad(place, $"{Count(reader.FieldCount)}; expected {columns.Names.Count} ({string.Join(", ", columns.Names.Take(8).Select(OneLine.Short))}{(columns.Names.Count > 8 ? ", …" : "")}); quote a field that holds the delimiter");
        else return true;
        return false;
    }

    private static string Count(int fields) => fields == 1 ? "1 field" : $"{fields} fields";

    private static string What(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.UnterminatedQuote => "a quote is opened and never closed; expected a closing quote (write a quote inside a field twice)",
        CsvMalformedReason.TextAfterClosingQuote => "text after a closing quote; expected the delimiter (write a quote inside a field twice)",
        CsvMalformedReason.StrayQuote => "a quote inside an unquoted field; expected the field in quotes, with the quote written twice",
        _ => $"malformed ({reason}); expected RFC 4180",
    };
}
