using System.Runtime.InteropServices;
using System.Text;
using Polymath.Checkpoints;

namespace Polymath.Tests;

/// <summary>Damage to files at random, for tests and for the benchmark <c>fuzz</c>.</summary>
internal static class Mutations
{
    private static readonly string[] Numbers =
        ["0", "1", "2", "6", "24", "-1", "1e2", "1.0", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "[]", "null"];

    private static readonly string[] Types = ["F4", "F6_E2M3", "F16", "BF16", "I32", "F64", "C64", "U8", "BOOL", "I64", "U64"];

    private static readonly string[] TemplateWords =
    [
        "{{ ", " }}", "{% ", " %}", "{#", "#}", "-", "'", "(", ")", "[", "]", "{", ":", ",", ".", " ~ ", " + ", " * 9999 ", " // 0 ", " % ", " ** 99", "|", "|tojson", "|length", "|list", "|map('upper')",
        "|join", "|reverse", "|default('')", " is ", " is not none", " in ", " not in ", " not ", " if ", " else ", " and ", "{% if x %}", "{% endif %}", "{% for x in messages %}", "{% endfor %}", "{% break %}",
        "{% set x = messages %}", "{% set messages = messages + messages %}", "{{ x }}", "{{ loop }}", "{{ messages }}", "loop.index", "messages[::-1]", "[-1:]", ".split('')", ".strip()", "range(99)", "namespace()", "1e999", "9223372036854775807",
    ];

    private const string PickleInstructions = ".(012)]}aesuqrhjcQRbtNJKMGX\u0085\u0086\u0087\u0088\u0089\u008a\u0093\u0094\u0095";

    /// <summary>A safetensors file with many element types, a scalar and a tensor without elements.</summary>
    public static byte[] SmallSafetensors(string path)
    {
        SafetensorsWriter.Write(path,
        [
            StoredTensor.Of("weight", new float[6], 2, 3), StoredTensor.Of("labels", [1L, 2L]), new StoredTensor("half", "F16", [3], new byte[6]),
            new StoredTensor("flag", "BOOL", [], new byte[1]), new StoredTensor("none", "BF16", [0, 5], default), new StoredTensor("small", "F8_E4M3", [2], new byte[2]),
        ], new Dictionary<string, string> { ["format"] = "pt" });
        return File.ReadAllBytes(path);
    }

    /// <summary>A safetensors file whose names hold escapes and letters beyond ASCII.</summary>
    public static byte[] SafetensorsWithEscapes(string path)
    {
        SafetensorsWriter.Write(path, Enumerable.Range(0, 12).Select(i => StoredTensor.Of($"encoder.layer.{i}.größe\"\\\n", new float[i * 2], 1, i, 2)));
        return File.ReadAllBytes(path);
    }

    /// <summary>
    /// One to three changes to a safetensors file: bytes, numbers, element types, values after the header, pieces cut and repeated; mostly the
    /// header's length is put right again.
    /// </summary>
    public static byte[] Safetensors(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        var header = 8 + (int)BitConverter.ToUInt64(seed);
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 9; changes--)
        {
            var before = bytes.Count;
            var at = random.Next(8, Math.Min(header, before));
            var length = Math.Min(random.Next(1, 24), before - at);
            switch (random.Next(8))
            {
                case 0: bytes[random.Next(before)] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(random.Next(8, before), bytes.GetRange(at, length)); break;
                case 4:
                    bytes.RemoveRange(before - length, length);
                    header = Math.Min(header, bytes.Count);
                    continue;
                case 5: Replace(bytes, at, c => c is >= (byte)'0' and <= (byte)'9', random.GetItems(Numbers, 1)[0]); break;
                case 6: Replace(bytes, at, c => c is >= (byte)'0' and <= (byte)'9' or >= (byte)'A' and <= (byte)'Z', random.GetItems(Types, 1)[0]); break;
                default: random.NextBytes(CollectionsMarshal.AsSpan(bytes)[header..][..Math.Min(4, before - header)]); break;
            }
            header = Math.Clamp(header + bytes.Count - before, 9, Math.Max(9, bytes.Count));
            if (random.Next(4) != 0) BitConverter.TryWriteBytes(CollectionsMarshal.AsSpan(bytes), (ulong)(header - 8));
        }
        return [.. bytes];
    }

    /// <summary>
    /// Changes to a file of torch.save: mostly its pickle (bytes, instructions, numbers, pieces cut and repeated), in a zip file that is put
    /// right again; else anywhere in the file.
    /// </summary>
    public static byte[] Torch(byte[] seed, Random random) =>
        random.Next(4) == 0 ? Bytes(seed, random, insert: random.Next(2) == 0) : TorchWriter.WithPickle(seed, pickle => Bytes(pickle, random, insert: true));

    /// <summary>
    /// One to three changes to a GGUF file, mostly in its head: bytes, whole numbers of four and eight bytes, pieces cut and repeated, the end cut off.
    /// </summary>
    public static byte[] Gguf(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 16; changes--)
        {
            var at = random.Next(Math.Min(bytes.Count - 8, random.Next(8) == 0 ? bytes.Count : 2048));
            var length = Math.Min(random.Next(1, 40), bytes.Count - at);
            var span = CollectionsMarshal.AsSpan(bytes);
            switch (random.Next(9))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes[at] = (byte)random.Next(40); break;
                case 3: BitConverter.TryWriteBytes(span[at..], random.GetItems<ulong>([0, 1, 31, 1 << 20, uint.MaxValue, 1ul << 40, long.MaxValue, ulong.MaxValue], 1)[0]); break;
                case 4: BitConverter.TryWriteBytes(span[at..], random.GetItems<uint>([0, 3, 9, 13, 255, int.MaxValue, uint.MaxValue], 1)[0]); break;
                case 5: bytes.RemoveRange(at, length); break;
                case 6: bytes.InsertRange(random.Next(Math.Min(2048, bytes.Count)), bytes.GetRange(at, length)); break;
                case 7: span.Slice(at, length).CopyTo(span[random.Next(Math.Min(2048, bytes.Count - length))..]); break;
                default:
                    if (random.Next(4) == 0) bytes.RemoveRange(bytes.Count - length, length);
                    break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Changes to a sentencepiece file: bytes, bits, lengths, pieces cut and repeated, anywhere in it.</summary>
    public static byte[] SentencePiece(byte[] seed, Random random) => Bytes(seed, random, insert: random.Next(2) == 0);

    /// <summary>One to three changes to a chat template: bytes, words of its language put in, pieces cut, repeated and exchanged.</summary>
    public static byte[] Template(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 30), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(128); break;
                case 1: bytes.RemoveRange(at, length); break;
                case 2: bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length)); break;
                default: bytes.InsertRange(at, Encoding.ASCII.GetBytes(random.GetItems(TemplateWords, 1)[0])); break;
            }
        }
        return [.. bytes];
    }

    private static byte[] Bytes(byte[] seed, Random random, bool insert)
    {
        var bytes = new List<byte>(seed);
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 40), bytes.Count - at);
            switch (random.Next(insert ? 6 : 4))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes[at] = (byte)PickleInstructions[random.Next(PickleInstructions.Length)]; break;
                case 3: bytes[at] = random.GetItems<byte>([0, 1, 0x7f, 0x80, 0xff], 1)[0]; break;
                case 4: bytes.RemoveRange(at, length); break;
                default: bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length)); break;
            }
        }
        return [.. bytes];
    }

    /// <summary>One to three changes to a JSON file: bytes and bits, its own punctuation put in, pieces cut and repeated.</summary>
    public static byte[] Json(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveAt(at); break;
                case 2: bytes.Insert(at, (byte)"0123456789[]{}\",:\\-aAB"[random.Next(22)]); break;
                case 3: bytes.RemoveRange(at, Math.Min(random.Next(40), bytes.Count - at)); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(60), bytes.Count - at))); break;
                case 5: Replace(bytes, at, c => c is >= (byte)'0' and <= (byte)'9', random.GetItems(Numbers, 1)[0]); break;
                default: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            }
        }
        return [.. bytes];
    }

    /// <summary>The first run of wanted bytes from a place on becomes a text.</summary>
    private static void Replace(List<byte> bytes, int from, Predicate<byte> wanted, string by)
    {
        var start = bytes.FindIndex(from, wanted);
        if (start < 0) return;
        var end = bytes.FindIndex(start, c => !wanted(c));
        bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(by));
    }
}
