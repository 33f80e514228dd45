namespace Polymath.Tests;

public class SafetensorsFuzzTests
{
    [Fact]
    public void Mutated_files_are_refused_in_one_line_or_read_in_full()
    {
        using var folder = new TemporaryFolder();
        byte[] seed = Mutations.SmallSafetensors(folder["seed"]);
        var random = new Random(20240501);
        int opened = 0;
        for (int i = 0; i < 5000; i++)
        {
            File.WriteAllBytes(folder["mutated"], Mutations.Safetensors(seed, random));
            if (FuzzChecks.SafetensorsWorks(folder["mutated"])) opened++;
        }
        Assert.InRange(opened, 100, 4900);
    }
}
