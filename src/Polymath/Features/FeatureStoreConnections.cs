using System.Collections.Concurrent;

namespace Polymath.Features;

/// <summary>
/// The connections of one store: one that writes, under a lock, and for a file as many that read as there are calls at the same time.
/// A database in memory has only the one.
/// </summary>
internal sealed class FeatureStoreConnections : IDisposable
{
    private readonly string _path;
    private readonly FeatureStoreOptions _options;
    private readonly Native.Disk _disk;
    private readonly ConcurrentBag<FeatureStoreDatabase>? _idle;
    private volatile bool _closed;

    public FeatureStoreConnections(string path, FeatureStoreOptions options, Native.Disk disk, bool inMemory)
    {
        (_path, _options, _disk) = (path, options, disk);
        Writer = FeatureStoreSchema.Open(path, options, disk);
        _idle = inMemory ? null : [];
    }

    /// <summary>Held by whoever uses <see cref="Writer"/>.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The connection that writes.</summary>
    public FeatureStoreDatabase Writer { get; }

    /// <summary>Whether the store was closed; to be asked under <see cref="Gate"/> before <see cref="Writer"/> is used.</summary>
    public bool IsClosed => _closed;

    /// <summary>A connection for reading in one call; given back by disposing it on the same thread.</summary>
    /// <exception cref="ObjectDisposedException">The store was closed.</exception>
    public Lease Borrow()
    {
        if (_idle is not null)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(FeatureStore));
            return new Lease(this, _idle.TryTake(out var reader) ? reader : FeatureStoreSchema.Open(_path, _options, _disk));
        }
        Gate.Enter();
        if (!_closed) return new Lease(this, Writer);
        Gate.Exit();
        throw new ObjectDisposedException(nameof(FeatureStore));
    }

    /// <summary>Closes every connection that is not in use; the others close when they are given back.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            _closed = true;
            CloseIdle();
            Writer.Dispose();
        }
    }

    private void GiveBack(FeatureStoreDatabase database)
    {
        if (_idle is null)
        {
            Gate.Exit();
            return;
        }
        _idle.Add(database);
        if (_closed) CloseIdle();
    }

    private void CloseIdle()
    {
        while (_idle is not null && _idle.TryTake(out var reader)) reader.Dispose();
    }

    /// <summary>A borrowed connection.</summary>
    public readonly ref struct Lease(FeatureStoreConnections owner, FeatureStoreDatabase database) : IDisposable
    {
        public FeatureStoreDatabase Database { get; } = database;

        public void Dispose() => owner.GiveBack(Database);
    }
}
