using Polymath.Native;

namespace Polymath.Tests;

public class DiskTests
{
    [Fact]
    public void A_write_stopped_at_any_step_leaves_the_old_file_or_the_new_one()
    {
        using var folder = new TemporaryFolder();
        var path = folder["file.txt"];
        for (var step = 0; ; step++)
        {
            Disk.Default.WriteText(path, "old");
            var disk = new StoppingDisk(step);
            var stopped = false;
            try { disk.WriteText(path, "new"); }
            catch (DiskStoppedException) { stopped = true; }
            Assert.Contains(File.ReadAllText(path), stopped ? ["old", "new"] : new[] { "new" });
            if (!stopped) { Assert.True(step >= 4, $"only {step} steps were seen"); break; }
        }
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_one_clear_line()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["plain"], "");
        var error = Assert.Throws<PolymathException>(() => Disk.Default.WriteText(Path.Combine(folder["plain"], "x.txt"), "text"));
        Assert.Contains("cannot be written", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
