using Polymath.Tasks;

namespace Polymath.Tests;

public class DuplicatesTests
{
    [Fact]
    public void Exact_and_folded_repeats_and_contradictions_are_counted()
    {
        Row[] train = [R("Hello there", "a"), R("hello  THERE ", "b"), R("one", "a"), R("one", "a"), R("ab", "x", "c")];
        Row[] test = [R("Hello there", "b"), R("HELLO there", "c"), R("one", "b"), R("two", "a"), R("a", "x", "bc"), R("ab", "x", "c")];
        var report = Duplicates.Report(train, test);
        Assert.Equal((6, 3, 1, 2), (report.TestRows, report.Exact, report.Folded, report.Conflicts));
        Assert.Equal((2, 1), (report.WithinTrain, report.WithinTrainConflicts));
        Assert.Equal(4 / 6.0, report.Share);
    }

    private static Row R(string text, string label, string? pair = null) => new(text) { Label = label, Pair = pair };
}
