using System.Text;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Tests;

public class TaskArtifactTests
{
    [Fact]
    public void A_task_comes_back_as_it_was()
    {
        using var folder = new TemporaryFolder();
        TestTasks.Make("a", 5).Save(folder["a"]);
        TestTasks.AssertSame(TestTasks.Make("a", 5), TaskArtifact.Load(folder["a"]));
        Assert.Contains("\"kind\": \"multi-label\"", File.ReadAllText(Path.Combine(folder["a"], "task.json")), StringComparison.Ordinal);
        DataFileTests.OneLineError(() => TestTasks.Make("a", 5).Save(folder["a"]), "exists already");
    }

    [Fact]
    public void A_task_without_tensors_or_backbone_is_one_file()
    {
        using var folder = new TemporaryFolder();
        var task = TestTasks.Make("a", 1) with { Arrays = [], Terms = [], Backbone = null };
        task.Save(folder["a"]);
        Assert.Single(Directory.EnumerateFileSystemEntries(folder["a"]));
        TestTasks.AssertSame(task, TaskArtifact.Load(folder["a"]));
    }

    [Fact]
    public void Unknown_fields_are_left_aside_and_a_newer_format_is_refused()
    {
        using var folder = new TemporaryFolder();
        TestTasks.Make("a", 1).Save(folder["a"]);
        var json = File.ReadAllText(Path.Combine(folder["a"], "task.json"));
        Write(folder, json.Replace("\"name\": \"a\"", "\"surprise\": [1], \"name\": \"a\"", StringComparison.Ordinal));
        TestTasks.AssertSame(TestTasks.Make("a", 1), TaskArtifact.Load(folder["a"]));
        Write(folder, "{\"format_version\": 2, \"name\": 7}");
        DataFileTests.OneLineError(() => TaskArtifact.Load(folder["a"]), "task.json", "format version 2 is newer");
    }

    [Fact]
    public void A_task_from_before_kinds_and_pairs_still_answers()
    {
        using var folder = new TemporaryFolder();
        var rows = Enumerable.Range(0, 12).Select(i => new Row(i % 2 == 0 ? "good day" : "bad night") { Pair = $"word{i}", Label = i % 2 == 0 ? "plus" : "minus" });
        var task = Adaptation.TfidfBaseline.Learn("old", LabelledRows.From(rows), pairs: Features.PairEncoding.Joint);
        (task.Artifact with { PairEncoding = null, Thresholds = null }).Save(folder["old"]);
        var json = File.ReadAllText(Path.Combine(folder["old"], "task.json"));
        Assert.DoesNotContain("pair_encoding", json, StringComparison.Ordinal);
        Assert.DoesNotContain("thresholds", json, StringComparison.Ordinal);
        var again = LearnedTask.Restore(TaskArtifact.Load(folder["old"]), null);
        Assert.Equal(task.Predict(rows).Select(p => p.Probability), again.Predict(rows).Select(p => p.Probability));
        Assert.Equal("plus", again.Predict(["good day"]).Single().Label);
    }

    [Theory]
    [InlineData("\"kind\": \"multi-label\"", "\"kind\": \"guess\"")]
    [InlineData("\"kind\": \"multi-label\"", "\"kind\": 1")]
    [InlineData("\"name\": \"a\"", "\"name\": \"../a\"")]
    [InlineData("\"name\": \"a\"", "\"name\": null")]
    [InlineData("\"kind\": \"multi-label\"", "\"kind\": \"classification\"")]
    [InlineData("0.25,", "1.25,")]
    [InlineData("0.25,", "")]
    [InlineData("\"no\"", "\"yes\"")]
    [InlineData("\"no\"", "\"\"")]
    [InlineData("\"width\": 2", "\"width\": 0")]
    [InlineData("\"hash\": \"aaaa", "\"hash\": \"zz")]
    [InlineData("\"head.safetensors\"", "\"../head.safetensors\"")]
    [InlineData("\"format_version\": 1,", "")]
    [InlineData("\"method\": \"features\",", "")]
    [InlineData("\"method\": \"features\",", "\"method\": \"features\", \"method\": \"features\",")]
    public void A_lying_task_file_is_one_line(string old, string changed)
    {
        using var folder = new TemporaryFolder();
        TestTasks.Make("a", 1).Save(folder["a"]);
        var json = File.ReadAllText(Path.Combine(folder["a"], "task.json"));
        Assert.Contains(old, json, StringComparison.Ordinal);
        Write(folder, json.Replace(old, changed, StringComparison.Ordinal));
        DataFileTests.OneLineError(() => TaskArtifact.Load(folder["a"]), "task.json", "is damaged");
    }

    [Fact]
    public void Every_truncation_and_every_changed_byte_of_the_head_is_one_line()
    {
        using var folder = new TemporaryFolder();
        TestTasks.Make("a", 1).Save(folder["a"]);
        foreach (var name in new[] { "head.safetensors", "task.json" })
        {
            var path = Path.Combine(folder["a"], name);
            var bytes = File.ReadAllBytes(path);
            for (var cut = 0; cut < bytes.Length - 2; cut += 3)
            {
                File.WriteAllBytes(path, bytes[..cut]);
                DataFileTests.OneLineError(() => TaskArtifact.Load(folder["a"]), name);
            }
            for (var at = 0; name == "head.safetensors" && at < bytes.Length; at += 5)
            {
                var changed = (byte[])bytes.Clone();
                changed[at] ^= 1;
                File.WriteAllBytes(path, changed);
                DataFileTests.OneLineError(() => TaskArtifact.Load(folder["a"]), name, "differs");
            }
            File.WriteAllBytes(path, bytes);
        }
        File.Delete(Path.Combine(folder["a"], "head.safetensors"));
        DataFileTests.OneLineError(() => TaskArtifact.Load(folder["a"]), "head.safetensors", "is missing");
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4)]
    [InlineData("""{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,-4]}}""", 0)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,4],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4)]
    [InlineData("""{"a":7}""", 4)]
    [InlineData("""[]""", 0)]
    [InlineData("""{""", 0)]
    public void A_lying_header_is_one_line(string header, int dataBytes)
    {
        using var folder = new TemporaryFolder();
        byte[] json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(folder["h"], [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. new byte[dataBytes]]);
        DataFileTests.OneLineError(() => HeadTensors.Read(folder["h"]), folder["h"]);
    }

    [Fact]
    public void A_data_file_is_recorded_by_name_and_hash()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["d.csv"], "abc");
        Assert.Equal(new DataFileRecord("d.csv", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3), DataFileRecord.Of(folder["d.csv"], 3));
        Assert.Null(DataFileRecord.Of("-", 3).Sha256);
    }

    [Fact]
    public void Another_backbone_is_refused()
    {
        var task = TestTasks.Make("a", 1);
        task.RequireBackbone(new string('A', 64), "tiny");
        DataFileTests.OneLineError(() => task.RequireBackbone(new string('b', 64), "other"), "task 'a' belongs to the backbone tiny", "not to other");
        (task with { Backbone = null }).RequireBackbone(new string('b', 64), "other");
    }

    [Fact]
    public void A_save_stopped_at_any_step_leaves_nothing_or_all()
    {
        using var folder = new TemporaryFolder();
        for (var step = 0; ; step++)
        {
            var path = folder[$"a{step}"];
            var disk = new StoppingDisk(step);
            try { TestTasks.Make("a", 1).Save(path, disk); }
            catch (DiskStoppedException)
            {
                if (Directory.Exists(path)) TestTasks.AssertSame(TestTasks.Make("a", 1), TaskArtifact.Load(path));
                continue;
            }
            Assert.True(step > 8, $"only {step} steps were seen");
            return;
        }
    }

    private static void Write(TemporaryFolder folder, string json) => File.WriteAllText(Path.Combine(folder["a"], "task.json"), json);
}
