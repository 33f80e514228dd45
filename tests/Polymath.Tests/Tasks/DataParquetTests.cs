using Parquet;
using Parquet.Schema;
using Polymath.Tasks;

namespace Polymath.Tests;

public class DataParquetTests
{
    [Fact]
    public async Task Rows_come_row_group_by_row_group_with_labels_as_text()
    {
        using var folder = new TemporaryFolder();
        var text = new DataField<string>("text");
        var label = new DataField<long?>("label");
        var flag = new DataField<bool>("flag");
        await using (var stream = File.Create(folder["d.parquet"]))
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(text, label, flag), stream))
        {
            for (var group = 0; group < 3; group++)
            {
                using var rows = writer.CreateRowGroup();
                await rows.WriteAsync(text, new[] { $"a{group}", group == 1 ? null! : $"b{group}" });
                await rows.WriteAsync<long>(label, new long?[] { group, null });
                await rows.WriteAsync<bool>(flag, new[] { true, false });
                rows.CompleteValidate();
            }
        }
        var path = folder["d.parquet"];
        DataFileTests.OneLineError(() => DataFile.Open(path).ReadAll(), "d.parquet, row 4, column text", "there is no text");
        var file = DataFile.Open(path, new DataOptions { SkipBadRows = true, KeepColumns = true });
        Assert.Equal([("a0", "0", 1L), ("b0", null, 2), ("a1", "1", 3), ("a2", "2", 5), ("b2", null, 6)], file.Rows().Select(row => (row.Text, row.Label, row.Line)));
        Assert.Equal(1, file.SkippedRows);
        Assert.Equal("true", file.Rows().First().Columns[2].Value);
        Assert.Equal("true", DataFile.Open(path, new DataOptions { LabelColumn = "flag" }).Rows().First().Label);

        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(folder["endless.parquet"], [.. bytes[..^9], 168, .. bytes[^8..]]);
        DataFileTests.OneLineError(() => DataFile.Open(folder["endless.parquet"]).ReadAll(), "endless.parquet", "metadata has no end");
        for (var cut = 0; cut < bytes.Length; cut += 7)
        {
            File.WriteAllBytes(folder["cut.parquet"], bytes[..cut]);
            DataFileTests.OneLineError(() => DataFile.Open(folder["cut.parquet"]).ReadAll(), "cut.parquet");
        }
        // Data pages only: damaged metadata may keep the Parquet library reading for ever, of which only the case above is caught.
        var metadata = bytes.Length - 8 - BitConverter.ToInt32(bytes, bytes.Length - 8);
        var random = new Random(5);
        for (var mutation = 0; mutation < 300; mutation++)
        {
            var mutated = (byte[])bytes.Clone();
            mutated[random.Next(4, metadata)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["mutated.parquet"], mutated);
            try { DataFile.Open(folder["mutated.parquet"], new DataOptions { SkipBadRows = true }).ReadAll(); }
            catch (PolymathException error) { Assert.DoesNotContain('\n', error.Message); }
        }
    }
}
