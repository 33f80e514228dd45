using System.Security.Cryptography;
using System.Text;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;
using static TorchSharp.torch;

namespace Polymath.Distillation;

/// <summary>
/// The teacher's mean-pooled vectors of all texts, computed once: float16, in files of some thousand rows, each written whole. A run that was
/// stopped goes on with the first file that is missing.
/// </summary>
internal static class TeacherVectors
{
    private const int RowsPerFile = 8192;

    /// <summary>Computes what is missing and reads the vectors.</summary>
    /// <param name="teacher">The teacher.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="layers">The teacher's layers; a row holds their vectors one after another.</param>
    /// <param name="folder">Where the files are.</param>
    /// <param name="key">What the vectors depend on besides the texts; files with another key, or of other texts, are computed anew.</param>
    /// <param name="disk">Where to write.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellation">Stops between batches; finished files stay.</param>
    /// <returns>float16 [texts, layers · width].</returns>
    public static Tensor Compute(
        Backbone teacher, IReadOnlyList<string> texts, IReadOnlyList<int> layers, string folder, string key, Disk disk, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var parts = new List<Tensor>();
        using var scope = NewDisposeScope();
        for (var start = 0; start < texts.Count; start += RowsPerFile)
        {
            var file = Path.Combine(folder, $"rows-{start / RowsPerFile:D5}.safetensors");
            var (done, part) = (start, texts.Skip(start).Take(RowsPerFile).ToArray());
            var fileKey = $"{key}|{Digest(part)}";
            if (!IsThere(file, fileKey))
            {
                var vectors = Run(teacher, part, layers, new Relay<WorkProgress>(p => progress?.Report(new WorkProgress("teacher", done + p.Done, texts.Count))), cancellation);
                SafetensorsWriter.Write(file, [new KeyValuePair<string, Tensor>("vectors", vectors.to(ScalarType.Float16))], new Dictionary<string, string> { ["key"] = fileKey }, disk);
                vectors.Dispose();
            }
            using var opened = SafetensorsFile.Open(file);
            parts.Add(opened.Read("vectors"));
        }
        return cat(parts).MoveToOuterDisposeScope();
    }

    /// <summary>SHA-256 of texts, one a line.</summary>
    public static string Digest(IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData("\n"u8);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static bool IsThere(string file, string key)
    {
        if (!File.Exists(file)) return false;
        using var opened = SafetensorsFile.Open(file);
        return opened.Metadata.GetValueOrDefault("key") == key;
    }

    private static Tensor Run(Backbone teacher, IEnumerable<string> texts, IReadOnlyList<int> layers, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        var width = teacher.Config.Width;
        var extractor = new FeatureExtractor(teacher, new FeatureOptions { Poolings = [Pooling.Mean] });
        var values = new List<float>();
        foreach (var block in extractor.Extract(texts.Select(text => new Row(text)), null, progress, cancellation))
            foreach (var vector in block.Vectors(Pooling.Mean))
                foreach (var layer in layers) values.AddRange(vector.Span.Slice(layer * width, width));
        return tensor(values.ToArray(), [values.Count / (layers.Count * width), layers.Count * width]);
    }
}
