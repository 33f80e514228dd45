namespace Polymath.Tests;

public class TorchFileFuzzTests
{
    [Fact]
    public void Mutated_files_are_refused_in_one_line_or_read_in_full()
    {
        using var folder = new TemporaryFolder();
        byte[] seed = TorchWriter.Small();
        var random = new Random(20250511);
        int opened = 0;
        for (int i = 0; i < 5000; i++)
        {
            File.WriteAllBytes(folder["mutated.bin"], Mutations.Torch(seed, random));
            if (FuzzChecks.TorchFileWorks(folder["mutated.bin"])) opened++;
        }
        Assert.InRange(opened, 100, 4900);
    }
}
