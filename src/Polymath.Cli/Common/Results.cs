using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Polymath.Cli.Common;

/// <summary>Results for people (tables) and for programs (JSON).</summary>
internal static class Results
{
    /// <summary>Camel case, non-ASCII text as it is, one line.</summary>
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Writes a value as one line of JSON.</summary>
    public static void WriteJson(this Streams streams, object value) => streams.Output.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>Writes a table; columns that begin with '&gt;' are aligned right.</summary>
    public static void WriteTable(this Streams streams, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            var right = column.StartsWith('>');
            table.AddColumn(new TableColumn(Markup.Escape(right ? column[1..] : column)) { Alignment = right ? Justify.Right : Justify.Left, NoWrap = true });
        }
        foreach (var row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(streams.Output) });
        // Numbers are never broken across lines: a narrow terminal breaks whole lines instead.
        console.Profile.Width = streams.Output != Console.Out || Console.IsOutputRedirected ? 200 : Math.Max(console.Profile.Width, 100);
        console.Write(table);
    }

    /// <summary>0.9380 → 93.8 %.</summary>
    public static string Percent(double share) => $"{100 * share:F1} %";
}
