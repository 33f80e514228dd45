using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Tests;

public class TaskLibraryFaultTests
{
    /// <summary>Old state: a = 2, b = 1. Every change is stopped at every step it has.</summary>
    [Theory]
    [InlineData("save"), InlineData("remove"), InlineData("prune"), InlineData("restore"), InlineData("first save")]
    public void A_change_stopped_at_any_step_leaves_the_old_state_or_the_new_one(string change)
    {
        using var start = new TemporaryFolder();
        var old = change == "first save" ? "" : "a=2 b=1";
        if (change != "first save")
        {
            using var library = TaskLibrary.Open(start.Path);
            library.Save(TestTasks.Make("a", 1), TestTasks.Make("b", 1));
            library.Save(TestTasks.Make("c", 1));
            library.Remove("c");
            library.Save(TestTasks.Make("a", 2));
        }
        for (var step = 0; ; step++)
        {
            using var folder = new TemporaryFolder();
            Copy(start.Path, folder.Path);
            var stopped = Stopped(() =>
            {
                using var library = change == "restore" ? TaskLibrary.OpenGeneration(folder.Path, 2, new StoppingDisk(step)) : TaskLibrary.Open(folder.Path, new StoppingDisk(step));
                if (change.EndsWith("save", StringComparison.Ordinal)) library.Save(TestTasks.Make("d", 1));
                else if (change == "remove") library.Remove("a");
                else if (change == "restore") library.Restore();
                else library.Prune();
            });
            var changed = change switch { "save" => "a=2 b=1 d=1", "first save" => "d=1", "remove" => "b=1", "restore" => "a=1 b=1 c=1", _ => old };
            var state = State(folder.Path);
            Assert.Contains(state, stopped ? [old, changed] : new[] { changed });
            foreach (var generation in TaskLibrary.GenerationsIn(folder.Path))
                using (var view = TaskLibrary.OpenGeneration(folder.Path, generation)) Assert.All(view.Tasks, task => view.Load(task.Name));

            using (var next = TaskLibrary.Open(folder.Path)) next.Save(TestTasks.Make("e", 4));
            Assert.Equal($"{state} e=4".Trim(), State(folder.Path));
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path, "*.tmp", SearchOption.AllDirectories));
            if (stopped) continue;
            Assert.True(step >= (change == "prune" ? 8 : 7), $"only {step} steps were seen");
            return;
        }
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void A_full_disk_or_read_only_folder_is_one_line_and_changes_nothing(bool readOnly)
    {
        for (var step = 0; ; step++)
        {
            using var folder = new TemporaryFolder();
            using (var library = TaskLibrary.Open(folder.Path)) library.Save(TestTasks.Make("a", 1));
            using var failing = TaskLibrary.Open(folder.Path, new FailingDisk(step, readOnly));
            var error = Record.Exception(() => failing.Save(TestTasks.Make("b", 2)));
            if (error is null)
            {
                Assert.True(step > 8);
                return;
            }
            Assert.IsType<PolymathException>(error);
            Assert.DoesNotContain('\n', error.Message);
            Assert.Contains(State(folder.Path), new[] { "a=1", "a=1 b=2" });
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path, "*.tmp", SearchOption.AllDirectories));
            using var next = TaskLibrary.Open(folder.Path);
            next.Save(TestTasks.Make("c", 3));
            Assert.EndsWith("c=3", State(folder.Path), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_in_the_place_of_the_library_is_one_line()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["plain"], "");
        DataFileTests.OneLineError(() => TaskLibrary.Open(folder["plain"]), "is a file");
        using var below = TaskLibrary.Open(Path.Combine(folder["plain"], "lib"));
        DataFileTests.OneLineError(() => below.Save(TestTasks.Make("a", 1)), "cannot be changed");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"format_version\": 1, \"gener")]
    [InlineData("{\"format_version\": 1, \"generation\": -1}")]
    [InlineData("{\"format_version\": 1, \"generation\": 9}")]
    [InlineData("{\"format_version\": 1, \"generation\": \"two\"}")]
    [InlineData("{\"generation\": 1}")]
    [InlineData("{\"format_version\": 9, \"generation\": 1}")]
    [InlineData(null)]
    public void With_a_damaged_pointer_older_generations_still_load_and_can_be_made_current(string? content)
    {
        using var folder = new TemporaryFolder();
        using (var library = TaskLibrary.Open(folder.Path))
        {
            library.Save(TestTasks.Make("a", 1));
            library.Save(TestTasks.Make("a", 2));
        }
        if (content is null) File.Delete(folder["library.json"]);
        else File.WriteAllText(folder["library.json"], content);
        DataFileTests.OneLineError(() => TaskLibrary.Open(folder.Path), "generations found: 1, 2");
        using (var older = TaskLibrary.OpenGeneration(folder.Path, 1)) older.Restore();
        Assert.Equal("a=1", State(folder.Path));
        Assert.Equal([1, 2, 3], TaskLibrary.GenerationsIn(folder.Path));
    }

    [Theory]
    [InlineData("generation.json", "{\"format_version\": 1, \"generation\": 2, \"tasks\": {\"a\": \"../../../etc/tasks/a\"}}")]
    [InlineData("generation.json", "{\"format_version\": 1, \"generation\": 2, \"tasks\": {\"a\": \"../1/tasks/b\"}}")]
    [InlineData("generation.json", "{\"format_version\": 1, \"generation\": 2, \"tasks\": {\"a\": \"/tasks/a\"}}")]
    [InlineData("generation.json", "{\"format_version\": 1, \"generation\": 3, \"tasks\": {}}")]
    [InlineData("generation.json", "{\"format_version\": 1, \"generation\": 2}")]
    [InlineData("generation.json", "{\"format_ver")]
    [InlineData("tasks/a/task.json", "{\"format_ver")]
    [InlineData("tasks/a/head.safetensors", "short")]
    public void A_damaged_generation_is_one_line_and_the_older_one_loads(string file, string content)
    {
        using var folder = new TemporaryFolder();
        using (var library = TaskLibrary.Open(folder.Path))
        {
            library.Save(TestTasks.Make("a", 1));
            library.Save(TestTasks.Make("a", 2));
        }
        File.WriteAllText(Path.Combine(folder["generations"], "2", file), content);
        DataFileTests.OneLineError(() =>
        {
            using var library = TaskLibrary.Open(folder.Path);
            Assert.Equal(file.EndsWith("task.json", StringComparison.Ordinal), library.Tasks[0].Problem is not null);
            library.Load("a");
        }, Path.GetFileName(file));
        using var older = TaskLibrary.OpenGeneration(folder.Path, 1);
        TestTasks.AssertSame(TestTasks.Make("a", 1), older.Load("a"));
    }

    /// <summary>The tasks as "name=number …"; every one is loaded and checked.</summary>
    internal static string State(string folder)
    {
        using var library = TaskLibrary.Open(folder);
        return string.Join(' ', library.Tasks.Select(task =>
        {
            var loaded = library.Load(task.Name);
            TestTasks.AssertSame(TestTasks.Make(task.Name, loaded.Training!.Rows), loaded);
            return $"{task.Name}={loaded.Training.Rows}";
        }));
    }

    private static void Copy(string from, string to)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)) File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }

    private static bool Stopped(Action action)
    {
        try { action(); }
        catch (DiskStoppedException) { return true; }
        return false;
    }

    private sealed class FailingDisk(int from, bool readOnly) : Disk
    {
        private int _steps;

        public override void Reached(DiskStep step, string path)
        {
            if (_steps++ == from) throw readOnly ? new UnauthorizedAccessException("Access is denied.") : new IOException("No space left on device.");
        }
    }
}
