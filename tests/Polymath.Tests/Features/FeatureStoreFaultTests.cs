using Polymath.Features;
using Polymath.Native;
using static Polymath.Tests.FeatureStoreTests;

namespace Polymath.Tests;

public class FeatureStoreFaultTests
{
    private const int Width = 3000;
    private static readonly int[] s_all = [.. Enumerable.Range(0, 12)];

    /// <summary>What a run does, one call after the other; there is room for six rows.</summary>
    private static readonly Action<FeatureStore>[] s_calls =
    [
        store => Write(store, "s", Width, 1, 2),
        store => Write(store, "s", Width, 3, 4, 1),
        store => ReadBack(store, "s", Width, 2, 9),
        store => Write(store, "s", Width, 5, 6, 7, 8),
        store => Write(store, "t", Width, 9),
        store => store.Remove(Keys(8, 9)),
        store => store.Remove("t"),
        store => store.Clear(),
        store => Write(store, "s", Width, 10),
    ];

    /// <summary>Checks a store's file page by page, its counts against its rows, and every value.</summary>
    internal static void RequireWhole(string path)
    {
        using (var store = FeatureStore.Open(path, FeatureStoreChild.Options))
        {
            int[] all = [.. Enumerable.Range(0, FeatureStoreChild.Rows)];
            Assert.Equal(store.Statistics().Sum(space => space.Rows), ReadBack(store, FeatureStoreChild.Space, FeatureStoreChild.Width, all).Length);
            Assert.InRange(store.Bytes, 0, FeatureStoreChild.Options.MaxBytes);
        }
        using var database = new FeatureStoreDatabase(path, TimeSpan.Zero);
        Assert.Equal(1, database.Number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check='ok'"));
        Assert.Equal(0, database.Number("SELECT count(*) FROM vector WHERE id NOT IN (SELECT id FROM row)"));
        Assert.Equal(database.Number("SELECT count(*) FROM row"), database.Number("SELECT count(*) FROM vector"));
    }

    [Fact]
    public void A_run_stopped_at_any_commit_leaves_what_was_committed_before()
    {
        var options = new FeatureStoreOptions { MaxBytes = 6 * FeatureStoreSchema.RowBytes(Width) };
        for (var stop = 0; ; stop++)
        {
            using var folder = new TemporaryFolder();
            var disk = new StoppingDisk(stop);
            int[][] before = [[], []];
            var stopped = false;
            try
            {
                using var store = FeatureStore.Open(folder["store.db"], options, disk);
                foreach (var call in s_calls)
                {
                    before = Content(folder["store.db"], options);
                    call(store);
                }
            }
            catch (DiskStoppedException) { stopped = true; }
            if (!stopped)
            {
                Assert.Equal(s_calls.Length + 1, disk.Steps);
                Assert.Equal([[10], []], Content(folder["store.db"], options));
                return;
            }
            Assert.Equal(before, Content(folder["store.db"], options));
            using var again = FeatureStore.Open(folder["store.db"], options);
            foreach (var call in s_calls) call(again);
            Assert.Equal([[10], []], Content(folder["store.db"], options));
        }
    }

    private static int[][] Content(string path, FeatureStoreOptions options)
    {
        using var store = FeatureStore.Open(path, options);
        int[][] content = [Present(store, "s", s_all), Present(store, "t", s_all)];
        Assert.Equal(content.Sum(rows => rows.Length), store.Statistics().Sum(space => space.Rows));
        return content;
    }

    [Fact]
    public void A_process_killed_at_any_moment_leaves_a_whole_store()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(11);
        for (var round = 0; round < 10; round++)
        {
            using var child = FeatureStoreChild.Start(folder["store.db"], round, int.MaxValue);
            Assert.Equal("first call done", child.StandardOutput.ReadLine());
            Thread.Sleep(random.Next(120));
            child.Kill();
            child.WaitForExit();
            RequireWhole(folder["store.db"]);
        }
    }

    [Fact]
    public void A_full_disk_is_said_changes_nothing_and_reading_goes_on()
    {
        using var folder = new TemporaryFolder();
        using (var store = FeatureStore.Open(folder["store.db"], new FeatureStoreOptions { MaxPages = 40 }))
        {
            Write(store, "s", Width, 1, 2, 3, 4);
            var error = Assert.Throws<PolymathException>(() => Write(store, "s", Width, [.. Enumerable.Range(5, 60)]));
            Assert.Contains("no space is left", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
            Assert.Equal([1, 2, 3, 4], ReadBack(store, "s", Width, 1, 2, 3, 4, 5, 6));
            Write(store, "s", Width, 5);
        }
        using var again = FeatureStore.Open(folder["store.db"]);
        Assert.Equal([1, 2, 3, 4, 5], ReadBack(again, "s", Width, 1, 2, 3, 4, 5, 6));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("half a header")]
    [InlineData("other program")]
    [InlineData("later version")]
    [InlineData("damaged schema")]
    public void A_file_that_is_not_a_store_is_refused_and_left_alone(string kind)
    {
        using var folder = new TemporaryFolder();
        var path = folder["store.db"];
        if (kind is "later version" or "damaged schema")
        {
            using var store = FeatureStore.Open(path);
            Write(store, "s", Width, 1);
        }
        if (kind == "text") File.WriteAllText(path, string.Concat(Enumerable.Repeat("id,text\n", 100)));
        if (kind == "half a header") File.WriteAllText(path, "SQLite format 3");
        if (kind is "other program" or "later version")
        {
            using var database = new FeatureStoreDatabase(path, TimeSpan.Zero);
            database.Execute(kind == "later version" ? "PRAGMA user_version=99" : "CREATE TABLE row(x)");
        }
        if (kind == "damaged schema")
        {
            var damaged = File.ReadAllBytes(path);
            damaged.AsSpan(100, 8000).Fill(0xAB);
            File.WriteAllBytes(path, damaged);
        }
        var bytes = File.ReadAllBytes(path);
        var error = Assert.Throws<PolymathException>(() => FeatureStore.Open(path));
        Assert.Contains("not a feature store, or a damaged one", error.Message, StringComparison.Ordinal);
        Assert.Contains("delete it", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void An_empty_file_becomes_a_store()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["store.db"], "");
        using var store = FeatureStore.Open(folder["store.db"]);
        Write(store, "s", Width, 1);
        Assert.Equal([1], ReadBack(store, "s", Width, 1));
    }

    [Fact]
    public void A_damaged_file_gives_right_values_or_one_line_and_never_wrong_values()
    {
        using var folder = new TemporaryFolder();
        var path = folder["store.db"];
        using (var store = FeatureStore.Open(path)) Write(store, "s", Width, s_all);
        var whole = File.ReadAllBytes(path);
        var random = new Random(3);
        int refused = 0, trials = 150;
        for (var trial = 0; trial < trials; trial++)
        {
            var damaged = (byte[])whole.Clone();
            if (trial % 10 == 0) damaged = damaged[..random.Next(1, damaged.Length)];
            else for (var flip = 0; flip < 1 + (trial % 8); flip++) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, damaged);
            try
            {
                using var store = FeatureStore.Open(path);
                ReadBack(store, "s", Width, s_all);
            }
            catch (PolymathException error)
            {
                Assert.DoesNotContain('\n', error.Message);
                refused++;
            }
            File.Delete(path + "-wal");
            File.Delete(path + "-shm");
        }
        Assert.InRange(refused, trials / 2, trials);
    }

    [Fact]
    public void A_place_that_cannot_be_written_to_is_one_line_on_opening()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["plain"], "");
        Directory.CreateDirectory(folder["directory"]);
        string[] paths = [folder["plain/store.db"], folder["directory"], .. OperatingSystem.IsLinux() ? ["/proc/store.db"] : Array.Empty<string>()];
        foreach (var path in paths)
        {
            var error = Assert.Throws<PolymathException>(() => FeatureStore.Open(path));
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            Assert.Contains("without a store", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void A_file_that_may_only_be_read_is_one_line_on_opening()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "the superuser may write to any file");
        using var folder = new TemporaryFolder();
        using (var store = FeatureStore.Open(folder["store.db"])) Write(store, "s", Width, 1);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder["store.db"], UnixFileMode.UserRead);
        var error = Assert.Throws<PolymathException>(() => FeatureStore.Open(folder["store.db"]));
        Assert.Contains("cannot be written to", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Forgotten_values_are_no_longer_in_the_file_and_the_file_shrinks()
    {
        using var folder = new TemporaryFolder();
        var path = folder["store.db"];
        using (var store = FeatureStore.Open(path))
        {
            Write(store, "s", Width, s_all);
            store.Write("t", Keys(5), Values(20, 5), 20);
            store.Remove(Keys(5));
            Assert.Equal([4, 6], ReadBack(store, "s", Width, 4, 5, 6));
            Assert.Empty(Present(store, "t", 5));
        }
        var bytes = File.ReadAllBytes(path);
        Assert.Equal(-1, bytes.AsSpan().IndexOf(Pattern(5)));
        Assert.NotEqual(-1, bytes.AsSpan().IndexOf(Pattern(6)));
        using (var store = FeatureStore.Open(path)) store.Remove("s");
        Assert.InRange(new FileInfo(path).Length, 1, 12 * 8192);
    }

    private static ReadOnlySpan<byte> Pattern(int row) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(Values(8, row).AsSpan());
}
