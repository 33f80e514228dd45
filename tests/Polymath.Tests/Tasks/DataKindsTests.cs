using CsCheck;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Files with lists of labels, numbers, groups; and which kind of task they are.</summary>
public class DataKindsTests
{
    private static readonly DataOptions _labelled = new() { LabelRequired = true };

    [Fact]
    public void Lists_of_labels_are_read_from_arrays_and_from_semicolons()
    {
        var json = DataFileTests.Read("d.jsonl", "{\"text\":\"one\",\"labels\":[\"a\",\"b c\",\"a\"]}\n{\"text\":\"two\",\"labels\":[]}\n", out var file, _labelled);
        Assert.Equal([["a", "b c"], []], json.Select(row => row.Labels));
        Assert.Equal(TaskKind.MultiLabel, TaskKinds.Recognise(json, file.LabelColumn));
        var csv = DataFileTests.Read("d.csv", "text,labels\none,a; b c;a\ntwo,\nthree,a\n", out file, _labelled);
        Assert.Equal([["a", "b c"], [], ["a"]], csv.Select(row => row.Labels));
        Assert.Equal(TaskKind.MultiLabel, TaskKinds.Recognise(csv, file.LabelColumn));
        var data = LabelledRows.OfKind(csv, null);
        Assert.Equal(["a", "b c"], data.Map.Names);
        Assert.Equal([true, true, false, false, true, false], data.Marks);
        // An array in any column of JSON lines; another column of a table once it is said.
        Assert.Equal(["x", "y"], DataFileTests.Read("d.jsonl", "{\"text\":\"one\",\"tag\":[\"x\",\"y\"]}\n", out _, _labelled)[0].Labels);
        Assert.Equal(["x", "y"], DataFileTests.Read("d.csv", "text,tag\none,x;y\n", out _, _labelled with { Kind = TaskKind.MultiLabel })[0].Labels);
        Assert.Null(DataFileTests.Read("d.csv", "text,tag\none,x;y\n", out _, _labelled)[0].Labels);
    }

    [Fact]
    public void A_column_of_labels_with_one_each_is_classes()
    {
        var rows = DataFileTests.Read("d.csv", "text,labels\none,a\ntwo,b\n", out var file, _labelled);
        Assert.Equal(TaskKind.Classification, TaskKinds.Recognise(rows, file.LabelColumn));
        Assert.Equal(["a", "b"], LabelledRows.From(rows).Map.Names);
    }

    [Theory]
    [InlineData("text,value\na,3\nb,4\n", TaskKind.Regression)]
    [InlineData("text,score\na,0.5\nb,4\n", TaskKind.Regression)]
    [InlineData("text,label\na,3\nb,4\n", TaskKind.Classification)]
    [InlineData("text,label\na,1.5\nb,2.5\n", TaskKind.Classification)]
    [InlineData("text,label\na,1.1\nb,2\nc,3\nd,4\ne,5\nf,6\ng,7\nh,8\ni,9\nj,10\nk,11\n", TaskKind.Regression)]
    [InlineData("text,label\na,1\nb,2\nc,3\nd,4\ne,5\nf,6\ng,7\nh,8\ni,9\nj,10\nk,11\n", TaskKind.Classification)]
    public void Numbers_are_recognised_where_the_column_or_the_values_leave_no_doubt(string content, TaskKind kind)
    {
        var rows = DataFileTests.Read("d.csv", content, out var file, _labelled);
        Assert.Equal(kind, TaskKinds.Recognise(rows, file.LabelColumn));
    }

    [Theory]
    [InlineData("d.csv", "text,value\na,3\nb,high\n", null, "d.csv, line 3, column value", "'high' is not a number", "--kind classification")]
    [InlineData("d.csv", "text,value\na,\n", null, "line 2, column value", "the value is empty")]
    [InlineData("d.csv", "text,value\na,NaN\n", null, "line 2, column value", "not a number")]
    [InlineData("d.csv", "text,label\na,1e999\n", TaskKind.Regression, "line 2, column label", "not a number")]
    [InlineData("d.csv", "text,label\na,\"1,5\"\n", TaskKind.Regression, "line 2, column label", "'1,5' is not a number")]
    [InlineData("d.jsonl", "{\"text\":\"a\",\"value\":3}\n{\"text\":\"a\",\"value\":true}\n", null, "line 2, column value", "'true' is not a number")]
    [InlineData("d.jsonl", "{\"text\":\"a\",\"labels\":[\"x\"]}\n{\"text\":\"b\",\"labels\":[{}]}\n", null, "line 2, column labels", "the array holds {}")]
    [InlineData("d.jsonl", "{\"text\":\"a\",\"labels\":[\"x\"]}\n{\"text\":\"b\"}\n", null, "line 2", "no field 'labels'")]
    [InlineData("d.csv", "text,label\na,b\n", null, "--group-column", "no column 'g'")]
    public void What_is_no_number_and_no_list_is_located(string name, string content, TaskKind? kind, params string[] parts)
    {
        var options = _labelled with { Kind = kind, GroupColumn = parts.Contains("--group-column") ? "g" : null };
        DataFileTests.OneLineError(() => DataFileTests.Read(name, content, out _, options), [name, .. parts]);
    }

    [Fact]
    public void Bad_numbers_can_be_left_out_and_do_not_matter_where_no_label_is_needed()
    {
        var rows = DataFileTests.Read("d.csv", "text,value\na,3\nb,high\nc,4.5\n", out var file, _labelled with { SkipBadRows = true });
        Assert.Equal([3, 4.5], rows.Select(row => row.Value));
        Assert.Equal((1, true), (file.SkippedRows, file.FirstSkipped!.Contains("line 3", StringComparison.Ordinal)));
        Assert.Equal(3, DataFileTests.Read("d.csv", "text,value\na,3\nb,high\nc,4.5\n", out _).Count);
    }

    [Fact]
    public void Rows_that_do_not_fit_the_kind_are_one_line()
    {
        Row[] rows = [new("a") { Label = "1", Line = 2 }, new("b") { Label = "x", Line = 3 }];
        DataFileTests.OneLineError(() => LabelledRows.OfKind(rows, TaskKind.Regression, source: "f.csv"), "f.csv, line 3", "'x' is not a number");
        DataFileTests.OneLineError(() => LabelledRows.OfKind(rows, TaskKind.MultiLabel, source: "f.csv"), "f.csv, line 2", "no list of labels");
        DataFileTests.OneLineError(() => LabelledRows.OfKind([rows[0], rows[0]], TaskKind.Regression), "every row has the value 1");
        DataFileTests.OneLineError(() => LabelledRows.OfKind([new("a") { Labels = [] }], null), "no row has a label");
        DataFileTests.OneLineError(() => LabelledRows.OfKind([new("a") { Labels = ["q"], Line = 7 }], TaskKind.MultiLabel, new LabelMap(["p"]), "f.csv"), "f.csv, line 7", "'q'", "it knows p");
        DataFileTests.OneLineError(() => LabelledRows.From([rows[0], rows[1] with { Pair = "c" }]), "line 3", "pairs of texts");
        DataFileTests.OneLineError(() => LabelledRows.OfKind(rows, TaskKind.TokenClassification), "token-classification");
    }

    [Fact]
    public void Groups_are_never_split_and_classes_stay_spread() =>
        Gen.Select(Gen.Int[0, 14].Array[20, 80], Gen.Int[2, 5], Gen.Int).Where(c => c.Item1.Distinct().Count() >= c.Item2).Sample((groups, count, seed) =>
        {
            var rows = groups.Select((group, i) => new Row($"text {i}") { Label = group % 3 == 0 ? "a" : "b", Group = $"g{group}" }).ToArray();
            if (rows.Select(row => row.Label).Distinct().Count() < 2) return;
            var data = LabelledRows.From(rows);
            var folds = data.Folds(count, seed);
            Assert.Equal(Enumerable.Range(0, count), folds.Distinct().Order());
            foreach (var group in Enumerable.Range(0, groups.Length).GroupBy(row => groups[row])) Assert.Single(group.Select(row => folds[row]).Distinct());
            var (train, test) = data.Split(0.2, seed);
            Assert.Equal(Enumerable.Range(0, groups.Length), train.Concat(test).Order());
            Assert.Empty(train.Select(row => groups[row]).Intersect(test.Select(row => groups[row])));
            Assert.Equal(folds, data.Folds(count, seed));
        }, iter: 200);

    [Fact]
    public void A_column_of_groups_is_read_and_rows_without_one_stand_alone()
    {
        var rows = DataFileTests.Read("d.csv", "text_a,text_b,label,group\na,b,0,g\nc,d,1,g\ne,f,0,\ng,h,1,\n", out _, _labelled);
        Assert.Equal(["g", "g", null, null], rows.Select(row => row.Group));
        Assert.Equal([0, 0, 1, 2], LabelledRows.From(rows).Groups!);
        Assert.Equal("a", DataFileTests.Read("d.csv", "text,group,label\nx,a,0\n", out _, new DataOptions { LabelColumn = "group" })[0].Label);
    }

    [Fact]
    public void Numbers_and_lists_keep_their_shares_in_splits()
    {
        var values = LabelledRows.OfKind(Enumerable.Range(0, 100).Select(i => new Row($"{i}") { Label = $"{i * 37 % 100}" }), TaskKind.Regression);
        var (_, test) = values.Split(0.2, 1);
        for (var fifth = 0; fifth < 5; fifth++) Assert.Equal(4, test.Count(row => (int)values.Values[row] / 20 == fifth));
        var lists = LabelledRows.OfKind(Enumerable.Range(0, 100).Select(i => new Row($"{i}") { Labels = i % 10 == 0 ? ["rare", "common"] : ["common"] }), TaskKind.MultiLabel);
        Assert.Equal(2, lists.Take(lists.Split(0.2, 1).Test).Marks.Where((mark, i) => mark && lists.Map.Names[i % 2] == "rare").Count());
        Assert.Equal([37.0, 11.0], values.Take([1, 3]).Values);
    }
}
