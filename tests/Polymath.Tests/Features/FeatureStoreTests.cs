using Polymath.Features;

namespace Polymath.Tests;

public class FeatureStoreTests
{
    private const int Width = 6;

    internal static ContentKey[] Keys(params int[] rows) => [.. rows.Select(row => ContentKey.Of($"row {row}"))];

    /// <summary>The vectors of some rows, no two values alike (up to row 511).</summary>
    internal static float[] Values(int width, params int[] rows) =>
        [.. rows.SelectMany(row => Enumerable.Range(0, width).Select(column => row + (column / 32768f)))];

    internal static void Write(FeatureStore store, string space, int width, params int[] rows) =>
        store.Write(space, Keys(rows), Values(width, rows), width);

    /// <summary>The rows that are there, every value of them checked.</summary>
    internal static int[] ReadBack(FeatureStore store, string space, int width, params int[] rows)
    {
        var values = new float[rows.Length * width];
        var found = new bool[rows.Length];
        var count = store.Read(space, Keys(rows), width, values, found);
        Assert.Equal(found.Count(there => there), count);
        for (var i = 0; i < rows.Length; i++)
            Assert.Equal(found[i] ? Values(width, rows[i]) : new float[width], values[(i * width)..((i + 1) * width)]);
        return [.. rows.Where((_, i) => found[i])];
    }

    internal static int[] Present(FeatureStore store, string space, params int[] rows)
    {
        var found = new bool[rows.Length];
        store.Contains(space, Keys(rows), found);
        return [.. rows.Where((_, i) => found[i])];
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_come_back_as_they_went_and_others_are_not_found(bool inMemory)
    {
        using var folder = new TemporaryFolder();
        using var store = inMemory ? FeatureStore.InMemory() : FeatureStore.Open(folder["a/b/store.db"]);
        Assert.Empty(ReadBack(store, "s", Width, 1, 2));
        Write(store, "s", Width, 1, 2, 3);
        Assert.Equal([3, 1], ReadBack(store, "s", Width, 3, 7, 1, 8));
        Assert.Equal([2], Present(store, "s", 9, 2));
        Assert.Empty(Present(store, "other", 1, 2, 3));
        Assert.Equal(0, store.Read("s", [], Width, [], []));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(384)]
    [InlineData(2037)]
    [InlineData(2038)]
    [InlineData(2688)]
    [InlineData(9984)]
    [InlineData(25600)]
    public void Vectors_of_every_width_survive_the_bits_of_any_float_and_closing(int width)
    {
        using var folder = new TemporaryFolder();
        var keys = Keys(1, 2, 3);
        var values = new float[3 * width];
        new Random(width).NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        (values[0], values[width], values[2 * width]) = (float.NaN, -0f, float.NegativeInfinity);
        using (var store = FeatureStore.Open(folder["store.db"])) store.Write("s", keys, values, width);
        using (var store = FeatureStore.Open(folder["store.db"]))
        {
            var back = new float[3 * width];
            Assert.Equal(3, store.Read("s", keys, width, back, new bool[3]));
            Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), back.Select(BitConverter.SingleToInt32Bits));
        }
    }

    [Fact]
    public void Values_of_rows_that_are_not_there_are_left_alone()
    {
        using var store = FeatureStore.InMemory();
        store.Write("s", Keys(1), [1f, 2f], 2);
        float[] values = [-1, -1, -1, -1, -1, -1];
        bool[] found = [true, true, true, true];
        Assert.Equal(1, store.Read("s", Keys(5, 1), 2, values, found));
        Assert.Equal([-1, -1, 1, 2, -1, -1], values);
        Assert.Equal([false, true, true, true], found);
    }

    [Fact]
    public void The_first_writer_of_a_key_wins_within_a_call_and_across_calls()
    {
        using var store = FeatureStore.InMemory();
        store.Write("s", Keys(1, 1), [1f, 2f], 1);
        store.Write("s", Keys(1, 2), [3f, 4f], 1);
        var values = new float[2];
        store.Read("s", Keys(1, 2), 1, values, new bool[2]);
        Assert.Equal([1f, 4f], values);
        Assert.Equal(2, store.Statistics().Single().Rows);
    }

    [Fact]
    public void One_row_has_a_vector_in_each_space()
    {
        using var store = FeatureStore.InMemory();
        store.Write("narrow", Keys(1), [5f], 1);
        store.Write("wide", Keys(1), [6f, 7f], 2);
        float[] narrow = [0], wide = [0, 0];
        store.Read("narrow", Keys(1), 1, narrow, new bool[1]);
        store.Read("wide", Keys(1), 2, wide, new bool[1]);
        Assert.Equal([5f], narrow);
        Assert.Equal([6f, 7f], wide);
    }

    [Fact]
    public void Another_width_is_refused_and_nothing_changes()
    {
        using var store = FeatureStore.InMemory();
        Write(store, "s", 4, 1);
        var read = Assert.Throws<PolymathException>(() => store.Read("s", Keys(1), 3, new float[3], new bool[1]));
        var write = Assert.Throws<PolymathException>(() => store.Write("s", Keys(2), new float[5], 5));
        Assert.Contains("space 's' holds vectors of 4 floats, not of 3", read.Message, StringComparison.Ordinal);
        Assert.Contains("not of 5", write.Message, StringComparison.Ordinal);
        Assert.Equal([1], ReadBack(store, "s", 4, 1, 2));
    }

    [Fact]
    public void Spans_that_are_too_short_are_refused()
    {
        using var store = FeatureStore.InMemory();
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Read("s", Keys(1, 2), 2, new float[3], new bool[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Read("s", Keys(1, 2), 2, new float[4], new bool[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Write("s", Keys(1, 2), new float[3], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Write("s", Keys(1), new float[3], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Contains("s", Keys(1, 2), new bool[1]));
    }

    [Fact]
    public void Statistics_say_what_each_space_holds_and_when_it_was_used()
    {
        using var folder = new TemporaryFolder();
        var time = new SetTime { Now = DateTimeOffset.Parse("2026-03-01T10:20:30Z") };
        using var store = FeatureStore.Open(folder["store.db"], new FeatureStoreOptions { Time = time });
        Write(store, "b", 4, 1, 2, 3);
        Write(store, "a", 8, 1);
        time.Now = DateTimeOffset.Parse("2026-03-02T12:40:00Z");
        ReadBack(store, "b", 4, 2);
        ReadBack(store, "a", 8, 2);
        Assert.Equal(
            [
                new FeatureSpaceStatistics("a", 8, 1, FeatureStoreSchema.RowBytes(8), DateTimeOffset.Parse("2026-03-01T10:00:00Z")),
                new FeatureSpaceStatistics("b", 4, 3, 3 * FeatureStoreSchema.RowBytes(4), DateTimeOffset.Parse("2026-03-02T12:00:00Z")),
            ],
            store.Statistics());
        Assert.Equal(store.Statistics().Sum(space => space.Bytes), store.Bytes);
    }

    [Fact]
    public void A_closed_store_says_so_and_its_folder_can_be_deleted()
    {
        using var folder = new TemporaryFolder();
        var store = FeatureStore.Open(folder["in/store.db"]);
        Write(store, "s", Width, 1);
        ReadBack(store, "s", Width, 1);
        store.Dispose();
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Present(store, "s", 1));
        Assert.Throws<ObjectDisposedException>(() => Write(store, "s", Width, 2));
        Assert.Equal(["store.db"], Directory.GetFiles(folder["in"]).Select(Path.GetFileName));
        Directory.Delete(folder["in"], recursive: true);
    }

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
