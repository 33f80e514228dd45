using System.Buffers.Binary;
using System.Text;
using Polymath.Checkpoints;

namespace Polymath.Tests;

public class SafetensorsRuleTests
{
    /// <summary>Header, number of data bytes, and what the message must say.</summary>
    public static TheoryData<string, int, string> Broken() => new()
    {
        { """["a"]""", 0, "does not begin with '{'" },
        { """ {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "does not begin with '{'" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}""" + "\n", 1, "does not end with '}'" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""" + "\n", 1, "does not end with '}'" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""" + "\0\0", 1, "does not end with '}'" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}{}""", 1, "not valid JSON" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},}""", 1, "not valid JSON" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "Duplicate property 'a'" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "Duplicate property 'a'" },
        { """{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "Duplicate property 'dtype'" },
        { """{"__metadata__":{"k":"v","k":"w"}}""", 0, "Duplicate property 'k'" },
        { """{"\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "not valid JSON" },
        { """{"__metadata__":["pt"]}""", 0, "__metadata__ must be an object of strings" },
        { """{"__metadata__":{"epoch":3}}""", 0, "__metadata__ holds 'epoch', whose value is not a string" },
        { """{"__metadata__":{"note":null}}""", 0, "__metadata__ holds 'note', whose value is not a string" },
        { """{"a":[0,1]}""", 1, "tensor 'a': the entry is not an object" },
        { """{"a":{"shape":[1],"data_offsets":[0,1]}}""", 1, "tensor 'a': dtype is missing" },
        { """{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}""", 1, "tensor 'a': dtype is missing or not a string" },
        { """{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,1]}}""", 1, "tensor 'a': unknown dtype 'F33'" },
        { """{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "tensor 'a': unknown dtype 'f32'" },
        { """{"a":{"dtype":"U8","data_offsets":[0,1]}}""", 1, "tensor 'a': shape is missing" },
        { """{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}""", 1, "tensor 'a': shape is missing or not a list" },
        { """{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}""", 1, "tensor 'a': shape holds '-1'" },
        { """{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}""", 0, "tensor 'a': shape holds '-0'" },
        { """{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}""", 1, "tensor 'a': shape holds '1.0'" },
        { """{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}""", 1, "tensor 'a': shape holds" },
        { """{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}""", 1, "tensor 'a': shape holds '9223372036854775808'" },
        { """{"a":{"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,0]}}""", 0, "tensor 'a': shape [4611686018427387904, 2] of F32 is not a whole number of bytes below" },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "tensor 'a': shape [4294967296, 4294967296]" },
        { """{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "tensor 'a': shape [0, 4294967296, 4294967296]" },
        { """{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "tensor 'a': shape [3] of F4 is not a whole number of bytes" },
        { """{"a":{"dtype":"U8","shape":[1]}}""", 1, "tensor 'a': data_offsets is missing" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""", 1, "tensor 'a': data_offsets has 3 numbers" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}""", 1, "tensor 'a': data_offsets end at 0, before they begin at 1" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}""", 1, "tensor 'a': data_offsets holds '-1'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "tensor 'a': shape [2] of F32 needs 8 bytes, but data_offsets span 4" },
        { """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "tensor 'a': its bytes begin at 1, where 0 was expected (there is a hole)" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "tensor 'b': its bytes begin at 1, where 2 was expected (tensors overlap)" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "tensor 'b': its bytes begin at 0, where 2 was expected (tensors overlap)" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}""", 5, "tensor 'b': its bytes begin at 3, where 2 was expected (there is a hole)" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 1, "tensor 'a': its bytes end at 2, but only 1 follow the header" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 3, "3 bytes follow the header, but the tensors cover 2" },
        { "{}", 1, "1 bytes follow the header, but the tensors cover 0" },
        { """{"line\nbreak":{"dtype":"U9","shape":[1],"data_offsets":[0,1]}}""", 1, @"tensor 'line\nbreak': unknown dtype" },
    };

    [Theory, MemberData(nameof(Broken))]
    public void A_broken_rule_is_one_line_that_names_file_and_tensor(string header, int dataBytes, string expected)
    {
        string message = Refusal(File(header, dataBytes));
        Assert.Contains(expected, message);
        Assert.DoesNotContain('\n', message);
    }

    public static TheoryData<string, int, string[]> Sound() => new()
    {
        { "{}", 0, [] },
        { "{}      ", 0, [] },
        { """{"__metadata__":{}}""", 0, [] },
        { """{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"I8","shape":[],"data_offsets":[0,1]}}   """, 3, ["a", "b"] },
        { """{"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"F32","shape":[7,0],"data_offsets":[2,2]}}""", 2, ["b", "a"] },
        { """{"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"F32","shape":[0,9223372036854775],"data_offsets":[0,0]}}""", 2, ["a", "b"] },
        { """{"a":{"shape":[2,1],"data_offsets":[0,1],"dtype":"F4","later":"field"}}""", 1, ["a"] },
    };

    [Theory, MemberData(nameof(Sound))]
    public void A_sound_file_opens_with_its_tensors_in_the_order_of_their_bytes(string header, int dataBytes, string[] names)
    {
        using var folder = new TemporaryFolder();
        System.IO.File.WriteAllBytes(folder["sound"], File(header, dataBytes));
        using var file = SafetensorsFile.Open(folder["sound"]);
        Assert.Equal(names, file.Tensors.Keys);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = File("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F16","shape":[2,2],"data_offsets":[2,10]}}""", 10);
        for (int length = 0; length < whole.Length; length++) Assert.NotEmpty(Refusal(whole[..length]));
    }

    [Theory]
    [InlineData(100_000_001UL, "claims a header of 100000001 bytes, where at most 100000000 are allowed")]
    [InlineData(ulong.MaxValue, "claims a header of 18446744073709551615 bytes")]
    [InlineData(100_000_000UL, "claims a header of 100000000 bytes, but only 3 follow")]
    [InlineData(4UL, "claims a header of 4 bytes, but only 3 follow")]
    [InlineData(0UL, "the header does not begin with '{'")]
    public void A_lying_header_length_is_refused(ulong length, string expected)
    {
        var bytes = new byte[11];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        "{} "u8.CopyTo(bytes.AsSpan(8));
        Assert.Contains(expected, Refusal(bytes));
    }

    [Fact]
    public void A_header_that_is_not_UTF_8_is_refused()
    {
        byte[] bytes = File("""{"a?":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1);
        bytes[Array.IndexOf(bytes, (byte)'?')] = 0xff;
        Assert.Contains("the header is not valid UTF-8", Refusal(bytes));
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains($"{folder["nothing"]}: there is no such file", Assert.Throws<PolymathException>(() => SafetensorsFile.Open(folder["nothing"])).Message);
        Assert.Contains($"{folder.Path}: cannot be read", Assert.Throws<PolymathException>(() => SafetensorsFile.Open(folder.Path)).Message);
    }

    /// <summary>The bytes of a file with that header and so many bytes of data.</summary>
    internal static byte[] File(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        return bytes;
    }

    private static string Refusal(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        System.IO.File.WriteAllBytes(folder["broken.safetensors"], bytes);
        string message = Assert.Throws<PolymathException>(() => SafetensorsFile.Open(folder["broken.safetensors"])).Message;
        Assert.StartsWith(folder["broken.safetensors"], message);
        return message;
    }
}
