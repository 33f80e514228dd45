using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Tasks made up for tests: the number decides every value.</summary>
internal static class TestTasks
{
    public static TaskArtifact Make(string name, int number) => new()
    {
        Name = name,
        Kind = TaskKind.MultiLabel,
        Method = "features",
        Labels = ["no", "yes", $"é\n{number}"],
        HeadKind = "logistic-regression",
        Layers = "mean-top-2",
        Pooling = "mean",
        Chunking = new ChunkingRecord(128, 16),
        PromptPrefix = "query: ",
        PairEncoding = "siamese",
        Thresholds = [0.25, 0.5, 1 / 3.0],
        Precision = "float32",
        Backbone = new BackboneReference(new string('a', 64), "bert", "tiny", 2),
        Metrics = new Dictionary<string, double> { ["accuracy"] = 1 / 3.0 + number, ["undefined"] = double.NaN },
        Training = new TrainingRecord(number, 7) { Options = new Dictionary<string, string> { ["c"] = "0.1" }, Data = [new DataFileRecord("train.csv", new string('b', 64), number)] },
        Arrays = [new NamedArray("bias", [], [number]), new NamedArray("none", [0, 4], []), new NamedArray("weight", [3, 2], [number, 1.5f, -2, float.MaxValue, float.Epsilon, 0])],
        Terms = ["one", "two words", $"é{number}"],
        TermWords = 2,
    };

    public static void AssertSame(TaskArtifact expected, TaskArtifact actual)
    {
        Assert.Equal(expected.Labels, actual.Labels);
        Assert.Equal(expected.Metrics, actual.Metrics);
        Assert.Equal(expected.Training!.Data, actual.Training!.Data);
        Assert.Equal(expected.Training.Options, actual.Training.Options);
        Assert.Equal(expected.Terms, actual.Terms);
        Assert.Equal(expected.Thresholds, actual.Thresholds);
        Assert.Equal(expected.Arrays.Select(array => array.Name), actual.Arrays.Select(array => array.Name));
        foreach (var (wanted, array) in expected.Arrays.Zip(actual.Arrays))
        {
            Assert.Equal(wanted.Shape, array.Shape);
            Assert.Equal(wanted.Values, array.Values);
        }
        // What is left is compared by the record itself.
        Assert.Equal(Plain(expected), Plain(actual));
    }

    private static readonly string[] _none = [];
    private static readonly Dictionary<string, double> _noMetrics = [];
    private static readonly Dictionary<string, FileRecord> _noFiles = [];
    private static readonly NamedArray[] _noArrays = [];

    private static TaskArtifact Plain(TaskArtifact artifact) =>
        artifact with { Labels = _none, Metrics = _noMetrics, Training = null, Arrays = _noArrays, Files = _noFiles, Terms = _none, Thresholds = null };
}
