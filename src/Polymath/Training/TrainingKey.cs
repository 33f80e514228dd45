using System.Security.Cryptography;
using Polymath.Tasks;

namespace Polymath.Training;

/// <summary>What makes a checkpoint one of a certain training: the weights it starts from, every choice, the rows.</summary>
internal static class TrainingKey
{
    /// <summary>A hash of all of it; records print their options.</summary>
    public static string Of(Backbone backbone, object options, IEnumerable<Row> rows) => Of(backbone.Hash, options, rows);

    /// <inheritdoc cref="Of(Backbone, object, IEnumerable{Row})"/>
    public static string Of(string weights, object options, IEnumerable<Row> rows)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string text) => hash.AppendData(System.Text.Encoding.UTF8.GetBytes(text + "\n"));
        Add(weights);
        Add($"{options}");
        foreach (var row in rows) Add($"{row.Text}\t{row.Pair}\t{row.Label}");
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
