using System.Text.Json.Nodes;
using Polymath.Checkpoints.Gguf;
using Polymath.Text;
using Polymath.Text.Reading;

namespace Polymath.Tests;

/// <summary>Tokenizers from metadata give every line of the reference outputs, as the folders' own files do.</summary>
public class GgufTokenizerTests
{
    [Fact]
    public void SmolLM2s_own_file_gives_the_reference_outputs()
    {
        using var model = GgufModel.Open(TestFiles.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        var tokenizer = model.ReadTokenizer();
        Check(tokenizer, "bytebpe-smollm2");
        TokenizerGoldenTests.CheckSame(Tokenizer.Load(TestFiles.Golden("tokenizers", "bytebpe-smollm2")), tokenizer);
        TokenizerGoldenTests.Check(tokenizer, TestFiles.Shared("golden", "real", "tokenizers", "lines.jsonl.gz"), TestFiles.Shared("golden", "real", "tokenizers", "bytebpe-smollm2.cases.jsonl.gz"), 910);
        Assert.Equal(8192, tokenizer.ModelMaxLength);
    }

    [Theory]
    [InlineData("bytebpe-gpt2", "gpt-2")]
    [InlineData("bytebpe-gpt2", null)]
    [InlineData("bytebpe-smollm2", "smollm")]
    [InlineData("bytebpe-llama3", "llama-bpe")]
    [InlineData("bytebpe-qwen2", "qwen2")]
    public void Byte_level_tokenizers_give_the_reference_outputs(string name, string? words)
    {
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(ByteLevel(name, words).Save(folder["x.gguf"]));
        Check(GgufTokenizer.Read(file), name);
    }

    [Theory]
    [InlineData("bpe-llama2", "tokenizer.model", "llama")]
    [InlineData("unigram-t5", "spiece.model", "t5")]
    public void Sentencepiece_vocabularies_give_the_reference_outputs(string name, string source, string kind)
    {
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(Pieces(SentencePieceModel.Parse(File.ReadAllBytes(TestFiles.Golden("tokenizers", name, source)), source), kind).Save(folder["x.gguf"]));
        Check(GgufTokenizer.Read(file), name);
    }

    [Fact]
    public void What_the_metadata_do_not_say_is_refused_in_one_line()
    {
        using var folder = new TemporaryFolder();
        void Refused(string expected, Func<GgufBuilder, GgufBuilder> change)
        {
            using var file = GgufFile.Open(change(ByteLevel("bytebpe-qwen2", "qwen2")).Save(folder["x.gguf"]));
            GgufFileTests.Refused(() => GgufTokenizer.Read(file), expected);
        }
        Refused("lacks 'tokenizer.ggml.model'", builder => builder.Remove("tokenizer.ggml.model"));
        Refused("the tokenizer 'bert' is not known; known are gpt2, llama and t5", builder => builder.Set("tokenizer.ggml.model", "bert"));
        Refused("the tokenizer 'tekken' splits words", builder => builder.Set("tokenizer.ggml.pre", "tekken"));
        Refused("lacks 'tokenizer.ggml.merges'", builder => builder.Remove("tokenizer.ggml.merges"));
        Refused("merge 2 of the tokenizer is 'a b c'", builder => builder.Set("tokenizer.ggml.merges", new[] { "h e", "a b c" }));
        Refused("merge 1 needs the token", builder => builder.Set("tokenizer.ggml.merges", new[] { "漢 字" }));
        Refused("'tokenizer.ggml.token_type' is a list of 1 values, where one for each of", builder => builder.Set("tokenizer.ggml.token_type", new[] { 1 }));
        Refused("where the number of one of the", builder => builder.Set("tokenizer.ggml.eos_token_id", 99999u));
        Refused("lacks 'tokenizer.ggml.bos_token_id'", builder => builder.Set("tokenizer.ggml.add_bos_token", true));
        Refused("lacks 'tokenizer.ggml.scores'", builder => builder.Set("tokenizer.ggml.model", "llama"));
    }

    private static void Check(Tokenizer tokenizer, string name) =>
        TokenizerGoldenTests.Check(tokenizer, TestFiles.Golden("tokenizers", "lines.jsonl.gz"), TestFiles.Golden("tokenizers", name, "cases.jsonl.gz"), 1500);

    /// <summary>tokenizer.json's vocabulary, merges and added tokens as metadata.</summary>
    private static GgufBuilder ByteLevel(string name, string? words)
    {
        var json = JsonNode.Parse(File.ReadAllText(TestFiles.Golden("tokenizers", name, "tokenizer.json")))!;
        var added = json["added_tokens"]!.AsArray().ToDictionary(token => (int)token!["id"]!, token => (Text: (string)token!["content"]!, Special: (bool)token["special"]!));
        var tokens = json["model"]!["vocab"]!.AsObject().ToDictionary(pair => (int)pair.Value!, pair => pair.Key);
        foreach (var (id, token) in added) tokens[id] = token.Text;
        Assert.Equal(tokens.Count, tokens.Keys.Max() + 1);
        var builder = new GgufBuilder().Set("general.architecture", "none").Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.tokens", Enumerable.Range(0, tokens.Count).Select(id => tokens[id]).ToArray())
            .Set("tokenizer.ggml.token_type", Enumerable.Range(0, tokens.Count).Select(id => !added.TryGetValue(id, out var token) ? 1 : token.Special ? 3 : 4).ToArray())
            .Set("tokenizer.ggml.merges", json["model"]!["merges"]!.AsArray().Select(merge => merge is JsonArray pair ? $"{pair[0]} {pair[1]}" : (string)merge!).ToArray());
        if (words is not null) builder.Set("tokenizer.ggml.pre", words);
        // Llama 3 begins every text with its begin token, whether or not the file says so.
        return words == "llama-bpe" ? builder.Set("tokenizer.ggml.bos_token_id", 0u) : builder;
    }

    /// <summary>A sentencepiece file as metadata; T5's fillers behind it, as the converter pads its vocabulary.</summary>
    private static GgufBuilder Pieces(SentencePieceModel model, string kind)
    {
        var pieces = model.Pieces.Concat(Enumerable.Range(0, kind == "t5" ? 128 : 0).Select(i => new SentencePiece($"[PAD{model.Pieces.Count + i}]", -10000, PieceKind.Unused))).ToList();
        return new GgufBuilder().Set("general.architecture", "none").Set("tokenizer.ggml.model", kind).Set(kind == "t5" ? "tokenizer.ggml.eos_token_id" : "tokenizer.ggml.bos_token_id", 1u)
            .Set("tokenizer.ggml.tokens", pieces.Select(piece => piece.Text).ToArray())
            .Set("tokenizer.ggml.scores", pieces.Select(piece => piece.Score).ToArray())
            .Set("tokenizer.ggml.token_type", pieces.Select(piece => (int)piece.Kind).ToArray())
            .Set("tokenizer.ggml.precompiled_charsmap", model.CharacterMap)
            .Set("tokenizer.ggml.add_space_prefix", model.AddDummyPrefix).Set("tokenizer.ggml.remove_extra_whitespaces", model.RemoveExtraSpaces);
    }
}
