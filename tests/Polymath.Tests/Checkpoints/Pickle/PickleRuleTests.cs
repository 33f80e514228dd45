using System.Diagnostics;
using Polymath.Checkpoints;

namespace Polymath.Tests;

/// <summary>Everything that is not a plain tensor inside its storage is refused in one line; nothing of a pickle is run.</summary>
public sealed class PickleRuleTests : IDisposable
{
    private static readonly Dictionary<string, Func<TorchWriter, TorchWriter>> Wrong = new()
    {
        ["'os.system'"] = w => w.Begin().Text("evil").Global("os", "system").Text("true").Raw(0x85).Raw("R").End(),
        ["'builtins.eval'"] = w => w.Begin().Text("evil").Text("builtins").Text("eval").Raw(0x93).End(),
        ["'torch.load'"] = w => w.Begin().Text("evil").Global("torch", "load").End(),
        ["'torch._utils._rebuild_sparse_tensor'"] = w => w.Begin().Text("x").Global("torch._utils", "_rebuild_sparse_tensor").End(),
        ["0x81 is not among"] = w => w.Global("collections", "OrderedDict").Raw(")").Raw(0x81).Raw("."), // NEWOBJ
        ["0x69 is not among"] = w => w.Raw("(ios\nsystem\n."), // INST
        ["0x82 is not among"] = w => w.Raw(0x82, 1).Raw("."), // EXT1
        ["protocol 9"] = w => w.Raw(0x80, 9).Raw("N."),
        ["other arguments"] = w => w.Global("collections", "OrderedDict").Text("x").Raw(0x85).Raw("R."),
        ["without a tuple"] = w => w.Global("collections", "OrderedDict").Raw("NR."),
        ["none to a storage"] = w => w.Begin().Text("x").Text("storage").Raw("Q").End(),
        ["attributes of something"] = w => w.Raw("]}b."),
        ["a dictionary of tensors"] = w => w.Raw("]."),
        ["'x': is a text, where a tensor"] = w => w.Begin().Text("x").Text("y").End(),
        ["'model': is a dictionary"] = w => w.Begin().Text("model").Raw("}").End(),
        ["the name of a tensor"] = w => w.Begin().Number(1).View("0", "FloatStorage", 6, 0, [6], [1]).End(),
        ["'x': comes twice"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 0, [6], [1]).Tensor("x", "0", "FloatStorage", 6, 0, [6], [1]).End(),
        ["a key without a value"] = w => w.Begin().Text("x").End(),
        ["enough values"] = w => w.Raw("R."),
        ["the end of a group"] = w => w.Raw("t."),
        ["before it was kept"] = w => w.Raw("h").Raw(7).Raw("."),
        ["not valid UTF-8"] = w => w.Raw("X").Raw(1, 0, 0, 0, 0xff).Raw("."),
        ["bytes were expected"] = w => w.Raw("X").Raw(0xff, 0xff, 0xff, 0x7f).Raw("."),
        ["a whole number of 9 bytes"] = w => w.Raw(0x8a, 9).Raw(new byte[9]).Raw("."),
        ["ends at element 6 of its storage"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 1, [6], [1]).End(),
        ["ends at element 9 of its storage"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 0, [2, 2], [8, 1]).End(),
        ["more elements than its storage"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 0, [7], [0]).End(),
        ["is too large"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 0, [1L << 40, 1L << 40], [0, 0]).End(),
        ["ends at element 18446744073709551614"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 0, [2, 2, 1], [long.MaxValue, long.MaxValue, 1]).End(),
        ["is negative"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 5, [2], [-1]).End(),
        ["a size, stride or offset"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, -1, [2], [1]).End(),
        ["2 sizes but 1 strides"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 0, [2, 3], [1]).End(),
        ["'9' is not in the file"] = w => w.Begin().Tensor("x", "9", "FloatStorage", 6, 0, [6], [1]).End(),
        ["'../0' is not in the file"] = w => w.Begin().Tensor("x", "../0", "FloatStorage", 6, 0, [6], [1]).End(),
        ["has 24 bytes, but 7 elements of 4"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 7, 0, [7], [1]).End(),
        ["has 24 bytes, but 6 elements of 8"] = w => w.Begin().Tensor("x", "0", "DoubleStorage", 6, 0, [6], [1]).End(),
        ["described in two ways"] = w => w.Begin().Tensor("x", "0", "FloatStorage", 6, 0, [6], [1]).Tensor("y", "0", "IntStorage", 6, 0, [6], [1]).End(),
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Words => [.. Wrong.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Words))]
    public void A_pickle_that_is_no_dictionary_of_plain_tensors_is_refused(string words) =>
        Refused(Wrong[words](new TorchWriter()).Storage("0", new float[6]).File(), words);

    /// <summary>Tied weights share a storage; hundreds of tensors that do are a way to make a small file look large.</summary>
    [Theory]
    [InlineData(16, false)]
    [InlineData(40, true)]
    public void Storages_are_shared_within_bounds(int tensors, bool refused)
    {
        var writer = new TorchWriter().Begin().Tensor("0", "0", "FloatStorage", 5000, 0, [5000], [1]).Raw("q").Raw(1);
        for (var i = 1; i < tensors; i++) writer.Text($"{i}").Raw("h").Raw(1);
        var file = writer.End().Storage("0", new float[5000]).File();
        if (refused) Refused(file, "more than 16-fold");
        File.WriteAllBytes(_folder["shared.bin"], file);
        if (!refused) using (var read = Checkpoint.Open(_folder["shared.bin"])) Assert.Equal(tensors, read.Names.Count);
    }

    [Fact]
    public void A_zip_file_that_is_damaged_is_refused()
    {
        var good = TorchWriter.Small();
        Refused([], "is not a file of torch.save");
        Refused("PK"u8.ToArray(), "is not a file of torch.save");
        Refused("version https://git-lfs"u8.ToArray(), "is not a file of torch.save");
        Refused(good[..^1], "no table of contents");
        Refused(good[..(good.Length / 2)], "no table of contents");
        Refused(TorchWriter.Zip([("archive/readme", [])], wide: false), "no data.pkl");
        Refused(TorchWriter.Zip([("a/data.pkl", []), ("a/data.pkl", [])], wide: false), "twice");
        Refused(TorchWriter.Zip([("a/data.pkl", new byte[5 << 20])], wide: false), "at most 4194304");
        Refused(new TorchWriter().Begin().End().File(byteOrder: "big"), "other byte order");
        Refused(Patched(good, [0x50, 0x4b, 1, 2], at: 10, 8), "compressed");
        Refused(Patched(good, [0x50, 0x4b, 1, 2], at: 8, 1), "encrypted");
        Refused(Patched(good, [0x50, 0x4b, 1, 2], at: 42, 77), "not where the table of contents says");
        Refused(Patched(good, [0x50, 0x4b, 1, 2], at: 45, 77), "outside the file");
        Refused(Patched(good, [0x50, 0x4b, 5, 6], at: 16, 9), "table of contents is broken");
        Refused(Patched(good, [0x50, 0x4b, 5, 6], at: 19, 9), "outside the file");
    }

    /// <summary>The most that four million instructions can build: values and memory slots, each for one byte.</summary>
    [Theory]
    [InlineData("]")]
    [InlineData(")\u0094")]
    [InlineData("(")]
    [InlineData("]2")]
    public void A_pickle_of_nothing_but_cheap_instructions_takes_bounded_time_and_memory(string instructions)
    {
        File.WriteAllBytes(_folder["pytorch_model.bin"], new TorchWriter().Raw(string.Concat(Enumerable.Repeat(instructions, (4 << 20) / instructions.Length - 8))).Raw(".").File());
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<PolymathException>(() => Checkpoint.Open(_folder.Path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1L << 30);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }

    private void Refused(byte[] file, string words)
    {
        File.WriteAllBytes(_folder["pytorch_model.bin"], file);
        var refusal = Assert.Throws<PolymathException>(() => Checkpoint.Open(_folder.Path));
        Assert.Contains(words, TorchFileTests.OneLineOf(refusal, _folder["pytorch_model.bin"]));
    }

    /// <summary>Changes a byte of the first record that begins with these bytes.</summary>
    private static byte[] Patched(byte[] file, byte[] record, int at, byte value)
    {
        var copy = (byte[])file.Clone();
        copy[copy.AsSpan().IndexOf(record) + at] = value;
        return copy;
    }
}
