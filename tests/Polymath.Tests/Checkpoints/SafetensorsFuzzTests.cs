using Polymath.Checkpoints;

namespace Polymath.Tests;

public class SafetensorsFuzzTests
{
    [Fact]
    public void Mutated_files_are_refused_in_one_line_or_read_in_full()
    {
        using var folder = new TemporaryFolder();
        byte[] seed = Seed(folder["seed"]);
        var random = new Random(20240501);
        int opened = 0;
        for (int i = 0; i < 5000; i++)
        {
            File.WriteAllBytes(folder["mutated"], Mutate(seed, random));
            try
            {
                using var file = SafetensorsFile.Open(folder["mutated"]);
                foreach (string name in file.Tensors.Keys) ReadEveryWay(file, name);
                opened++;
            }
            catch (PolymathException error)
            {
                Assert.DoesNotContain('\n', error.Message);
            }
        }
        Assert.InRange(opened, 100, 4900);
    }

    private static byte[] Seed(string path)
    {
        SafetensorsWriter.Write(path,
        [
            StoredTensor.Of("weight", new float[6], 2, 3), StoredTensor.Of("labels", [1L, 2L]), new StoredTensor("half", "F16", [3], new byte[6]),
            new StoredTensor("flag", "BOOL", [], new byte[1]), new StoredTensor("none", "BF16", [0, 5], default), new StoredTensor("small", "F8_E4M3", [2], new byte[2]),
        ], new Dictionary<string, string> { ["format"] = "pt" });
        return File.ReadAllBytes(path);
    }

    private static void ReadEveryWay(SafetensorsFile file, string name)
    {
        var info = file.Info(name);
        try
        {
            using var tensor = file.Read(name);
            Assert.Equal(info.Shape, tensor.shape);
            Assert.Equal(info.ByteLength, tensor.numel() * tensor.element_size());
        }
        catch (PolymathException error) { Assert.Contains("cannot", error.Message); }
        if (info.DType is "F32" or "F16" or "BF16" or "F64") Assert.Equal(info.ElementCount, file.ReadFloats(name).Length);
        else if (info.DType is "I64" or "I32" or "U8" or "BOOL") Assert.Equal(info.ElementCount, file.ReadIntegers(name).Length);
    }

    /// <summary>One to three changes: bytes, numbers, element types, pieces moved, cut, repeated; half of the time the length is put right again.</summary>
    private static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        int header = 8 + (int)BitConverter.ToUInt64(seed);
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Count > 9; changes--)
        {
            int at = random.Next(8, Math.Min(header, bytes.Count));
            int length = Math.Min(random.Next(1, 24), bytes.Count - at);
            int before = bytes.Count;
            switch (random.Next(8))
            {
                case 0: bytes[random.Next(bytes.Count)] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(random.Next(8, bytes.Count), bytes.GetRange(at, length)); break;
                case 4: bytes.RemoveRange(bytes.Count - Math.Min(length, bytes.Count - 1), Math.Min(length, bytes.Count - 1)); continue;
                case 5: Replace(bytes, at, c => c is >= (byte)'0' and <= (byte)'9', random.GetItems(Numbers, 1)[0]); break;
                case 6: Replace(bytes, at, c => c is >= (byte)'0' and <= (byte)'9' or >= (byte)'A' and <= (byte)'Z', random.GetItems(Types, 1)[0]); break;
                default: random.NextBytes(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes)[header..][..Math.Max(0, Math.Min(4, bytes.Count - header))]); break;
            }
            header = Math.Clamp(header + bytes.Count - before, 9, Math.Max(9, bytes.Count));
            if (random.Next(4) == 0) continue;
            BitConverter.TryWriteBytes(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes), (ulong)(header - 8));
        }
        return [.. bytes];
    }

    private static readonly string[] Numbers =
        ["0", "1", "2", "6", "24", "-1", "1e2", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "[]"];

    private static readonly string[] Types = ["F4", "F16", "BF16", "I32", "F64", "C64", "U8", "BOOL", "I64", "U64"];

    private static void Replace(List<byte> bytes, int from, Predicate<byte> wanted, string by)
    {
        int start = bytes.FindIndex(from, wanted);
        if (start < 0) return;
        int end = bytes.FindIndex(start, c => !wanted(c));
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        bytes.InsertRange(start, System.Text.Encoding.ASCII.GetBytes(by));
    }
}
