namespace Polymath.Tests;

public class GgufFuzzTests
{
    [Fact]
    public void Mutated_files_are_refused_in_one_line_or_read_in_full()
    {
        using var folder = new TemporaryFolder();
        var seed = GgufSeeds.Llama();
        File.WriteAllBytes(folder["mutated"], seed);
        Assert.True(FuzzChecks.GgufWorks(folder["mutated"]));
        var random = new Random(20240502);
        var opened = 0;
        for (var i = 0; i < 5000; i++)
        {
            File.WriteAllBytes(folder["mutated"], Mutations.Gguf(seed, random));
            if (FuzzChecks.GgufWorks(folder["mutated"])) opened++;
        }
        Assert.InRange(opened, 100, 4900);
    }
}
