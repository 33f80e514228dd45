using Polymath.Checkpoints;

namespace Polymath.Tests;

/// <summary>Files of <c>torch.save</c>: those of PyTorch itself against the same tensors as safetensors, and our own byte by byte.</summary>
public sealed class TorchFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("views.bin", "views")]
    [InlineData("protocol4.bin", "views")]
    [InlineData("types.bin", "types")]
    [InlineData("module.bin", "module")]
    public void Files_of_PyTorch_hold_the_tensors_that_PyTorch_says(string file, string expected)
    {
        using var read = Checkpoint.Open(TestFiles.Golden("pickle", file));
        var tensors = TinyModel.ReadTensors(TestFiles.Golden("pickle", $"{expected}.safetensors"));
        Assert.Equal(tensors.Select(tensor => tensor.Name).Order(), read.Names.Order());
        foreach (var tensor in tensors)
        {
            Assert.Equal((tensor.DType, tensor.Bytes.Length), (read.Info(tensor.Name).DType, (int)read.Info(tensor.Name).ByteLength));
            Assert.Equal(tensor.Shape, read.Info(tensor.Name).Shape);
            Assert.Equal(tensor.Bytes.ToArray(), All(read.OpenBytes(tensor.Name)));
            using var made = read.Read(tensor.Name);
            Assert.Equal(tensor.Shape, made.shape);
            Assert.Equal(tensor.Bytes.ToArray(), made.bytes.ToArray());
        }
    }

    [Theory]
    [InlineData("hostile.bin", "'posix.system'", "nothing is run")]
    [InlineData("whole-module.bin", "'torch.nn.modules.container.Sequential'", "state_dict")]
    [InlineData("legacy.bin", "PyTorch before 1.6")]
    public void What_is_more_than_tensors_or_too_old_is_refused_in_one_line(string file, params string[] words)
    {
        var message = Refusal(TestFiles.Golden("pickle", file));
        Assert.All(words, word => Assert.Contains(word, message));
        Assert.False(File.Exists("polymath-was-here"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_written_byte_by_byte_gives_its_views(bool wide)
    {
        File.WriteAllBytes(_folder["pytorch_model.bin"], TorchWriter.Small(wide));
        using var read = Checkpoint.Open(_folder.Path);
        Assert.Equal(["weight", "tied", "turned", "part", "labels", "half", "flags", "none"], read.Names);
        Assert.Equal([0, 1, 2, 3, 4, 5], read.ReadFloats("tied"));
        Assert.Equal([0, 3, 1, 4, 2, 5], read.ReadFloats("turned"));
        Assert.Equal([1, 2, 4, 5], read.ReadFloats("part"));
        Assert.Equal([3], read.ReadFloats("half"));
        Assert.Empty(read.ReadFloats("none"));
        Assert.Equal([0, 5], read.Info("none").Shape);
        using var labels = read.Read("labels");
        Assert.Equal([7L, -8L], labels.data<long>().ToArray());
    }

    /// <summary>Bytes of a turned view, asked for in pieces that cut elements in two.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public void A_view_that_is_turned_can_be_read_in_any_pieces(int piece)
    {
        File.WriteAllBytes(_folder["pytorch_model.bin"], TorchWriter.Small());
        using var read = Checkpoint.Open(_folder.Path);
        using var stream = read.OpenBytes("turned");
        var bytes = new List<byte>();
        var buffer = new byte[piece];
        for (int length; (length = stream.Read(buffer)) > 0;) bytes.AddRange(buffer[..length]);
        Assert.Equal(new float[] { 0, 3, 1, 4, 2, 5 }.SelectMany(BitConverter.GetBytes), bytes);
        stream.Seek(-4, SeekOrigin.End);
        Assert.Equal(4, stream.Read(new byte[9]));
        Assert.Equal(5, BitConverter.ToSingle(All(Rewound(stream, 20))));
    }

    [Fact]
    public void The_same_tensors_have_the_same_hash_in_both_formats_and_safetensors_is_preferred()
    {
        File.WriteAllBytes(_folder["pytorch_model.bin"], TorchWriter.Small());
        using var pickled = Checkpoint.Open(_folder.Path);
        SafetensorsWriter.Write(_folder["model.safetensors"], pickled.Names.Select(name => new StoredTensor(name, pickled.Info(name).DType, pickled.Info(name).Shape, All(pickled.OpenBytes(name)))));
        using var both = Checkpoint.Open(_folder.Path);
        Assert.EndsWith("model.safetensors", Assert.Single(both.Files));
        Assert.Equal(BackboneHash.Compute(pickled, []), BackboneHash.Compute(both, []));
    }

    [Fact]
    public void Shards_are_found_by_the_index()
    {
        File.WriteAllBytes(_folder["pytorch_model-00001-of-00002.bin"], TorchWriter.Small());
        File.WriteAllBytes(_folder["pytorch_model-00002-of-00002.bin"], new TorchWriter().Begin().Tensor("more", "0", "DoubleStorage", 1, 0, [1], [1]).End().Storage("0", new[] { 0.5 }).File());
        File.WriteAllText(_folder["pytorch_model.bin.index.json"], """{"weight_map":{"part":"pytorch_model-00001-of-00002.bin","more":"pytorch_model-00002-of-00002.bin"}}""");
        using var read = Checkpoint.Open(_folder.Path);
        Assert.Equal(["part", "more"], read.Names);
        Assert.Equal([0.5f], read.ReadFloats("more"));
        Assert.Equal(2, read.Files.Count);
    }

    [Fact]
    public void A_model_folder_with_nothing_else_is_a_backbone_with_the_same_hash_and_vectors()
    {
        using var plain = Backbone.Load(TinyModel.Write(_folder["plain"]));
        TinyModel.Write(_folder["pickled"]);
        Repack(_folder["pickled"]);
        using var pickled = Backbone.Load(_folder["pickled"]);
        Assert.Equal(plain.Hash, pickled.Hash);
        Assert.Equal(plain.Embed(["the cat is good"])[0], pickled.Embed(["the cat is good"])[0]);
    }

    /// <summary>Replaces a folder's model.safetensors by pytorch_model.bin.</summary>
    internal static void Repack(string folder)
    {
        var path = Path.Combine(folder, "model.safetensors");
        var writer = new TorchWriter().Begin();
        foreach (var tensor in TinyModel.ReadTensors(path))
        {
            long[] strides = [.. tensor.Shape.Select((_, d) => tensor.Shape[(d + 1)..].Aggregate(1L, (a, b) => a * b))];
            var (type, width) = tensor.DType == "I64" ? ("LongStorage", 8) : ("FloatStorage", 4);
            writer.Tensor(tensor.Name, tensor.Name, type, tensor.Bytes.Length / width, 0, tensor.Shape, strides).Storage(tensor.Name, tensor.Bytes.ToArray());
        }
        File.WriteAllBytes(Path.Combine(folder, "pytorch_model.bin"), writer.End().File());
        File.Delete(path);
    }

    private static string Refusal(string path) => OneLineOf(Assert.Throws<PolymathException>(() => Checkpoint.Open(path)), path);

    internal static string OneLineOf(PolymathException refusal, string path)
    {
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.StartsWith(path, refusal.Message);
        return refusal.Message;
    }

    private static byte[] All(Stream stream)
    {
        using (stream)
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            return copy.ToArray();
        }
    }

    private static Stream Rewound(Stream stream, long to)
    {
        stream.Position = to;
        return stream;
    }
}
