using Polymath.Checkpoints;
using Polymath.Native;
using TorchSharp;

namespace Polymath.Tests;

public class SafetensorsWriterTests
{
    private static readonly StoredTensor[] Old = [StoredTensor.Of("old", [1f, 2f])];
    private static readonly StoredTensor[] New = [StoredTensor.Of("new", [3f]), StoredTensor.Of("more", [4L])];

    [Fact]
    public void A_write_stopped_at_any_step_leaves_the_old_file_or_the_new_one()
    {
        var counting = new StoppingDisk(int.MaxValue);
        using (var folder = new TemporaryFolder()) SafetensorsWriter.Write(folder["a"], New, disk: counting);
        Assert.True(counting.Steps >= 6, $"{counting.Steps} steps");
        for (int stop = 0; stop < counting.Steps; stop++)
        {
            using var folder = new TemporaryFolder();
            SafetensorsWriter.Write(folder["a"], Old);
            Assert.Throws<DiskStoppedException>(() => SafetensorsWriter.Write(folder["a"], New, disk: new StoppingDisk(stop)));
            using var file = SafetensorsFile.Open(folder["a"]);
            // Only the flush of the folder comes after the rename.
            Assert.Equal(stop == counting.Steps - 1 ? ["more", "new"] : ["old"], file.Tensors.Keys);
        }
    }

    [Fact]
    public void A_full_disk_leaves_the_old_file_and_no_other()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["a"], Old);
        for (int room = 0; room < 4; room++)
        {
            string message = Assert.Throws<PolymathException>(() => SafetensorsWriter.Write(folder["a"], New, disk: new FullDisk(room))).Message;
            Assert.Contains($"{folder["a"]}: cannot be written (No space left on device); nothing was changed", message);
            Assert.Equal([folder["a"]], Directory.GetFileSystemEntries(folder.Path));
            using var file = SafetensorsFile.Open(folder["a"]);
            Assert.Equal([1, 2], file.ReadFloats("old"));
        }
    }

    [Fact]
    public void A_file_that_is_open_is_replaced_and_still_reads_its_old_content()
    {
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["a"], Old);
        using var file = SafetensorsFile.Open(folder["a"]);
        SafetensorsWriter.Write(folder["a"], New);
        Assert.Equal([1, 2], file.ReadFloats("old"));
        using var replaced = SafetensorsFile.Open(folder["a"]);
        Assert.Equal([3], replaced.ReadFloats("new"));
    }

    [Fact]
    public void A_file_can_be_rewritten_from_its_own_tensors()
    {
        using var folder = new TemporaryFolder();
        string path = folder["model.safetensors"];
        File.Copy(TestFiles.Golden("models", "bert-classify", "model.safetensors"), path);
        byte[] before = File.ReadAllBytes(path);
        using (var scope = torch.NewDisposeScope())
        using (var file = SafetensorsFile.Open(path))
        {
            SafetensorsWriter.Write(path, file.Tensors.Keys.Select(name => KeyValuePair.Create(name, file.Read(name))), file.Metadata);
        }
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void What_cannot_be_stored_is_refused_by_name_and_nothing_is_written()
    {
        using var folder = new TemporaryFolder();
        string Refusal(params StoredTensor[] tensors) => Assert.Throws<PolymathException>(() => SafetensorsWriter.Write(folder["a"], tensors)).Message;
        Assert.Contains("tensor 'x' cannot be written: the name comes twice", Refusal(StoredTensor.Of("x", [1f]), StoredTensor.Of("x", [1L])));
        Assert.Contains("tensor '__metadata__' cannot be written", Refusal(StoredTensor.Of("__metadata__", [1f])));
        Assert.Contains("tensor 'x' cannot be written: unknown dtype 'F31'", Refusal(new StoredTensor("x", "F31", [1], new byte[4])));
        Assert.Contains("tensor 'x' cannot be written: shape [2] of F32 does not fit 4 bytes", Refusal(new StoredTensor("x", "F32", [2], new byte[4])));
        Assert.Contains("shape [-1, -1] of F32 does not fit", Refusal(new StoredTensor("x", "F32", [-1, -1], new byte[4])));
        Assert.Contains("half of a surrogate pair", Refusal(StoredTensor.Of("x\ud800", [1f])));
        using var complex = torch.zeros(2, torch.ScalarType.ComplexFloat64);
        Assert.Contains("tensor 'c' cannot be written: the format has no place for ComplexFloat64",
            Assert.Throws<PolymathException>(() => SafetensorsWriter.Write(folder["a"], [KeyValuePair.Create("c", complex)])).Message);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Data_begin_at_a_multiple_of_eight()
    {
        using var folder = new TemporaryFolder();
        for (int length = 0; length < 9; length++)
        {
            SafetensorsWriter.Write(folder["a"], [StoredTensor.Of(new string('n', length), [7f])]);
            byte[] bytes = File.ReadAllBytes(folder["a"]);
            Assert.Equal(4, bytes.Length % 8);
            Assert.Equal(7f, BitConverter.ToSingle(bytes, bytes.Length - 4));
        }
    }

    [Fact]
    public void Writing_leaves_no_tensors_behind()
    {
        using var folder = new TemporaryFolder();
        using var weight = torch.ones(4, 4);
        using var transposed = weight.t();
        long before = torch.Tensor.TotalCount;
        SafetensorsWriter.Write(folder["a"], [KeyValuePair.Create("w", weight), KeyValuePair.Create("t", transposed)]);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }
}

/// <summary>A disk with room for so many blocks.</summary>
internal sealed class FullDisk(int room) : Disk
{
    private int _written;

    public override void Reached(DiskStep step, string path)
    {
        if (step is DiskStep.Write or DiskStep.Flush && _written++ >= room) throw new IOException("No space left on device");
    }
}
