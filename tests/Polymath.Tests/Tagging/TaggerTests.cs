using Polymath.Features;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Tagging tasks learned, kept and measured.</summary>
public sealed class TaggerTests : IDisposable
{
    private static readonly TaggingOptions s_quick = new() { Layers = LayerMix.Layer(0), Neighbours = 1, Grid = [1, 20], WordGrid = [1, 4], Folds = 2 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Sentences in which animals are tagged, and a colour before an animal belongs to it.</summary>
    public static TaggedSentence[] Sentences(int count, int seed = 1)
    {
        string[] animals = ["cat", "dog", "bird", "fish", "horse", "cow", "sheep"], colours = ["red", "green", "blue", "black", "white"], places = ["town", "city", "river", "hill"];
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            List<string> words = [], tags = [];
            for (var part = 0; part < 3; part++)
            {
                words.Add(TinyModel.Words[random.Next(8, 40)]);
                tags.Add("O");
                switch (random.Next(3))
                {
                    case 0:
                        words.AddRange([colours[random.Next(5)], animals[random.Next(7)]]);
                        tags.AddRange(["B-animal", "I-animal"]);
                        break;
                    case 1:
                        words.Add(places[random.Next(4)]);
                        tags.Add("B-place");
                        break;
                    default:
                        words.Add(colours[random.Next(5)]); // a colour alone is nothing
                        tags.Add("O");
                        break;
                }
            }
            return TaggedSentence.FromWords(words, tags);
        })];
    }

    [Fact]
    public void A_task_on_vectors_learns_finds_spans_and_comes_back_from_its_file()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        var task = Tagger.Learn(backbone, "animals", Sentences(120), s_quick);
        var test = Sentences(40, seed: 2);
        var measured = task.Evaluate(test);
        Assert.True(measured.Overall.F1 > 0.9, $"{measured.Overall}");
        task.Save(_folder["library"]);
        var artifact = TaskLibrary.Open(_folder["library"]).Load("animals");
        Assert.Equal((TaskKind.TokenClassification, "features", "layer0", "mean"), (artifact.Kind, artifact.Method, artifact.Layers, artifact.Pooling));
        Assert.Equal(["O", "B-animal", "I-animal", "B-place", "I-place"], artifact.Labels);
        Assert.Equal(new TaggingRecord(1, 64), artifact.Tagging);
        var again = Tagger.Restore(artifact, backbone);
        Assert.Equal(task.Tag(test).SelectMany(p => p.Spans), again.Tag(test).SelectMany(p => p.Spans));

        var found = Assert.Single(again.Tag(["the  black cat , yes"]));
        var span = Assert.Single(found.Spans);
        Assert.Equal(("black cat", 5, 14, "animal"), (span.Text, span.Start, span.End, span.Label));
        Assert.InRange(span.Score, 0.3, 1);
        Assert.Equal(["O", "B-animal", "I-animal", "O", "O"], found.Tags);
        Assert.Empty(Assert.Single(again.Tag([""])).Spans);
    }

    [Fact]
    public void A_task_on_words_needs_no_backbone()
    {
        var task = Tagger.LearnWords("animals", Sentences(120), s_quick);
        var test = Sentences(40, seed: 2);
        Assert.True(task.Evaluate(test).Overall.F1 > 0.9);
        task.Save(_folder["library"]);
        var again = Tagger.Restore(TaskLibrary.Open(_folder["library"]).Load("animals"), null);
        Assert.Equal(task.Tag(test).SelectMany(p => p.Spans), again.Tag(test).SelectMany(p => p.Spans));
    }

    [Fact]
    public void Cross_validation_measures_both_on_every_sentence_and_repeats_itself()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        var sentences = Sentences(60);
        var first = TaggingComparison.CrossValidate(backbone, sentences, s_quick);
        var again = TaggingComparison.CrossValidate(backbone, sentences, s_quick);
        Assert.Equal((60, 60), (first.Task!.Rows, first.Baseline.Rows));
        Assert.Equal(first.Task.Overall, again.Task!.Overall);
        Assert.Equal(first.Difference(), again.Difference());
        Assert.Equal(first.Task.Overall.F1 - first.Baseline.Overall.F1, first.Difference()!.Difference, 12);
        var alone = TaggingComparison.CrossValidate(null, sentences, s_quick);
        Assert.Null(alone.Difference());
        Assert.Equal(first.Baseline.Overall, alone.Baseline.Overall);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        using var other = Backbone.Load(TinyModel.Write(_folder["other"], "bert-classify"));
        var artifact = Tagger.Learn(backbone, "animals", Sentences(20), s_quick).Artifact;
        Assert.Contains("belongs to the backbone", Assert.Throws<PolymathException>(() => Tagger.Restore(artifact, other)).Message);
        Assert.Contains("needs its backbone", Assert.Throws<PolymathException>(() => Tagger.Restore(artifact, null)).Message);
        Assert.Contains("do not fit", Assert.Throws<PolymathException>(() => Tagger.Restore(artifact with { Tagging = new TaggingRecord(0, 64) }, backbone)).Message);
        Assert.Contains("record", Assert.Throws<PolymathException>(() => Tagger.Restore(artifact with { Tagging = null }, backbone)).Message);
        Assert.Contains("order", Assert.Throws<PolymathException>(() => Tagger.Restore(artifact with { Labels = ["O", "I-a", "B-a"] }, backbone)).Message);
        Assert.Contains("no tagging task", Assert.Throws<PolymathException>(() => Tagger.Restore(artifact with { Kind = TaskKind.Classification }, backbone)).Message);
        Assert.Contains("besides O", Assert.Throws<PolymathException>(() => Tagger.LearnWords("x", [TaggedSentence.FromWords(["a"], ["O"])])).Message);
        Assert.Contains("no tags", Assert.Throws<PolymathException>(() => Tagger.LearnWords("x", [TaggedSentence.FromText("a")])).Message);
        Assert.Contains("no sentences", Assert.Throws<PolymathException>(() => Tagger.LearnWords("x", [])).Message);
        Assert.Contains("folds", Assert.Throws<PolymathException>(() => TaggingComparison.CrossValidate(null, Sentences(3))).Message);
        Assert.Contains("scalar-mix", Assert.Throws<PolymathException>(() => Tagger.Learn(backbone, "x", Sentences(20), s_quick with { Layers = LayerMix.ScalarMix })).Message);
    }
}
