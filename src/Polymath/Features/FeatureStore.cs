using Polymath.Native;

namespace Polymath.Features;

/// <summary>
/// Frozen features, computed once and kept: one float32 vector for each row's content in each <em>space</em>. A space is whatever makes two
/// vectors of the same text comparable (backbone hash, pooling, precision, …), spelled out by the caller; all its vectors have one width.
/// One SQLite file, shared by threads (this class is thread-safe) and by processes, whole after a kill at any moment.
/// <para>
/// <b>Size.</b> Rows take at most <see cref="FeatureStoreOptions.MaxBytes"/>. A write that would exceed it first removes, in the same transaction,
/// the rows that have gone unused for longest. Time is counted in calls of <see cref="Write"/>: rows written or read by the same call, or read
/// between the same two writes (of anyone), are equally old, and of these the one stored first goes first. Rows of the writing call itself go
/// only where that call alone is too large.
/// A store opened with a smaller bound than before shrinks at the next write. SQLite's log beside the file (up to 64 MiB and the largest call)
/// comes on top until the last one who has the store open closes it.
/// <see cref="Contains"/> is no use of a row. That a row was read is noted at once where nobody else is writing, and otherwise at its next reading.
/// </para>
/// </summary>
public sealed class FeatureStore : IDisposable
{
    private const int SecondsPerHour = 3600;

    private readonly string _path;
    private readonly FeatureStoreOptions _options;
    private readonly Disk _disk;
    private readonly FeatureStoreConnections _connections;

    private FeatureStore(string path, FeatureStoreOptions options, Disk disk, bool inMemory)
    {
        (_path, _options, _disk) = (path, options, disk);
        _connections = new FeatureStoreConnections(path, options, disk, inMemory);
    }

    /// <summary>Opens the store in a file; the file and its folder are made where they are missing.</summary>
    /// <exception cref="PolymathException">The file is damaged or not a store (delete it: it is a cache), or it cannot be written to.</exception>
    public static FeatureStore Open(string path, FeatureStoreOptions? options = null, Disk? disk = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new FeatureStoreOptions();
        options.Validate();
        var full = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full) ?? full);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PolymathException(
                $"{path}: the feature store's folder cannot be made ({Disk.FirstLine(error)}); name another one, or work without a store", error);
        }
        return new FeatureStore(full, options, disk ?? Disk.Default, inMemory: false);
    }

    /// <summary>A store in memory that is gone when disposed; otherwise the same.</summary>
    public static FeatureStore InMemory(FeatureStoreOptions? options = null)
    {
        options ??= new FeatureStoreOptions();
        options.Validate();
        return new FeatureStore(":memory:", options, Disk.Default, inMemory: true);
    }

    /// <summary>What all rows take on disk; at most <see cref="FeatureStoreOptions.MaxBytes"/>.</summary>
    public long Bytes => Statistics().Sum(space => space.Bytes);

    /// <summary>
    /// Reads the rows that are there: row i goes to <c>values[i·width .. (i+1)·width]</c> and <c>found[i]</c> says whether it was there.
    /// Values of rows that were not are left as they are.
    /// </summary>
    /// <returns>The number of rows found.</returns>
    /// <exception cref="PolymathException">The space holds vectors of another width, or the file is damaged or locked.</exception>
    public int Read(string space, ReadOnlySpan<ContentKey> keys, int width, Span<float> values, Span<bool> found)
    {
        CheckArguments(space, keys, width, values.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(found.Length, keys.Length, nameof(found));
        found[..keys.Length].Clear();
        if (keys.IsEmpty) return 0;
        var stale = new List<int>();
        FeatureStoreSpace known;
        int count;
        using (var lease = _connections.Borrow())
        {
            using var transaction = lease.Database.Begin(write: false);
            if (FeatureStoreSpace.Find(lease.Database, space) is not { } there) return 0;
            known = there;
            known.RequireWidth(_path, space, width);
            count = FeatureStoreRows.Read(lease.Database, known.Id, keys, width, values, found, stale);
        }
        if (stale.Count > 0 || (count > 0 && known.Seen < Hour())) MarkUsed(known.Id, keys, stale);
        return count;
    }

    /// <summary>Says which rows are there, without counting as a use of them.</summary>
    /// <returns>The number of rows found.</returns>
    public int Contains(string space, ReadOnlySpan<ContentKey> keys, Span<bool> found)
    {
        ArgumentException.ThrowIfNullOrEmpty(space);
        ArgumentOutOfRangeException.ThrowIfLessThan(found.Length, keys.Length, nameof(found));
        found[..keys.Length].Clear();
        using var lease = _connections.Borrow();
        using var transaction = lease.Database.Begin(write: false);
        if (FeatureStoreSpace.Find(lease.Database, space) is not { } known) return 0;
        return FeatureStoreRows.Find(lease.Database, known.Id, keys, found);
    }

    /// <summary>
    /// Stores rows, row i from <c>values[i·width .. (i+1)·width]</c>, in one transaction. A row that is there already keeps its values (equal
    /// content has equal features) and counts as used.
    /// </summary>
    /// <exception cref="PolymathException">The space holds vectors of another width, no space is left on the disk, or another process writes
    /// for too long; the store is then unchanged.</exception>
    public void Write(string space, ReadOnlySpan<ContentKey> keys, ReadOnlySpan<float> values, int width)
    {
        CheckArguments(space, keys, width, values.Length);
        if (keys.IsEmpty) return;
        lock (_connections.Gate)
        {
            ObjectDisposedException.ThrowIf(_connections.IsClosed, this);
            var writer = _connections.Writer;
            using var transaction = writer.Begin(write: true);
            var known = FeatureStoreSpace.FindOrAdd(writer, _path, space, width, Hour());
            FeatureStoreWrite.Run(writer, known.Id, keys, values, width, _options.MaxBytes);
            _disk.Reached(DiskStep.Commit, _path);
            transaction.Commit();
            if (FeatureStoreRemoval.UnusedBytes(writer) > _options.MaxBytes / 4) FeatureStoreRemoval.Shrink(writer);
        }
    }

    /// <summary>What each space holds, in the order of their names.</summary>
    public IReadOnlyList<FeatureSpaceStatistics> Statistics()
    {
        using var lease = _connections.Borrow();
        return FeatureStoreSpace.List(lease.Database);
    }

    /// <summary>Removes a whole space and gives its bytes back to the disk.</summary>
    public void Remove(string space)
    {
        ArgumentException.ThrowIfNullOrEmpty(space);
        Forget(database => FeatureStoreRemoval.Space(database, space));
    }

    /// <summary>Removes rows from every space, so that their values are no longer in the file either: the content is to be forgotten.</summary>
    public void Remove(ReadOnlySpan<ContentKey> keys)
    {
        var copy = keys.ToArray();
        Forget(database => FeatureStoreRemoval.Rows(database, copy));
    }

    /// <summary>Removes everything and gives the bytes back to the disk.</summary>
    public void Clear() => Forget(FeatureStoreRemoval.All);

    /// <summary>Closes the file. Reads that run on other threads finish first.</summary>
    public void Dispose() => _connections.Dispose();

    private void Forget(Action<FeatureStoreDatabase> remove)
    {
        lock (_connections.Gate)
        {
            ObjectDisposedException.ThrowIf(_connections.IsClosed, this);
            _connections.Writer.Execute("PRAGMA secure_delete=ON");
            try
            {
                using (var transaction = _connections.Writer.Begin(write: true))
                {
                    remove(_connections.Writer);
                    _disk.Reached(DiskStep.Commit, _path);
                    transaction.Commit();
                }
                FeatureStoreRemoval.Shrink(_connections.Writer);
            }
            finally
            {
                _connections.Writer.Execute("PRAGMA secure_delete=FAST");
            }
        }
    }

    /// <summary>
    /// Notes that rows were used. Where that cannot be written now it waits for the next reading: a cache must be readable on a full disk.
    /// </summary>
    private void MarkUsed(long space, ReadOnlySpan<ContentKey> keys, List<int> rows)
    {
        lock (_connections.Gate)
        {
            if (_connections.IsClosed || !_connections.Writer.TryBegin(out var transaction)) return;
            using (transaction)
            {
                try
                {
                    FeatureStoreSpace.MarkSeen(_connections.Writer, space, Hour());
                    FeatureStoreRows.MarkUsed(_connections.Writer, space, keys, rows);
                    _disk.Reached(DiskStep.Commit, _path);
                    transaction.Commit();
                }
                catch (PolymathException)
                {
                    // Undone by the transaction's end; the rows were read all the same.
                }
            }
        }
    }

    /// <summary>The current hour, in seconds since 1970.</summary>
    private long Hour()
    {
        var seconds = _options.Time.GetUtcNow().ToUnixTimeSeconds();
        return seconds - (seconds % SecondsPerHour);
    }

    private static void CheckArguments(string space, ReadOnlySpan<ContentKey> keys, int width, int values)
    {
        ArgumentException.ThrowIfNullOrEmpty(space);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfLessThan(values, (long)keys.Length * width);
    }
}
