using System.Text.Json;
using Polymath.Backbones;
using Polymath.Evaluation;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>Folders of small networks that write, with random weights, over an alphabet of single letters; and rows whose answer is the input reversed.</summary>
internal static class SmallWriters
{
    /// <summary>What stands between input and answer of a decoder; the alphabet has no line break.</summary>
    public const string Separator = "=";

    private static readonly string[] Special = ["<s>", "<pad>", "</s>", "<unk>", Separator];

    /// <summary>Writes config.json, tokenizer.json and random weights.</summary>
    /// <param name="folder">Made where there is none.</param>
    /// <param name="family">gpt2, t5 or bart.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="width">Width of the hidden states.</param>
    /// <param name="layers">Blocks of each half.</param>
    /// <param name="symbols">Letters of the alphabet.</param>
    public static string Write(string folder, string family, ulong seed = 1, int width = 64, int layers = 2, int symbols = 10)
    {
        Directory.CreateDirectory(folder);
        string[] vocabulary = [.. Special, .. Enumerable.Range(0, symbols).Select(Symbol)];
        File.WriteAllText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(Config(family, vocabulary.Length, width, layers)));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer(family, vocabulary));
        FreshWeights.Write(folder, seed);
        return folder;
    }

    /// <summary>Rows of single letters; the answer is the input from its end to its beginning.</summary>
    /// <param name="count">The number of rows.</param>
    /// <param name="seed">Decides the letters.</param>
    /// <param name="least">The fewest letters of a row.</param>
    /// <param name="most">The most letters of a row.</param>
    /// <param name="symbols">Letters of the alphabet.</param>
    public static Row[] Rows(int count, ulong seed, int least = 8, int most = 8, int symbols = 10)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            string[] letters = [.. Enumerable.Range(0, least + random.Next(most - least + 1)).Select(_ => Symbol(random.Next(symbols)))];
            return new Row(string.Join(' ', letters)) { Label = string.Join(' ', letters.Reverse()) };
        })];
    }

    private static string Symbol(int index) => $"{(char)('a' + index)}";

    private static Dictionary<string, object> Config(string family, int vocabulary, int width, int layers)
    {
        var common = new Dictionary<string, object> { ["model_type"] = family, ["vocab_size"] = vocabulary, ["pad_token_id"] = 1, ["eos_token_id"] = 2, ["tie_word_embeddings"] = true };
        var own = family switch
        {
            "gpt2" => new Dictionary<string, object>
            {
                ["architectures"] = new[] { "GPT2LMHeadModel" },
                ["n_embd"] = width,
                ["n_layer"] = layers,
                ["n_head"] = 4,
                ["n_positions"] = 32,
                ["activation_function"] = "gelu_new",
                ["layer_norm_epsilon"] = 1e-5,
                ["initializer_range"] = 0.08,
            },
            "t5" => new()
            {
                ["architectures"] = new[] { "T5ForConditionalGeneration" },
                ["d_model"] = width,
                ["d_kv"] = width / 4,
                ["d_ff"] = 4 * width,
                ["num_layers"] = layers,
                ["num_decoder_layers"] = layers,
                ["num_heads"] = 4,
                ["feed_forward_proj"] = "relu",
                ["dense_act_fn"] = "relu",
                ["relative_attention_num_buckets"] = 32,
                ["relative_attention_max_distance"] = 64,
                ["layer_norm_epsilon"] = 1e-6,
                ["decoder_start_token_id"] = 1,
                ["scale_decoder_outputs"] = true,
            },
            _ => new()
            {
                ["architectures"] = new[] { "BartForConditionalGeneration" },
                ["d_model"] = width,
                ["encoder_layers"] = layers,
                ["decoder_layers"] = layers,
                ["encoder_attention_heads"] = 4,
                ["decoder_attention_heads"] = 4,
                ["encoder_ffn_dim"] = 4 * width,
                ["decoder_ffn_dim"] = 4 * width,
                ["max_position_embeddings"] = 32,
                ["activation_function"] = "gelu",
                ["decoder_start_token_id"] = 2,
                ["init_std"] = 0.08,
            },
        };
        foreach (var (key, value) in own) common[key] = value;
        return common;
    }

    private static string Tokenizer(string family, string[] vocabulary) => JsonSerializer.Serialize(new
    {
        version = "1.0",
        added_tokens = Special.Take(4).Select((content, id) => new { id, content, single_word = false, lstrip = false, rstrip = false, normalized = false, special = true }),
        normalizer = (object?)null,
        pre_tokenizer = new { type = "BertPreTokenizer" },
        post_processor = new
        {
            type = "TemplateProcessing",
            single = family switch { "gpt2" => new[] { Text() }, "t5" => [Text(), Token("</s>")], _ => [Token("<s>"), Text(), Token("</s>")] },
            pair = new[] { Text(), Text("B") },
            special_tokens = new Dictionary<string, object> { ["<s>"] = new { id = "<s>", ids = new[] { 0 }, tokens = new[] { "<s>" } }, ["</s>"] = new { id = "</s>", ids = new[] { 2 }, tokens = new[] { "</s>" } } },
        },
        decoder = new { type = "WordPiece", prefix = "##", cleanup = false },
        model = new { type = "WordPiece", unk_token = "<unk>", continuing_subword_prefix = "##", max_input_chars_per_word = 100, vocab = vocabulary.Select((word, id) => (word, id)).ToDictionary(entry => entry.word, entry => entry.id) },
    });

    private static object Text(string sequence = "A") => new { Sequence = new { id = sequence, type_id = 0 } };

    private static object Token(string token) => new { SpecialToken = new { id = token, type_id = 0 } };
}
