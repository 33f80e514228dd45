using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Files of inputs and answers.</summary>
public class DataAnswersTests
{
    private static readonly DataOptions _options = new() { Kind = TaskKind.Generate, LabelRequired = true };

    private static Row[] Read(string name, string content, DataOptions? options = null)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[name], content);
        return [.. DataFile.Open(folder[name], options ?? _options).Rows()];
    }

    [Theory]
    [InlineData("input,output")]
    [InlineData("source,target")]
    [InlineData("Prompt,Completion")]
    [InlineData("question,answer")]
    [InlineData("text,label")]
    [InlineData("document,summary")]
    [InlineData("de,translation")] // one column is left for the input
    public void Input_and_answer_are_found_by_their_names(string header)
    {
        var row = Read("rows.csv", $"{header}\n\"one, two\",\"2; 1\"\n").Single();
        Assert.Equal(("one, two", "2; 1", null), (row.Text, row.Label, row.Pair));
        row = Read("rows.jsonl", $$"""{"{{header.Split(',')[1]}}": "b\nc", "{{header.Split(',')[0]}}": "a"}""" + "\n").Single();
        Assert.Equal(("a", "b\nc"), (row.Text, row.Label));
    }

    [Fact]
    public void Two_texts_are_no_pair_and_columns_may_be_named()
    {
        var row = Read("rows.csv", "text_a,text_b\nleft,right\n", _options with { TextColumn = "text_a", LabelColumn = "text_b" }).Single();
        Assert.Equal(("left", "right", null), (row.Text, row.Label, row.Pair));
        Assert.Contains("--pair-column", Assert.Throws<PolymathException>(() => Read("rows.csv", "input,context,output\na,b,c\n", _options with { PairColumn = "context" })).Message, StringComparison.Ordinal);
        Assert.Contains("'source' and 'prompt'", Assert.Throws<PolymathException>(() => Read("rows.csv", "source,prompt,output\na,b,c\n")).Message, StringComparison.Ordinal);
        Assert.Equal("a", Read("rows.csv", "input,source,output\na,b,c\n").Single().Text); // the first tier decides
    }

    [Fact]
    public void Answers_must_be_there_and_an_answer_that_looks_like_a_list_is_a_text()
    {
        Assert.Contains("line 3, column output: the answer is empty; expected a text", Assert.Throws<PolymathException>(() => Read("rows.csv", "input,output\na,b\nc,\n")).Message, StringComparison.Ordinal);
        Assert.Equal(["a"], Read("rows.csv", "input,output\na,b\nc,\n", _options with { SkipBadRows = true }).Select(row => row.Text));
        var row = Read("rows.csv", "input,output\na,\"[\"\"x\"\"]\"\n").Single();
        Assert.Equal(("""["x"]""", null), (row.Label, row.Labels));
        Assert.Null(Read("rows.csv", "input\na\n", _options with { LabelRequired = false }).Single().Label);
        var data = LabelledRows.OfKind(Read("rows.csv", "input,output,group\na,1,x\nb,2,x\nc,3,y\nd,4,y\n"), TaskKind.Generate);
        var (train, test) = data.Split(0.5, 1);
        Assert.Equal(2, test.Length);
        Assert.Single(data.Take(test).Rows.Select(r => r.Group).Distinct()); // groups stay whole
        Assert.Equal(TaskKind.Generate, data.Take(train).Kind);
    }
}
