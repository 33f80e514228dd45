using System.Text;

namespace Polymath.Tasks;

/// <summary>Plain text: every line is one row.</summary>
internal static class DataLines
{
    private static readonly DataColumns _columns = new(["text"], 0, -1, -1);

    public static IEnumerable<Row> Read(Stream stream, DataRowCheck check)
    {
        var lines = new DataLineReader(stream, DataRowCheck.MaxRecordBytes);
        while (lines.Read())
        {
            if (!Sound(lines, check)) continue;
            var text = Encoding.UTF8.GetString(lines.Line.Span);
            if (check.Make($"line {lines.Number}", lines.Number, _columns, _ => text) is { } row) yield return row;
        }
    }

    /// <summary>Whether a line is short enough and valid UTF-8; reported where it is not.</summary>
    public static bool Sound(DataLineReader lines, DataRowCheck check)
    {
        if (lines.TooLong)
        {
            check.Bad($"line {lines.Number}", $"the line is longer than {DataRowCheck.MaxRecordBytes >> 20} MB; expected a shorter one");
            return false;
        }
        if (DataBytes.Fault(lines.Line.Span, lines.Number) is not { } fault) return true;
        check.Bad(fault.Where, fault.What);
        return false;
    }
}
