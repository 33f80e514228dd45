using Polymath.Tasks;

namespace Polymath.Tests;

public class TaskLibraryTests
{
    [Fact]
    public void What_is_saved_comes_back_and_a_change_links_to_what_it_did_not_change()
    {
        using var folder = new TemporaryFolder();
        using var library = TaskLibrary.Open(folder["lib"]);
        Assert.Equal((0, 0), (library.Generation, library.Tasks.Count));
        Assert.False(Directory.Exists(folder["lib"]));
        library.Save(TestTasks.Make("first", 1));
        library.Save(TestTasks.Make("second", 2));
        library.Save(TestTasks.Make("first", 3));
        Assert.Equal(3, library.Generation);
        Assert.Equal(["first", "second"], library.Tasks.Select(task => task.Name));
        TestTasks.AssertSame(TestTasks.Make("first", 3), library.Load("first"));
        TestTasks.AssertSame(TestTasks.Make("second", 2), library.Load("second"));
        Assert.False(Directory.Exists(Path.Combine(folder["lib"], "generations", "3", "tasks", "second")));
        using var older = TaskLibrary.OpenGeneration(folder["lib"], 2);
        TestTasks.AssertSame(TestTasks.Make("first", 1), older.Load("first"));
        library.Remove("first");
        Assert.Equal(["second"], library.Tasks.Select(task => task.Name));
        DataFileTests.OneLineError(() => library.Load("first"), "there is no task 'first'", "tasks found: second");
        DataFileTests.OneLineError(() => library.Remove("first"), "there is no task 'first'");
    }

    [Fact]
    public void Several_tasks_can_change_in_one_generation()
    {
        using var folder = new TemporaryFolder();
        using var library = TaskLibrary.Open(folder["lib"]);
        library.Save(TestTasks.Make("a", 1), TestTasks.Make("b", 2));
        Assert.Equal((1, 2), (library.Generation, library.Tasks.Count));
    }

    [Fact]
    public void A_reader_keeps_what_it_opened_while_writers_change_and_prune()
    {
        using var folder = new TemporaryFolder();
        using var writer = TaskLibrary.Open(folder["lib"]);
        writer.Save(TestTasks.Make("a", 1));
        writer.Save(TestTasks.Make("b", 2));
        using (var reader = TaskLibrary.Open(folder["lib"]))
        {
            writer.Save(TestTasks.Make("a", 3));
            writer.Remove("b");
            var report = writer.Prune();
            Assert.Equal([1, 3], report.Generations);
            Assert.Equal([2], report.InUse);
            TestTasks.AssertSame(TestTasks.Make("a", 1), reader.Load("a"));
            TestTasks.AssertSame(TestTasks.Make("b", 2), reader.Load("b"));
        }
        Assert.Equal([2], writer.Prune().Generations);
        Assert.Equal([4], TaskLibrary.GenerationsIn(folder["lib"]));
        TestTasks.AssertSame(TestTasks.Make("a", 3), writer.Load("a"));
        Assert.Equal(["3", "4"], Directory.EnumerateDirectories(Path.Combine(folder["lib"], "generations")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Prune_keeps_as_many_generations_as_asked()
    {
        using var folder = new TemporaryFolder();
        using var library = TaskLibrary.Open(folder["lib"]);
        for (var i = 1; i <= 6; i++) library.Save(TestTasks.Make($"t{i % 2}", i));
        Assert.Equal([1, 2, 3], library.Prune(3).Generations);
        foreach (var generation in TaskLibrary.GenerationsIn(folder["lib"]))
        {
            using var view = TaskLibrary.OpenGeneration(folder["lib"], generation);
            TestTasks.AssertSame(TestTasks.Make($"t{generation % 2}", generation), view.Load($"t{generation % 2}"));
            TestTasks.AssertSame(TestTasks.Make($"t{(generation + 1) % 2}", generation - 1), view.Load($"t{(generation + 1) % 2}"));
        }
        DataFileTests.OneLineError(() => library.Prune(0), "keep 0");
    }

    [Theory]
    [InlineData(""), InlineData("a/b"), InlineData("a\\b"), InlineData(".."), InlineData(".a"), InlineData("a."), InlineData("a b"), InlineData("con"),
     InlineData("NUL.txt"), InlineData("com1"), InlineData("é"), InlineData("a\nb")]
    public void Names_that_are_no_folder_names_everywhere_are_refused(string name)
    {
        using var folder = new TemporaryFolder();
        using var library = TaskLibrary.Open(folder["lib"]);
        DataFileTests.OneLineError(() => library.Save(TestTasks.Make(name, 1)), "expected ASCII letters");
        Assert.False(Directory.Exists(folder["lib"]));
    }

    [Fact]
    public void A_name_that_differs_in_case_only_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var library = TaskLibrary.Open(folder["lib"]);
        library.Save(TestTasks.Make("Intent", 1));
        DataFileTests.OneLineError(() => library.Save(TestTasks.Make("intent", 1)), "there is a task 'Intent'");
        Assert.Equal(1, library.Generation);
    }

    [Fact]
    public void A_second_writer_waits_a_little_and_then_says_so_while_readers_go_on()
    {
        using var folder = new TemporaryFolder();
        using var library = TaskLibrary.Open(folder["lib"]);
        library.Save(TestTasks.Make("a", 1));
        using (new FileStream(Path.Combine(folder["lib"], "library.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            using var second = TaskLibrary.Open(folder["lib"]);
            TestTasks.AssertSame(TestTasks.Make("a", 1), second.Load("a"));
            using var impatient = TaskLibrary.Open(folder["lib"], writerPatience: TimeSpan.FromSeconds(0.1));
            DataFileTests.OneLineError(() => impatient.Save(TestTasks.Make("b", 1)), "another process is changing the library", "waited 0.1 s");
        }
        library.Save(TestTasks.Make("b", 1));
    }

    [Fact]
    public void Writers_in_several_threads_all_get_their_tasks_in_while_one_prunes()
    {
        using var folder = new TemporaryFolder();
        var threads = Enumerable.Range(0, 4).Select(writer => new Thread(() =>
        {
            using var library = TaskLibrary.Open(folder["lib"]);
            for (var i = 0; i < 5; i++)
            {
                library.Save(TestTasks.Make($"w{writer}-{i}", i));
                if (writer == 0) library.Prune();
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        using var library = TaskLibrary.Open(folder["lib"]);
        Assert.Equal(20, library.Tasks.Count);
        foreach (var task in library.Tasks) TestTasks.AssertSame(TestTasks.Make(task.Name, task.Name[^1] - '0'), library.Load(task.Name));
    }
}
