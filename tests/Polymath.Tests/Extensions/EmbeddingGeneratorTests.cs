using Microsoft.Extensions.AI;
using Polymath.Extensions.AI;

namespace Polymath.Tests;

public sealed class EmbeddingGeneratorTests : IDisposable
{
    private const string Prompts = """{"prompts": {"query": "good day ", "passage": ""}, "default_prompt_name": null}""";

    private readonly TemporaryFolder _folder = new();
    private readonly Backbone _backbone;

    public EmbeddingGeneratorTests()
    {
        TinyModel.Write(_folder["tiny"]);
        File.WriteAllText(Path.Combine(_folder["tiny"], "modules.json"), """[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]""");
        File.WriteAllText(Path.Combine(_folder["tiny"], "config_sentence_transformers.json"), Prompts);
        _backbone = Backbone.Load(_folder["tiny"]);
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Vectors_are_those_of_the_backbone_in_input_order()
    {
        using var generator = _backbone.AsEmbeddingGenerator();
        string[] texts = ["hello world", "a", "good day hello"];
        var made = await generator.GenerateAsync(texts);
        Assert.Equal(_backbone.Embed(texts), made.Select(e => e.Vector.ToArray()));
        Assert.All(made, e => Assert.Equal("tiny", e.ModelId));
    }

    [Fact]
    public async Task Usage_counts_the_tokens_that_the_network_saw()
    {
        using var generator = _backbone.AsEmbeddingGenerator();
        var made = await generator.GenerateAsync(["hello world", "a", string.Join(' ', Enumerable.Repeat("day", 500))]);
        Assert.Equal(4 + 3 + _backbone.MaxTokens, made.Usage!.InputTokenCount);
        Assert.Equal(made.Usage.InputTokenCount, made.Usage.TotalTokenCount);
        using var silent = _backbone.AsEmbeddingGenerator(new BackboneEmbeddingOptions { CountTokens = false });
        Assert.Null((await silent.GenerateAsync(["hello"])).Usage);
    }

    [Fact]
    public async Task A_prompt_is_put_in_front_and_a_request_may_name_its_own()
    {
        using var generator = _backbone.AsEmbeddingGenerator(new BackboneEmbeddingOptions { Prompt = "query" });
        var query = await generator.GenerateAsync(["hello"]);
        Assert.Equal(_backbone.Embed(["good day hello"])[0], query[0].Vector.ToArray());
        Assert.Equal(5, query.Usage!.InputTokenCount);
        var passage = new EmbeddingGenerationOptions { AdditionalProperties = new() { [BackboneEmbeddingGenerator.PromptProperty] = "passage" } };
        Assert.Equal(_backbone.Embed(["hello"])[0], (await generator.GenerateAsync(["hello"], passage))[0].Vector.ToArray());
    }

    [Fact]
    public void An_unknown_prompt_is_told_at_once() => Assert.Contains("no prompt named 'title'",
        Assert.Throws<PolymathException>(() => _backbone.AsEmbeddingGenerator(new BackboneEmbeddingOptions { Prompt = "title" })).Message);

    [Fact]
    public async Task Another_model_or_other_dimensions_are_refused()
    {
        using var generator = _backbone.AsEmbeddingGenerator();
        Assert.Single(await generator.GenerateAsync(["hello"], new EmbeddingGenerationOptions { ModelId = "tiny", Dimensions = TinyModel.Width }));
        var model = await Assert.ThrowsAsync<PolymathException>(() => generator.GenerateAsync(["hello"], new EmbeddingGenerationOptions { ModelId = "large" }));
        Assert.Contains("'large'", model.Message);
        var width = await Assert.ThrowsAsync<PolymathException>(() => generator.GenerateAsync(["hello"], new EmbeddingGenerationOptions { Dimensions = 16 }));
        Assert.Contains("16 dimensions", width.Message);
    }

    [Fact]
    public async Task A_cancelled_request_ends_and_the_next_one_runs()
    {
        using var generator = _backbone.AsEmbeddingGenerator();
        using var cancellation = new CancellationTokenSource();
        var running = generator.GenerateAsync(Enumerable.Repeat("hello world good day", 50_000), cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Single(await generator.GenerateAsync(["hello"]));
    }

    [Fact]
    public async Task Requests_at_once_give_the_answers_of_requests_in_turn()
    {
        using var generator = _backbone.AsEmbeddingGenerator();
        var texts = Enumerable.Range(0, 16).Select(i => string.Join(' ', Enumerable.Repeat("hello", i + 1))).ToArray();
        var together = await Task.WhenAll(texts.Select(text => generator.GenerateAsync([text])));
        for (var i = 0; i < texts.Length; i++) Assert.Equal(_backbone.Embed([texts[i]])[0], together[i][0].Vector.ToArray());
    }

    [Fact]
    public void Services_are_the_metadata_the_backbone_and_itself()
    {
        using var generator = _backbone.AsEmbeddingGenerator();
        var metadata = generator.GetService<EmbeddingGeneratorMetadata>()!;
        Assert.Equal(("polymath", "tiny", TinyModel.Width), (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(_backbone, generator.GetService<Backbone>());
        Assert.Same(generator, generator.GetService<BackboneEmbeddingGenerator>());
        Assert.Null(generator.GetService<Backbone>("key"));
        Assert.Null(generator.GetService<string>());
    }

    [Fact]
    public async Task Disposing_refuses_further_requests_and_leaves_the_backbone_unless_told_otherwise()
    {
        var generator = _backbone.AsEmbeddingGenerator();
        generator.Dispose();
        generator.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => generator.GenerateAsync(["hello"]));
        Assert.Single(_backbone.Embed(["hello"]));
        var owned = Backbone.Load(_folder["tiny"]);
        owned.AsEmbeddingGenerator(new BackboneEmbeddingOptions { DisposeBackbone = true }).Dispose();
        Assert.ThrowsAny<Exception>(() => owned.Embed(["hello"]));
    }
}
