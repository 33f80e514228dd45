using Polymath.Tasks;

namespace Polymath.Tests;

public class LabelMapTests
{
    [Theory]
    [InlineData("b,a,B,a", "B,a,b")]
    [InlineData("10,2,-1,2", "-1,2,10")]
    [InlineData("10,2,x", "10,2,x")]
    [InlineData("1.0,1,0.5", "0.5,1,1.0")]
    public void The_order_depends_on_the_names_alone(string labels, string expected)
    {
        Assert.Equal(expected.Split(','), LabelMap.FromLabels(labels.Split(',')).Names);
        Assert.Equal(expected.Split(','), LabelMap.FromLabels(labels.Split(',').Reverse()).Names);
    }

    [Fact]
    public void Ids_and_counts_follow_the_names()
    {
        var map = new LabelMap(["no", "yes"]);
        Assert.Equal([1, 0, 1], map.IdsOf([new Row("a") { Label = "yes" }, new Row("b") { Label = "no" }, new Row("c") { Label = "yes" }]));
        Assert.Equal([1, 2], map.CountsOf([1, 0, 1]));
        DataFileTests.OneLineError(() => map.IdOf("maybe"), "'maybe'", "no, yes");
        DataFileTests.OneLineError(() => map.IdsOf([new Row("a") { Line = 7 }]), "line 7", "no label");
        DataFileTests.OneLineError(() => _ = new LabelMap(["a", "a"]), "given twice");
        DataFileTests.OneLineError(() => LabelMap.ForTraining([new Row("a") { Label = "x" }, new Row("b") { Label = "x" }], "d.csv"), "d.csv: all 2 rows have the label 'x'");
        DataFileTests.OneLineError(() => LabelMap.ForTraining([new Row("a") { Label = "x" }, new Row("b") { Line = 3 }], "d.csv"), "d.csv, line 3", "no label");
        Assert.Equal(["x", "y"], LabelMap.ForTraining([new Row("a") { Label = "y" }, new Row("b") { Label = "x" }], "d.csv").Names);
        DataFileTests.OneLineError(() => _ = new LabelMap(["a", " "]), "label 1 is empty");
    }
}
