using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Bench;

/// <summary>The two ways from token ids to last hidden states that <see cref="EncodeBench"/> compares; both warm up on 500 rows first.</summary>
internal static class EncodeEngines
{
    private static string Model => Timing.Shared("models", "all-MiniLM-L6-v2");

    /// <summary>This library; measures F.linear's peak just before, and the linear layers by themselves just after.</summary>
    public static Dictionary<string, double> Own(int[][] rows, Precision precision, int budget)
    {
        var type = Precisions.TensorType(precision);
        using var checkpoint = Checkpoint.Open(Model);
        using var network = Families.Load(NetworkConfig.Read(Path.Combine(Model, "config.json")), checkpoint, type, trainable: false, withHead: false);
        using var noGrad = no_grad();
        void Pass(IEnumerable<int[][]> batches)
        {
            foreach (var rowsOfBatch in batches)
            {
                using var scope = NewDisposeScope();
                using var batch = PackedBatch.Create(rowsOfBatch);
                _ = network.Last(batch);
            }
        }
        var batches = Batches(rows, budget).ToArray();
        Pass(Batches(rows[..Math.Min(500, rows.Length)], budget));
        var linear = new LinearLayers(network.Config, type);
        var peak = linear.Peak(2048);
        var seconds = Timing.Seconds(() => Pass(batches));
        var flop = batches.Sum(batch => linear.Flop(batch.Sum(row => row.Length))) * network.Config.Layers;
        return new() { ["seconds"] = seconds, ["whole"] = flop / seconds / 1e9, ["peak"] = peak, ["linear"] = linear.Fused([.. batches.Select(batch => batch.Sum(row => row.Length))]) };
    }

    /// <summary>ONNX Runtime with all optimisations on two threads.</summary>
    public static Dictionary<string, double> Ort(int[][] rows, int batch)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 2, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        using var session = new InferenceSession(Path.Combine(Model, "model.onnx"), options);
        using var run = new RunOptions();
        void Pass(int[][] some)
        {
            foreach (var part in some.Chunk(batch))
            {
                var length = part.Max(row => row.Length);
                long[] ids = new long[part.Length * length], mask = new long[ids.Length], types = new long[ids.Length], shape = [part.Length, length];
                for (var r = 0; r < part.Length; r++)
                    for (var t = 0; t < part[r].Length; t++) (ids[r * length + t], mask[r * length + t]) = (part[r][t], 1);
                using OrtValue a = OrtValue.CreateTensorValueFromMemory(ids, shape), b = OrtValue.CreateTensorValueFromMemory(mask, shape), c = OrtValue.CreateTensorValueFromMemory(types, shape);
                using var outputs = session.Run(run, ["input_ids", "attention_mask", "token_type_ids"], [a, b, c], session.OutputNames);
            }
        }
        Pass(rows[..Math.Min(500, rows.Length)]);
        return new() { ["seconds"] = Timing.Seconds(() => Pass(rows)) };
    }

    /// <summary>Tokenizes mixed sentences, cut at 256 tokens, and writes their ids sorted by length.</summary>
    public static void WriteIds(string path, int rows)
    {
        var tokenizer = Tokenizer.Load(Model);
        var limit = new EncodeOptions { MaxLength = 256, Overflow = false };
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write(rows);
        foreach (var ids in Sentences.Mixed(rows).Select(row => tokenizer.Encode(row.Text, null, limit)[0].Ids).OrderBy(ids => ids.Length))
        {
            writer.Write(ids.Length);
            writer.Write(MemoryMarshal.AsBytes<int>(ids));
        }
    }

    /// <summary>Reads what <see cref="WriteIds"/> wrote.</summary>
    public static int[][] ReadIds(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        return [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadInt32()).ToArray())];
    }

    private static IEnumerable<int[][]> Batches(int[][] rows, int budget)
    {
        for (int start = 0, end; start < rows.Length; start = end)
        {
            var tokens = 0;
            for (end = start; end < rows.Length && (end == start || tokens + rows[end].Length <= budget); end++) tokens += rows[end].Length;
            yield return rows[start..end];
        }
    }
}
