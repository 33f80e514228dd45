using Polymath.Evaluation;

namespace Polymath.Training;

/// <summary>The order in which a training sees its rows: another one each epoch, known from seed and epoch alone.</summary>
/// <param name="rows">The number of rows.</param>
/// <param name="batch">Rows of a step; the last step of an epoch has what is left.</param>
/// <param name="seed">The seed.</param>
internal sealed class RowOrder(int rows, int batch, int seed)
{
    private (long Epoch, int[] Order) _current = (-1, []);

    /// <summary>Steps of an epoch.</summary>
    public long StepsPerEpoch => (rows + batch - 1) / batch;

    /// <summary>The rows of a step, counted from the start of the training.</summary>
    public int[] Rows(long step)
    {
        var (epoch, at) = Math.DivRem(step, StepsPerEpoch);
        if (_current.Epoch != epoch) _current = (epoch, Shuffled(epoch));
        return _current.Order[(int)(at * batch)..(int)Math.Min(rows, (at + 1) * batch)];
    }

    private int[] Shuffled(long epoch)
    {
        int[] order = [.. Enumerable.Range(0, rows)];
        new SeededRandom(new SeededRandom(unchecked((ulong)seed * 0x9E3779B97F4A7C15 + (ulong)epoch)).NextBits()).Shuffle<int>(order);
        return order;
    }
}
