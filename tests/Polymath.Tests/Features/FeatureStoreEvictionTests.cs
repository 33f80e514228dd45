using CsCheck;
using Polymath.Features;
using static Polymath.Tests.FeatureStoreTests;

namespace Polymath.Tests;

public class FeatureStoreEvictionTests
{
    private const int Width = 32;

    private static FeatureStoreOptions RoomFor(int rows) => new() { MaxBytes = rows * FeatureStoreSchema.RowBytes(Width) };

    [Fact]
    public void The_rows_unused_for_longest_make_room_for_new_ones()
    {
        using var store = FeatureStore.InMemory(RoomFor(4));
        Write(store, "s", Width, 1, 2);
        Write(store, "s", Width, 3);
        Write(store, "s", Width, 4);
        Assert.Equal([1, 3], ReadBack(store, "s", Width, 1, 3));
        Write(store, "s", Width, 5);
        Assert.Equal([1, 3, 4, 5], Present(store, "s", 1, 2, 3, 4, 5));
        Write(store, "s", Width, 6, 7);
        Assert.Equal([3, 5, 6, 7], Present(store, "s", 1, 2, 3, 4, 5, 6, 7));
    }

    [Fact]
    public void Writing_a_row_again_is_a_use_and_asking_for_it_is_none()
    {
        using var store = FeatureStore.InMemory(RoomFor(3));
        Write(store, "s", Width, 1);
        Write(store, "s", Width, 2);
        Write(store, "s", Width, 3);
        Write(store, "s", Width, 1);
        Assert.Equal([2], Present(store, "s", 2));
        Write(store, "s", Width, 4);
        Assert.Equal([1, 3, 4], Present(store, "s", 1, 2, 3, 4));
    }

    [Fact]
    public void A_call_too_large_by_itself_keeps_its_last_rows()
    {
        using var folder = new TemporaryFolder();
        using (var store = FeatureStore.Open(folder["store.db"], RoomFor(3)))
        {
            Write(store, "s", Width, 1, 2);
            Write(store, "s", Width, 3, 4, 2, 5, 6, 7);
            Assert.Equal([5, 6, 7], ReadBack(store, "s", Width, 1, 2, 3, 4, 5, 6, 7));
            Assert.Equal(RoomFor(3).MaxBytes, store.Bytes);
        }
        using var database = new FeatureStoreDatabase(folder["store.db"], TimeSpan.Zero);
        Assert.Equal(3, database.Number("SELECT count(*) FROM vector"));
    }

    [Fact]
    public void Uses_by_another_instance_count()
    {
        using var folder = new TemporaryFolder();
        using var one = FeatureStore.Open(folder["store.db"], RoomFor(2));
        using var two = FeatureStore.Open(folder["store.db"], RoomFor(2));
        Write(one, "s", Width, 1);
        Write(one, "s", Width, 2);
        ReadBack(two, "s", Width, 1);
        Write(one, "s", Width, 3);
        Assert.Equal([1, 3], ReadBack(two, "s", Width, 1, 2, 3));
    }

    [Theory]
    [InlineData(384, 400)]
    [InlineData(2688, 100)]
    [InlineData(9984, 40)]
    public void The_file_stays_near_its_bound_whatever_comes_and_goes(int width, int rows)
    {
        using var folder = new TemporaryFolder();
        var bound = (rows * FeatureStoreSchema.RowBytes(width)) + (rows * FeatureStoreSchema.RowBytes(16));
        var random = new Random(7);
        using (var store = FeatureStore.Open(folder["store.db"], new FeatureStoreOptions { MaxBytes = bound }))
        {
            for (var round = 0; round < 60; round++)
            {
                int[] some = [.. Enumerable.Range(0, 20).Select(_ => random.Next(4 * rows))];
                ReadBack(store, "wide", width, some[..10]);
                Write(store, "wide", width, some);
                Write(store, "narrow", 16, some);
                Assert.InRange(store.Bytes, 0, bound);
            }
            Assert.InRange(store.Bytes, bound - FeatureStoreSchema.RowBytes(width), bound);
        }
        // The pages that no row owns (schema, trees) and the leaves that evictions thinned out come on top.
        Assert.InRange(new FileInfo(folder["store.db"]).Length, 0.9 * bound, (1.15 * bound) + (16 * 8192));
    }

    [Fact]
    public void A_smaller_bound_shrinks_the_file_at_the_next_write()
    {
        using var folder = new TemporaryFolder();
        using (var store = FeatureStore.Open(folder["store.db"])) Write(store, "s", 2688, [.. Enumerable.Range(0, 300)]);
        Assert.InRange(new FileInfo(folder["store.db"]).Length, 300 * 2688 * 4, long.MaxValue);
        var bound = 50 * FeatureStoreSchema.RowBytes(2688);
        using (var store = FeatureStore.Open(folder["store.db"], new FeatureStoreOptions { MaxBytes = bound }))
        {
            Write(store, "s", 2688, 300);
            Assert.Equal([.. Enumerable.Range(251, 50)], ReadBack(store, "s", 2688, [.. Enumerable.Range(0, 301)]));
        }
        Assert.InRange(new FileInfo(folder["store.db"]).Length, 1, (1.15 * bound) + (16 * 8192));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(384)]
    [InlineData(1000)]
    [InlineData(2688)]
    [InlineData(9984)]
    public void What_a_row_is_said_to_take_is_what_it_takes(int width)
    {
        using var folder = new TemporaryFolder();
        int[] rows = [.. Enumerable.Range(0, (4 << 20) / (int)FeatureStoreSchema.RowBytes(width))];
        long bytes;
        using (var store = FeatureStore.Open(folder["store.db"]))
        {
            Write(store, "s", width, rows);
            bytes = store.Bytes;
        }
        Assert.InRange(new FileInfo(folder["store.db"]).Length / (double)bytes, 0.6, 1.05);
    }

    [Fact]
    public void The_store_does_what_a_dictionary_with_a_list_of_uses_does() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 11].Array[1, 6], Gen.Int[0, 1]).Array[1, 25].Sample(
            calls =>
            {
                using var store = FeatureStore.InMemory(RoomFor(5));
                var model = new Model(5);
                foreach (var (call, rows, space) in calls)
                {
                    var name = $"space {space}";
                    switch (call)
                    {
                        case 0 or 1:
                            Write(store, name, Width, rows);
                            model.Write(space, rows);
                            break;
                        case 2:
                            Assert.Equal(model.Read(space, rows), ReadBack(store, name, Width, rows));
                            break;
                        default:
                            store.Remove(Keys(rows));
                            model.Remove(rows);
                            break;
                    }
                    int[] all = [.. Enumerable.Range(0, 12)];
                    Assert.Equal(all.Where(row => model.Rows.ContainsKey((0, row))), Present(store, "space 0", all));
                    Assert.Equal(all.Where(row => model.Rows.ContainsKey((1, row))), Present(store, "space 1", all));
                    Assert.Equal(model.Rows.Count * FeatureStoreSchema.RowBytes(Width), store.Bytes);
                }
            },
            iter: 300, threads: 1);

    /// <summary>The stated policy in its plainest form: rows with the number of their last use and of their arrival.</summary>
    private sealed class Model(int capacity)
    {
        private int _now;
        private int _arrivals;

        public Dictionary<(int Space, int Row), (int Used, int Arrival)> Rows { get; } = [];

        public void Write(int space, int[] rows)
        {
            _now += 2;
            foreach (var row in rows)
                Rows[(space, row)] = (_now, Rows.TryGetValue((space, row), out var there) ? there.Arrival : _arrivals++);
            while (Rows.Count > capacity) Rows.Remove(Rows.MinBy(row => row.Value).Key);
        }

        public int[] Read(int space, int[] rows)
        {
            int[] found = [.. rows.Where(row => Rows.ContainsKey((space, row)))];
            foreach (var row in found) Rows[(space, row)] = (_now + 1, Rows[(space, row)].Arrival);
            return found;
        }

        public void Remove(int[] rows)
        {
            foreach (var row in rows)
                for (var space = 0; space < 2; space++) Rows.Remove((space, row));
        }
    }
}
