using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Parquet;
using Parquet.Schema;

namespace Polymath.Tasks;

/// <summary>Parquet by Parquet.Net: one row group after another, only the columns that are wanted. Nested columns are passed over.</summary>
internal static class DataParquet
{
    /// <summary>A row group is read as a whole: a count beyond this is a damaged file, or one that would not fit into memory.</summary>
    private const int MaxGroupRows = 20_000_000;

    public static IEnumerable<Row> Read(Stream stream, DataRowCheck check)
    {
        if (!stream.CanSeek) throw new PolymathException($"{check.File}: Parquet is read from the end; expected an uncompressed file, not a pipe");
        if (stream.Length == 0) throw new PolymathException($"{check.File}: is empty; expected a Parquet file");
        Guard(check, () => CheckEnd(stream));
        var reader = Guard(check, () => ParquetReader.CreateAsync(stream, leaveStreamOpen: true).GetAwaiter().GetResult());
        try
        {
            var fields = Guard<DataField[]>(check, () => [.. reader.Schema.DataFields.Where(field => field.MaxRepetitionLevel == 0 && field.Path.Length == 1)]);
            var columns = DataColumns.Choose(check.File, [.. fields.Select(field => field.Name)], check.Options);
            var number = 0L;
            for (var group = 0; group < reader.RowGroupCount; group++)
            {
                var (values, rows) = Guard(check, () => ReadGroup(reader, group, fields, columns, check.Options.KeepColumns));
                for (var at = 0; at < rows; at++)
                {
                    number++;
                    if (check.Make($"row {number}", number, columns, column => values[column]?[at]) is { } row) yield return row;
                }
            }
        }
        finally { reader.DisposeAsync().AsTask().GetAwaiter().GetResult(); }
    }

    /// <summary>
    /// A file ends in its metadata (a Thrift structure, whose last byte is 0), their length and "PAR1". Checked here because the
    /// library reads on for ever where the structure has no end.
    /// </summary>
    private static bool CheckEnd(Stream stream)
    {
        if (stream.Length < 13) throw new InvalidDataException($"{stream.Length} bytes are too few");
        Span<byte> end = stackalloc byte[9];
        stream.Seek(-end.Length, SeekOrigin.End);
        stream.ReadExactly(end);
        if (!end[5..].SequenceEqual("PAR1"u8)) throw new InvalidDataException("it does not end in PAR1: cut short, or another format");
        if (BinaryPrimitives.ReadUInt32LittleEndian(end[1..]) > stream.Length - 12 || end[0] != 0) throw new InvalidDataException("its metadata has no end");
        stream.Position = 0;
        return true;
    }

    private static (string?[]?[] Values, int Rows) ReadGroup(ParquetReader reader, int group, DataField[] fields, DataColumns columns, bool all)
    {
        using var rows = reader.OpenRowGroupReader(group);
        var count = rows.RowCount is >= 0 and <= MaxGroupRows
            ? (int)rows.RowCount
            : throw new PolymathException($"a row group of {rows.RowCount} rows; expected {MaxGroupRows} at most");
        var values = new string?[fields.Length][];
        for (var at = 0; at < fields.Length; at++)
            if (all || at == columns.Text || at == columns.Pair || at == columns.Label || at == columns.Group) values[at] = Texts(rows, fields[at], count);
        return (values, count);
    }

    private static string?[] Texts(ParquetRowGroupReader rows, DataField field, int count)
    {
        if (rows.GetMetadata(field)?.MetaData?.NumValues is { } values && values != count)
            throw new PolymathException($"column {OneLine.Short(field.Name)} has {values} values in a row group of {count} rows; is the file damaged?");
        if (field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>))
        {
            var texts = new string?[count];
            rows.ReadAsync(field, texts.AsMemory()!).AsTask().GetAwaiter().GetResult();
            return texts;
        }
        if (field.ClrType == typeof(byte[]) || field.ClrType == typeof(ReadOnlyMemory<byte>))
        {
            // Older writers store text as bare bytes.
            var bytes = new byte[]?[count];
            rows.ReadAsync(field, bytes.AsMemory()).AsTask().GetAwaiter().GetResult();
            return Array.ConvertAll(bytes, value => value is null ? null : Encoding.UTF8.GetString(value));
        }
        return field.ClrType switch
        {
            var type when type == typeof(long) => Numbers<long>(rows, field, count),
            var type when type == typeof(int) => Numbers<int>(rows, field, count),
            var type when type == typeof(short) => Numbers<short>(rows, field, count),
            var type when type == typeof(sbyte) => Numbers<sbyte>(rows, field, count),
            var type when type == typeof(ulong) => Numbers<ulong>(rows, field, count),
            var type when type == typeof(uint) => Numbers<uint>(rows, field, count),
            var type when type == typeof(ushort) => Numbers<ushort>(rows, field, count),
            var type when type == typeof(byte) => Numbers<byte>(rows, field, count),
            var type when type == typeof(double) => Numbers<double>(rows, field, count),
            var type when type == typeof(float) => Numbers<float>(rows, field, count),
            var type when type == typeof(decimal) => Numbers<decimal>(rows, field, count),
            var type when type == typeof(bool) => Numbers<bool>(rows, field, count),
            var type when type == typeof(DateTime) => Numbers<DateTime>(rows, field, count),
            _ => throw new PolymathException($"column {OneLine.Short(field.Name)} holds {field.ClrType.Name} values; expected text, numbers or booleans"),
        };
    }

    private static string?[] Numbers<T>(ParquetRowGroupReader rows, DataField field, int count) where T : struct
    {
        var values = new T?[count];
        if (field.IsNullable) rows.ReadAsync(field, values.AsMemory()).AsTask().GetAwaiter().GetResult();
        else
        {
            var plain = new T[count];
            rows.ReadAsync<T>(field, plain.AsMemory()).AsTask().GetAwaiter().GetResult();
            for (var at = 0; at < count; at++) values[at] = plain[at];
        }
        // Booleans as JSON writes them, so that a label has one name in every format.
        return Array.ConvertAll(values, value => value switch
        {
            null => null,
            bool truth => truth ? "true" : "false",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture),
        });
    }

    private static T Guard<T>(DataRowCheck check, Func<T> read)
    {
        try { return read(); }
        catch (PolymathException error) { throw new PolymathException($"{check.File}: {error.Message}", error); }
        // A damaged file makes the library fail in many ways (ranges, casts, nulls); for the user they are one.
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new PolymathException($"{check.File}: is not a readable Parquet file ({OneLine.Short(Native.Disk.FirstLine(error))})", error);
        }
    }
}
