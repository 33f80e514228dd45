namespace Polymath.Features;

/// <summary>How large a <see cref="FeatureStore"/> may grow and how long it waits for others.</summary>
public sealed record FeatureStoreOptions
{
    /// <summary>The most bytes that rows may take on disk, their keys and the unused ends of pages included (4 GiB by default).</summary>
    public long MaxBytes { get; init; } = 4L << 30;

    /// <summary>How long a write waits for another process that is writing (30 seconds by default).</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where <see cref="FeatureSpaceStatistics.LastUse"/> comes from; nothing else depends on it.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The most pages of the database, for tests that need a full disk; 0 is no limit.</summary>
    internal long MaxPages { get; init; }

    /// <summary>Throws where an option is out of range.</summary>
    internal void Validate()
    {
        if (MaxBytes <= 0) throw new PolymathException($"the feature store's size bound is {MaxBytes} bytes; it must be positive");
        if (BusyTimeout < TimeSpan.Zero || BusyTimeout.TotalMilliseconds > int.MaxValue)
            throw new PolymathException($"the feature store's waiting time is {BusyTimeout}; it must lie between 0 and 24 days");
    }
}

/// <summary>What a <see cref="FeatureStore"/> holds for one space.</summary>
/// <param name="Space">The name of the space.</param>
/// <param name="Width">The number of floats of a row.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Bytes">What the rows take on disk.</param>
/// <param name="LastUse">When a row was last read or written, to the hour.</param>
public sealed record FeatureSpaceStatistics(string Space, int Width, long Rows, long Bytes, DateTimeOffset LastUse);
