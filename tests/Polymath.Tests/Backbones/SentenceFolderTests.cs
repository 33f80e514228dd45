namespace Polymath.Tests;

/// <summary>sentence-transformers folders: pooling, dense layers, normalisation, length limit, prompts.</summary>
public sealed class SentenceFolderTests : IDisposable
{
    private const string Text = "a big red horse and a very small bird walk to the sea";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mean_tokens", null, false)]
    [InlineData("mean_tokens", 7, true)]
    [InlineData("cls_token", 40, false)]
    [InlineData("cls_token", null, true)]
    [InlineData("max_tokens", 5, true)]
    public void The_vector_is_pooled_projected_and_normalised_as_the_folder_says(string pooling, int? outputs, bool normalise)
    {
        using var backbone = Backbone.Load(TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { Pooling = pooling, DenseOutputs = outputs, Normalise = normalise }));
        var encoding = backbone.Tokenizer.Encode(Text);
        var states = TinyModel.LastStates(backbone, encoding.Ids, encoding.TypeIds);
        float[] expected = [.. Enumerable.Range(0, TinyModel.Width).Select(i => pooling switch { "cls_token" => states[0][i], "max_tokens" => states.Max(state => state[i]), _ => states.Average(state => state[i]) })];
        if (outputs is { } width)
            expected = [.. Enumerable.Range(0, width).Select(o => MathF.Tanh(TinyModel.DenseWeight(width).Skip(o * TinyModel.Width).Take(TinyModel.Width).Zip(expected, (w, x) => w * x).Sum() + TinyModel.DenseBias(width)[o]))];
        var length = normalise ? Math.Sqrt(expected.Sum(x => (double)x * x)) : 1;
        var found = backbone.Embed([Text, "sun", Text]);
        Assert.Equal(expected.Length, found[0].Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i] / length, found[0][i], 1e-5);
        Assert.Equal(found[0], found[2]);
        Assert.NotEqual(found[0], found[1]);
    }

    [Fact]
    public void The_sentence_limit_wins_over_the_tokenizers_own_truncation()
    {
        var folder = TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { MaxSequence = 20 });
        WithTruncation(folder, 8);
        using var backbone = Backbone.Load(folder);
        Assert.Equal((20, 8), (backbone.MaxTokens, backbone.Tokenizer.FileOptions.MaxLength));
        Assert.Equal(backbone.Embed([Words(18)]), backbone.Embed([Words(18) + " cat dog"])); // 18 words and two special tokens
        Assert.NotEqual(backbone.Embed([Words(18)]), backbone.Embed([Words(17)]));
        using var shorter = Backbone.Load(folder, new BackboneOptions { MaxTokens = 12 });
        Assert.Equal(12, shorter.MaxTokens);
        Assert.Equal(backbone.Embed([Words(10)]), shorter.Embed([Words(11)]));
    }

    [Fact]
    public void No_limit_goes_beyond_the_positions()
    {
        using var backbone = Backbone.Load(TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { MaxSequence = 500 }));
        Assert.Equal(TinyModel.MaxTokens, backbone.MaxTokens);
        Assert.Equal(TinyModel.Width, backbone.Embed([Words(600)])[0].Length);
    }

    [Fact]
    public async Task A_prompt_does_what_the_text_with_that_prefix_does()
    {
        var folder = TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { Prompts = new() { ["query"] = "query , ", ["passage"] = "read " } });
        using var backbone = Backbone.Load(folder);
        Assert.Equal(backbone.Embed(["query , " + Text]), backbone.Embed([Text], "query"));
        Assert.Equal(backbone.Embed(["read " + Text]), backbone.Embed([Text], "passage"));
        Assert.NotEqual(backbone.Embed([Text]), backbone.Embed([Text], "query"));
        Assert.Contains("query, passage", Assert.Throws<PolymathException>(() => backbone.Embed([Text], "title")).Message);

        async Task<byte[]> Features(string text, params string[] options)
        {
            File.WriteAllText(_folder["rows.txt"], text + "\n");
            (await CliRun.Of(["features", "--model", folder, "--data", _folder["rows.txt"], "--out", _folder["x.npy"], .. options])).Ok();
            return File.ReadAllBytes(_folder["x.npy"]);
        }
        Assert.Equal(await Features("query , " + Text), await Features(Text, "--prompt", "query"));
        (await CliRun.Of("features", "--model", folder, "--data", _folder["rows.txt"], "--out", _folder["x.npy"], "--prompt", "title")).Refused("'title'", "query, passage");
        // Searching puts the model's own prompts before query and rows.
        File.WriteAllText(_folder["rows.txt"], Text + "\n");
        var score = Assert.Single((await CliRun.Of("search", "--model", folder, "--data", _folder["rows.txt"], "--json", "sun and moon")).Ok().JsonLines).GetProperty("score").GetDouble();
        float[] query = backbone.Embed(["query , sun and moon"])[0], passage = backbone.Embed(["read " + Text])[0];
        Assert.Equal(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(query, passage), score, 1e-5);
    }

    [Fact]
    public void A_default_prompt_is_used_where_none_is_named()
    {
        using var backbone = Backbone.Load(TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { Prompts = new() { ["query"] = "query , ", ["none"] = "" }, DefaultPrompt = "query" }));
        Assert.Equal(backbone.Embed([Text], "query"), backbone.Embed([Text]));
        Assert.NotEqual(backbone.Embed([Text], "none"), backbone.Embed([Text]));
    }

    [Theory]
    [InlineData("WordWeights", "WordWeights", "Pooling")]
    [InlineData("Dense", "Dense", "Normalize")]
    public void A_module_that_is_not_known_is_named(string module, params string[] words)
    {
        var folder = TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { Normalise = true, ExtraModule = module });
        Refused(folder, words);
    }

    [Fact]
    public void Broken_descriptions_are_named()
    {
        var folder = TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { DenseOutputs = 6 });
        void Broken(string file, string text, params string[] words)
        {
            var path = Path.Combine(folder, file);
            var before = File.ReadAllText(path);
            File.WriteAllText(path, text);
            Refused(folder, words);
            File.WriteAllText(path, before);
        }
        Broken("modules.json", "{", "modules.json");
        Broken("modules.json", """[{"type": null, "path": ""}]""", "modules.json");
        Broken("modules.json", """[{"type": "sentence_transformers.models.Pooling", "path": "../elsewhere"}]""", "leads out");
        Broken("1_Pooling/config.json", """{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}""", "mean_tokens and max_tokens");
        Broken("1_Pooling/config.json", """{"pooling_mode_weightedmean_tokens": true}""", "weightedmean_tokens");
        Broken("1_Pooling/config.json", """{"pooling_mode_mean_tokens": true, "include_prompt": false}""", "include_prompt");
        Broken("2_Dense/config.json", """{"in_features": 32, "out_features": 9, "bias": true}""", "linear.weight");
        Broken("2_Dense/config.json", """{"in_features": 32, "out_features": 6, "activation_function": "torch.nn.GELU"}""", "GELU", "Tanh");
        Broken("sentence_bert_config.json", """{"max_seq_length": 1}""", "max_seq_length");
        TinyModel.WriteJson(folder, "2_Dense/config.json", new { in_features = 16, out_features = 6 });
        Polymath.Checkpoints.SafetensorsWriter.Write(Path.Combine(folder, "2_Dense", "model.safetensors"),
            [Polymath.Checkpoints.StoredTensor.Of("linear.weight", new float[96], 6, 16), Polymath.Checkpoints.StoredTensor.Of("linear.bias", new float[6], 6)]);
        Refused(folder, "Dense", "16", "32");
    }

    private static void Refused(string folder, params string[] words)
    {
        var error = Assert.Throws<PolymathException>(() => Backbone.Load(folder));
        Assert.DoesNotContain('\n', error.Message);
        Assert.All(words, word => Assert.Contains(word, error.Message));
    }

    private static string Words(int count) => TinyModel.Text(Enumerable.Range(0, count).Select(i => 60 + i % 60));

    /// <summary>Replaces vocab.txt by a tokenizer.json that asks for truncation itself.</summary>
    private static void WithTruncation(string folder, int length)
    {
        var vocabulary = TinyModel.Words.Select((word, id) => $"{System.Text.Json.JsonSerializer.Serialize(word)}: {id}");
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), $$"""
            {"truncation": {"max_length": {{length}}, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}, "padding": null, "added_tokens": [],
             "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": { {{string.Join(", ", vocabulary)}} } } }
            """);
        File.Delete(Path.Combine(folder, "vocab.txt"));
    }
}
