using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Polymath.Checkpoints;

namespace Polymath.Bench;

/// <summary>
/// Opens mutated safetensors files: each must be refused with one line or be readable in full, and nothing else may happen.
/// Arguments: number of mutations (100,000 by default), seed (1 by default).
/// </summary>
internal static class FuzzBench
{
    public static int Run(string[] args)
    {
        int count = args.Length > 0 ? int.Parse(args[0]) : 100_000;
        var random = new Random(args.Length > 1 ? int.Parse(args[1]) : 1);
        string folder = Directory.CreateTempSubdirectory("polymath-fuzz-").FullName;
        try
        {
            byte[][] seeds = [Small(Path.Combine(folder, "small")), Nested(Path.Combine(folder, "nested"))];
            string path = Path.Combine(folder, "mutated");
            var watch = Stopwatch.StartNew();
            int opened = 0, failures = 0;
            for (int i = 0; i < count; i++)
            {
                byte[] mutated = Mutate(seeds[i % seeds.Length], random);
                File.WriteAllBytes(path, mutated);
                try
                {
                    opened += ReadAll(path) ? 1 : 0;
                }
                catch (Exception error)
                {
                    string kept = Path.GetFullPath($"fuzz-failure-{i}.safetensors");
                    File.WriteAllBytes(kept, mutated);
                    Console.WriteLine($"FAIL mutation {i}: {error.GetType().Name}: {error.Message} (kept as {kept})");
                    failures++;
                }
            }
            Console.WriteLine($"{count} mutations, {opened} readable, {count - opened - failures} refused, {failures} failures, {watch.Elapsed.TotalSeconds:F1} s");
            return failures == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>True when the file was opened and read, false when it was refused properly.</summary>
    private static bool ReadAll(string path)
    {
        try
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var info in file.Tensors.Values)
            {
                if (StoredTypes.Find(info.DType)!.Torch is null) continue;
                using var tensor = file.Read(info.Name);
                if (tensor.numel() * tensor.element_size() != info.ByteLength || !tensor.shape.AsSpan().SequenceEqual(info.Shape))
                    throw new InvalidDataException($"tensor {info.Name} was read with another size than the header says");
            }
            return true;
        }
        catch (PolymathException refusal) when (!refusal.Message.Contains('\n') && refusal.Message.StartsWith(path, StringComparison.Ordinal))
        {
            return false;
        }
    }

    private static byte[] Small(string path)
    {
        SafetensorsWriter.Write(path,
        [
            StoredTensor.Of("weight", new float[6], 2, 3), StoredTensor.Of("labels", [1L, 2L]), new StoredTensor("half", "F16", [3], new byte[6]),
            new StoredTensor("flag", "BOOL", [], new byte[1]), new StoredTensor("none", "BF16", [0, 5], default), new StoredTensor("small", "F8_E4M3", [2], new byte[2]),
        ], new Dictionary<string, string> { ["format"] = "pt" });
        return File.ReadAllBytes(path);
    }

    private static byte[] Nested(string path)
    {
        SafetensorsWriter.Write(path, Enumerable.Range(0, 12).Select(i => StoredTensor.Of($"encoder.layer.{i}.größe\"\\\n", new float[i * 2], 1, i, 2)));
        return File.ReadAllBytes(path);
    }

    /// <summary>One to three changes to bytes, numbers and element types, or pieces cut and repeated; mostly the header's length is put right again.</summary>
    private static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        int header = 8 + (int)BitConverter.ToUInt64(seed);
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Count > 9; changes--)
        {
            int before = bytes.Count;
            int at = random.Next(8, Math.Min(header, before));
            int length = Math.Min(random.Next(1, 24), before - at);
            switch (random.Next(7))
            {
                case 0: bytes[random.Next(before)] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(random.Next(8, before), bytes.GetRange(at, length)); break;
                case 4: bytes.RemoveRange(before - length, length); continue;
                case 5: Replace(bytes, at, c => c is >= (byte)'0' and <= (byte)'9', random.GetItems(Numbers, 1)[0]); break;
                default: Replace(bytes, at, c => c is >= (byte)'0' and <= (byte)'9' or >= (byte)'A' and <= (byte)'Z', random.GetItems(Types, 1)[0]); break;
            }
            header = Math.Clamp(header + bytes.Count - before, 9, Math.Max(9, bytes.Count));
            if (random.Next(4) != 0) BitConverter.TryWriteBytes(CollectionsMarshal.AsSpan(bytes), (ulong)(header - 8));
        }
        return [.. bytes];
    }

    private static void Replace(List<byte> bytes, int from, Predicate<byte> wanted, string by)
    {
        int start = bytes.FindIndex(from, wanted);
        if (start < 0) return;
        int end = bytes.FindIndex(start, c => !wanted(c));
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(by));
    }

    private static readonly string[] Numbers =
        ["0", "1", "2", "6", "24", "-1", "1e2", "1.0", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "[]", "null"];

    private static readonly string[] Types = ["F4", "F6_E2M3", "F16", "BF16", "I32", "F64", "C64", "U8", "BOOL", "I64", "U64"];
}
