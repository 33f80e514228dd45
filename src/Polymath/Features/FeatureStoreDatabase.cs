using SQLitePCL;
using static SQLitePCL.raw;

namespace Polymath.Features;

/// <summary>
/// One connection to the store's SQLite file with its prepared statements. Used by one thread at a time.
/// It speaks to SQLite's own interface because features are copied straight from its pages into the caller's span.
/// </summary>
internal sealed class FeatureStoreDatabase : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly Dictionary<string, sqlite3_stmt> _statements = [];
    private readonly string _path;
    private readonly TimeSpan _busyTimeout;

    static FeatureStoreDatabase() => Batteries_V2.Init();

    /// <summary>Opens a file, or a database of the connection's own in memory where <paramref name="path"/> is <c>:memory:</c>.</summary>
    public FeatureStoreDatabase(string path, TimeSpan busyTimeout)
    {
        _path = path;
        _busyTimeout = busyTimeout;
        var result = sqlite3_open_v2(path, out _handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, null);
        try
        {
            Check(result);
            sqlite3_busy_timeout(_handle, (int)busyTimeout.TotalMilliseconds);
        }
        catch
        {
            _handle?.Dispose();
            throw;
        }
    }

    /// <summary>Whether the file can only be read.</summary>
    public bool IsReadOnly => sqlite3_db_readonly(_handle, "main") == 1;

    /// <summary>The number of rows that the last statement inserted, changed or deleted.</summary>
    public int Changes => sqlite3_changes(_handle);

    /// <summary>Runs statements that return nothing.</summary>
    public void Execute(string sql) => Check(sqlite3_exec(_handle, sql));

    /// <summary>Runs statements, waiting for other connections: for the few that SQLite does not wait for by itself.</summary>
    public void ExecutePatiently(string sql)
    {
        var deadline = Environment.TickCount64 + (long)_busyTimeout.TotalMilliseconds;
        int result;
        while (((result = sqlite3_exec(_handle, sql)) & 0xff) == SQLITE_BUSY && Environment.TickCount64 < deadline) Thread.Sleep(5);
        Check(result);
    }

    /// <summary>A statement, prepared once and ready to be bound. Valid for the connection's life.</summary>
    public sqlite3_stmt Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            Check(sqlite3_prepare_v2(_handle, sql, out statement));
            _statements.Add(sql, statement);
        }
        return statement;
    }

    /// <summary>Moves to the next row; false, and the statement ready to be bound again, where there is none.</summary>
    public bool Step(sqlite3_stmt statement)
    {
        var result = sqlite3_step(statement);
        if (result == SQLITE_ROW) return true;
        if (result != SQLITE_DONE) Fail(result);
        sqlite3_reset(statement);
        return false;
    }

    /// <summary>The first column of the first row, or 0 where there is no row or it is null.</summary>
    public long Number(string sql)
    {
        var statement = Prepare(sql);
        if (!Step(statement)) return 0;
        var number = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        return number;
    }

    /// <summary>Begins a transaction that ends with <see cref="Transaction.Commit"/>, or is undone when disposed without one.</summary>
    public Transaction Begin(bool write)
    {
        Execute(write ? "BEGIN IMMEDIATE" : "BEGIN");
        return new Transaction(this);
    }

    /// <summary>
    /// As <see cref="Begin"/> for writing, but false instead of waiting where another process writes, and where nothing can be written.
    /// </summary>
    public bool TryBegin(out Transaction transaction)
    {
        sqlite3_busy_timeout(_handle, 0);
        var result = sqlite3_exec(_handle, "BEGIN IMMEDIATE");
        sqlite3_busy_timeout(_handle, (int)_busyTimeout.TotalMilliseconds);
        transaction = new Transaction(this);
        return result == SQLITE_OK;
    }

    /// <summary>Opens the vector of one row; <see cref="ReadVector"/> moves on to others. The caller disposes it within the transaction.</summary>
    public sqlite3_blob OpenVector(long id)
    {
        var result = sqlite3_blob_open(_handle, "main", "vector", "data", id, 0, out var blob);
        if (result == SQLITE_ERROR) result = SQLITE_CORRUPT;
        Check(result);
        return blob;
    }

    /// <summary>Copies the vector of row <paramref name="id"/> into <paramref name="destination"/>, which has its exact length.</summary>
    public void ReadVector(sqlite3_blob blob, long id, Span<byte> destination)
    {
        var result = sqlite3_blob_reopen(blob, id);
        if (result == SQLITE_OK && sqlite3_blob_bytes(blob) == destination.Length) result = sqlite3_blob_read(blob, destination, 0);
        else if (result is SQLITE_OK or SQLITE_ERROR) result = SQLITE_CORRUPT;
        Check(result);
    }

    /// <summary>Throws the line that says what a result other than success means to the user.</summary>
    public void Check(int result)
    {
        if (result is not (SQLITE_OK or SQLITE_ROW or SQLITE_DONE)) Fail(result);
    }

    private void Fail(int result) =>
        throw FeatureStoreErrors.Describe(_path, result, sqlite3_errstr(result).utf8_to_string(), _busyTimeout);

    private void Rollback()
    {
        foreach (var statement in _statements.Values) sqlite3_reset(statement);
        if (sqlite3_get_autocommit(_handle) == 0) _ = sqlite3_exec(_handle, "ROLLBACK");
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _statements.Clear();
        _handle.Dispose();
    }

    /// <summary>A transaction; disposing one that was not committed undoes it, as a crash would.</summary>
    public readonly ref struct Transaction(FeatureStoreDatabase database) : IDisposable
    {
        /// <summary>Makes the changes durable.</summary>
        public void Commit() => database.Execute("COMMIT");

        public void Dispose() => database.Rollback();
    }
}
