using Polymath.Backbones;
using Polymath.Features;
using Polymath.Tasks;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Texts beyond the token limit: split on token borders, the pieces pooled by their tokens.</summary>
public sealed class ChunkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(64, 32)]
    [InlineData(64, 0)]
    [InlineData(16, 5)]
    public void A_long_texts_feature_is_the_mean_of_its_pieces_weighted_by_tokens(int maxTokens, int overlap)
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"], "bert-mlm"), new BackboneOptions { MaxTokens = maxTokens });
        string[] texts = [Words(3), Words(200), Words(maxTokens - 2), Words(maxTokens - 1), Words(77)];
        var options = new FeatureOptions { Poolings = [Pooling.Mean, Pooling.Max, Pooling.Cls], Chunk = true, ChunkOverlap = overlap };
        var extractor = new FeatureExtractor(backbone, options);
        var block = Assert.Single(extractor.Extract(texts.Select(text => new Row(text))));
        Assert.Equal((5, 3, 0), (extractor.Report.Rows, extractor.Report.SplitRows, extractor.Report.CutRows));
        Assert.Equal(Math.Min(overlap, (maxTokens - 2) / 2), options.Overlap(backbone));
        for (var r = 0; r < texts.Length; r++)
        {
            var pieces = new Chunker(backbone.Tokenizer, maxTokens, options.Overlap(backbone)).Split(texts[r]);
            Assert.Equal(r is 0 or 2, pieces.Count == 1);
            Assert.Equal((0, texts[r].Length), (pieces[0].Span.Start, pieces[^1].Span.End)); // nothing of the text is lost
            float[] weights = [.. pieces.Select(piece => piece.Length / (float)pieces.Sum(other => other.Length))];
            var states = pieces.Select(piece => TinyModel.LastStates(backbone, piece.Ids)).ToArray();
            for (var i = 0; i < TinyModel.Width; i++)
            {
                var at = r * block.Stride + block.Stride - TinyModel.Width + i;
                Assert.Equal(states.Zip(weights, (piece, weight) => weight * piece.Average(token => token[i])).Sum(), block.Values[Pooling.Mean][at], 1e-5);
                Assert.Equal(states.Zip(weights, (piece, weight) => weight * piece[0][i]).Sum(), block.Values[Pooling.Cls][at], 1e-5);
                Assert.Equal(states.Max(piece => piece.Max(token => token[i])), block.Values[Pooling.Max][at], 1e-5);
            }
        }
    }

    [Fact]
    public void Without_splitting_a_text_is_cut_and_counted()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"], "bert-mlm"));
        var extractor = new FeatureExtractor(backbone, new FeatureOptions());
        var block = Assert.Single(extractor.Extract([new Row(Words(300)), new Row(Words(62)), new Row("cat") { Pair = Words(300) }]));
        Assert.Equal((3, 0, 2), (extractor.Report.Rows, extractor.Report.SplitRows, extractor.Report.CutRows));
        Assert.Equal(block.Values[Pooling.Mean][..block.Stride], block.Values[Pooling.Mean][block.Stride..(2 * block.Stride)]);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void The_smallest_limits_split_too(int maxTokens)
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"], "bert-mlm"), new BackboneOptions { MaxTokens = maxTokens });
        var extractor = new FeatureExtractor(backbone, new FeatureOptions { Chunk = true });
        var block = Assert.Single(extractor.Extract([new Row(Words(20))]));
        Assert.All(block.Values[Pooling.Mean], value => Assert.True(float.IsFinite(value)));
        Assert.Equal(1, extractor.Report.SplitRows);
    }

    [Fact]
    public async Task A_task_keeps_splitting_as_it_learned_to()
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        var library = _folder["library"];
        File.WriteAllLines(_folder["train.csv"], ["text,label", .. Enumerable.Range(0, 24).Select(i => $"{Words(70 + i)} {(i % 2 == 0 ? "good great" : "bad awful")},{(i % 2 == 0 ? "plus" : "minus")}")]);
        var run = (await CliRun.Of("adapt", "--model", model, "--data", _folder["train.csv"], "--task", "mood", "--library", library, "--layers", "last", "--chunk")).Ok();
        Assert.Contains("24 of 24 rows were longer than 64 tokens and were split", run.Error);
        Assert.Equal(64, TaskLibrary.Open(library).Load("mood").Chunking!.Tokens);
        var predicted = (await CliRun.Of("predict", "--task", "mood", "--library", library, "--data", _folder["train.csv"])).Ok();
        Assert.Contains("were split", predicted.Error);
        var cut = (await CliRun.Of("adapt", "--model", model, "--data", _folder["train.csv"], "--task", "mood", "--library", library, "--layers", "last")).Ok();
        Assert.Contains("24 of 24 rows were longer than 64 tokens and were cut; --chunk", cut.Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_task_reads_rows_to_the_limit_that_it_learned_with(bool chunk)
    {
        var model = TinyModel.Write(_folder["model"], "bert-mlm");
        var library = _folder["library"];
        string[] split = chunk ? ["--chunk"] : [];
        (await CliRun.Of(["adapt", "--model", model, "--data", TinyModel.WriteRows(_folder["train.csv"], 40), "--task", "mood", "--library", library, "--layers", "last", "--max-tokens", "10", .. split])).Ok();
        File.WriteAllText(_folder["rows.txt"], Words(30) + "\n");
        var run = (await CliRun.Of("predict", "--task", "mood", "--library", library, "--data", _folder["rows.txt"], "--format", "lines", "--top", "2")).Ok();
        Assert.Contains($"1 of 1 rows were longer than 10 tokens and were {(chunk ? "split" : "cut")}", run.Error);
        using var backbone = Backbone.Load(model, new BackboneOptions { MaxTokens = 10 });
        var direct = LearnedTask.Load(library, "mood", backbone).Predict([Words(30)]).Single();
        Assert.Equal(direct.Ranked[0].Probability, Assert.Single(run.JsonLines).GetProperty("probability").GetDouble(), 1e-6);
        (await CliRun.Of("predict", "--task", "mood", "--library", library, "--data", _folder["rows.txt"], "--max-tokens", "12")).Refused("--max-tokens");
    }

    private static string Words(int count) => TinyModel.Text(Enumerable.Range(0, count).Select(i => 40 + i * 7 % 87));
}
