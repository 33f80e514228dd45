using System.Diagnostics;
using Polymath.Cli.Common;

namespace Polymath.Tests;

/// <summary>The encoder that comes with the command: there, quick to load, and with an idea of what sentences mean.</summary>
public class DefaultModelTests
{
    [Fact]
    public void It_loads_quickly_and_is_small()
    {
        Backbone.Load(Models.DefaultFolder).Dispose(); // libtorch itself takes its time at first
        var watch = Stopwatch.StartNew();
        using var model = Backbone.Load(Models.DefaultFolder);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(3), $"took {watch.Elapsed}");
        Assert.Equal("polymath-small-en", model.Name);
        Assert.True(new FileInfo(Path.Combine(Models.DefaultFolder, "model.safetensors")).Length < 14_000_000);
    }

    [Fact]
    public void The_nearest_sentence_says_the_same_in_other_words()
    {
        string[][] pairs =
        [
            ["How do I reset my password?", "I forgot my login and cannot sign in."],
            ["The train to the coast leaves at noon.", "When does the railway service to the seaside depart?"],
            ["Mix the flour with butter and sugar.", "A recipe for baking a cake."],
            ["The doctor gave her medicine for the fever.", "The patient was treated at the hospital."],
            ["He plays the violin in an orchestra.", "She is a musician who performs concerts."],
            ["My bank charged a fee on the account.", "There is an unknown payment on my credit card."],
        ];
        using var model = Backbone.Load(Models.DefaultFolder);
        var left = model.Embed(pairs.Select(pair => pair[0]));
        var right = model.Embed(pairs.Select(pair => pair[1]));
        var hits = left.Select((vector, at) => at == Array.IndexOf(right, right.MaxBy(other => System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(vector, other)))).Count(hit => hit);
        Assert.True(hits >= 5, $"{hits} of {pairs.Length}");
    }

    [Fact]
    public async Task Verbs_take_it_where_no_model_is_named()
    {
        using var folder = new TemporaryFolder();
        var data = TinyModel.WriteRows(folder["rows.csv"], 40);
        var adapt = (await CliRun.Of("adapt", "--data", data, "--task", "mood", "--library", folder["library"])).Ok();
        Assert.Contains("polymath-small-en", adapt.Error, StringComparison.Ordinal);
        using (var model = Backbone.Load(Models.DefaultFolder)) Assert.Equal(model.Hash, Tasks.TaskLibrary.Open(folder["library"]).Load("mood").Backbone!.Hash);
        (await CliRun.With("good day\n", default, "predict", "--task", "mood", "--library", folder["library"])).Ok();
        (await CliRun.Of("models", "show", "default")).Ok();
        (await CliRun.Of("predict", "--data", data)).Refused("--task is missing");
    }
}
