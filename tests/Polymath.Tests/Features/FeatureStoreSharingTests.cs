using System.Diagnostics;
using Polymath.Features;
using static Polymath.Tests.FeatureStoreTests;

namespace Polymath.Tests;

public class FeatureStoreSharingTests
{
    [Fact]
    public void Two_instances_on_one_file_see_each_others_rows()
    {
        using var folder = new TemporaryFolder();
        using var one = FeatureStore.Open(folder["store.db"]);
        using var two = FeatureStore.Open(folder["store.db"]);
        Write(one, "s", 5, 1);
        Assert.Equal([1], ReadBack(two, "s", 5, 1, 2));
        Write(two, "s", 5, 1, 2);
        Assert.Equal([1, 2], ReadBack(one, "s", 5, 1, 2));
        one.Clear();
        Assert.Empty(ReadBack(two, "s", 5, 1, 2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Eight_threads_read_and_write_through_one_instance(bool inMemory)
    {
        using var folder = new TemporaryFolder();
        var options = new FeatureStoreOptions { MaxBytes = 300 * FeatureStoreSchema.RowBytes(100) };
        using var store = inMemory ? FeatureStore.InMemory(options) : FeatureStore.Open(folder["store.db"], options);
        var found = 0;
        RunThreads(8, thread =>
        {
            var random = new Random(thread);
            for (var call = 0; call < 40; call++)
            {
                int[] rows = [.. Enumerable.Range(0, 30).Select(_ => random.Next(400))];
                Interlocked.Add(ref found, ReadBack(store, "s", 100, rows).Length);
                Write(store, "s", 100, rows);
                Present(store, "s", rows);
                if (call % 10 == 9) store.Remove(Keys(rows[0]));
                Assert.InRange(store.Bytes, 1, options.MaxBytes);
            }
        });
        Assert.True(found > 1000, $"only {found} rows were found");
        Assert.Equal(store.Statistics().Single().Rows, ReadBack(store, "s", 100, [.. Enumerable.Range(0, 400)]).Length);
    }

    [Fact]
    public void Threads_that_open_a_new_store_together_all_get_it()
    {
        using var folder = new TemporaryFolder();
        for (var round = 0; round < 5; round++)
        {
            var path = folder[$"{round}/store.db"];
            RunThreads(6, thread =>
            {
                using var store = FeatureStore.Open(path);
                Write(store, "s", 10, thread);
            });
            using var all = FeatureStore.Open(path);
            Assert.Equal([0, 1, 2, 3, 4, 5], ReadBack(all, "s", 10, [.. Enumerable.Range(0, 8)]));
        }
    }

    [Fact]
    public void Closing_while_others_read_ends_their_calls_cleanly()
    {
        using var folder = new TemporaryFolder();
        var store = FeatureStore.Open(folder["store.db"]);
        int[] rows = [.. Enumerable.Range(0, 50)];
        Write(store, "s", 100, rows);
        using var reading = new CountdownEvent(3);
        RunThreads(4, thread =>
        {
            if (thread == 3)
            {
                reading.Wait();
                store.Dispose();
                return;
            }
            for (var call = 0; ; call++)
            {
                try { ReadBack(store, "s", 100, rows); }
                catch (ObjectDisposedException) { break; }
                if (call == 3) reading.Signal();
            }
            Assert.Throws<ObjectDisposedException>(() => ReadBack(store, "s", 100, rows));
        });
        Assert.Equal(["store.db"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_writer_in_the_way_is_waited_for_then_named()
    {
        using var folder = new TemporaryFolder();
        using var store = FeatureStore.Open(folder["store.db"], new FeatureStoreOptions { BusyTimeout = TimeSpan.FromMilliseconds(200) });
        Write(store, "s", 5, 1);
        using (var other = new FeatureStoreDatabase(folder["store.db"], TimeSpan.Zero))
        {
            using var transaction = other.Begin(write: true);
            var watch = Stopwatch.StartNew();
            var error = Assert.Throws<PolymathException>(() => Write(store, "s", 5, 2));
            Assert.InRange(watch.ElapsedMilliseconds, 190, 10_000);
            Assert.Contains("in use by another process for more than 0.2 s", error.Message, StringComparison.Ordinal);
            Assert.Equal([1], ReadBack(store, "s", 5, 1, 2));
        }
        Write(store, "s", 5, 2);
        Assert.Equal([1, 2], ReadBack(store, "s", 5, 1, 2));
    }

    [Fact]
    public void Two_processes_share_a_store()
    {
        using var folder = new TemporaryFolder();
        var path = folder["store.db"];
        using var one = FeatureStoreChild.Start(path, 1, 80);
        using var two = FeatureStoreChild.Start(path, 2, 80);
        using (var store = FeatureStore.Open(path, FeatureStoreChild.Options))
        {
            while (!one.HasExited || !two.HasExited) ReadBack(store, FeatureStoreChild.Space, FeatureStoreChild.Width, 1, 2, 3, 4, 5, 6, 7, 8);
        }
        Assert.Equal(("", 0), (one.StandardError.ReadToEnd(), one.ExitCode));
        Assert.Equal(("", 0), (two.StandardError.ReadToEnd(), two.ExitCode));
        FeatureStoreFaultTests.RequireWhole(path);
    }

    private static void RunThreads(int count, Action<int> body)
    {
        var errors = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        Thread[] threads =
        [
            .. Enumerable.Range(0, count).Select(thread => new Thread(() =>
            {
                try { body(thread); }
                catch (Exception error) { errors.Enqueue(error); }
            })),
        ];
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Empty(errors);
    }
}
