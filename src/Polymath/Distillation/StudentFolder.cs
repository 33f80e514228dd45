using System.Text.Encodings.Web;
using System.Text.Json;
using Polymath.Checkpoints;
using Polymath.Evaluation;
using Polymath.Native;
using Polymath.Text.Training;

namespace Polymath.Distillation;

/// <summary>
/// Writes the files of a BERT-type sentence encoder that stand around its weights, as transformers and sentence-transformers do: config.json,
/// tokenizer.json, vocab.txt, tokenizer_config.json, modules.json with mean pooling. And the first, random weights.
/// </summary>
internal static class StudentFolder
{
    private const double InitialDeviation = 0.02; // as BERT (Devlin et al. 2019)

    private static readonly string[] Architectures = ["BertModel"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes everything but the weights.</summary>
    public static void WriteSettings(string folder, IReadOnlyList<string> tokens, DistillationOptions options, Disk disk)
    {
        void Json(string name, object value) => disk.WriteText(Path.Combine(folder, name), JsonSerializer.Serialize(value, Indented) + "\n");
        disk.WriteText(Path.Combine(folder, "vocab.txt"), string.Join('\n', tokens) + "\n");
        disk.WriteText(Path.Combine(folder, "tokenizer.json"), TokenizerJson(tokens));
        Json("tokenizer_config.json", new
        {
            tokenizer_class = "BertTokenizer",
            do_lower_case = true,
            model_max_length = options.MaxTokens,
            pad_token = "[PAD]",
            unk_token = "[UNK]",
            cls_token = "[CLS]",
            sep_token = "[SEP]",
            mask_token = "[MASK]",
        });
        Json("config.json", new
        {
            architectures = Architectures,
            model_type = "bert",
            vocab_size = tokens.Count,
            hidden_size = options.Width,
            num_hidden_layers = options.Layers,
            num_attention_heads = options.Heads,
            intermediate_size = options.Intermediate,
            hidden_act = "gelu",
            max_position_embeddings = options.MaxTokens,
            type_vocab_size = 2,
            layer_norm_eps = 1e-12,
            hidden_dropout_prob = 0.1,
            attention_probs_dropout_prob = 0.1,
            initializer_range = InitialDeviation,
            pad_token_id = 0,
            torch_dtype = "float16",
        });
        Json("modules.json", new[]
        {
            new { idx = 0, name = "0", path = "", type = "sentence_transformers.models.Transformer" },
            new { idx = 1, name = "1", path = "1_Pooling", type = "sentence_transformers.models.Pooling" },
        });
        Json("1_Pooling/config.json", new
        {
            word_embedding_dimension = options.Width,
            pooling_mode_cls_token = false,
            pooling_mode_mean_tokens = true,
            pooling_mode_max_tokens = false,
            pooling_mode_mean_sqrt_len_tokens = false,
        });
        Json("sentence_bert_config.json", new { max_seq_length = options.MaxTokens, do_lower_case = false });
    }

    /// <summary>Random weights: normal for matrices, zero for biases, one for norms.</summary>
    public static void WriteFirstWeights(string file, int vocabulary, DistillationOptions options, Disk disk)
    {
        var random = new SeededRandom((ulong)options.Seed);
        int width = options.Width, inner = options.Intermediate;
        var tensors = new List<StoredTensor>();
        void Normal(string name, params long[] shape)
        {
            var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
            for (var i = 0; i < values.Length; i++) values[i] = (float)(InitialDeviation * random.NextGaussian());
            tensors.Add(StoredTensor.Of(name, values, shape));
        }
        void Fill(string name, float value, long size)
        {
            var values = new float[size];
            Array.Fill(values, value);
            tensors.Add(StoredTensor.Of(name, values, size));
        }
        void Norm(string name)
        {
            Fill($"{name}.weight", 1, width);
            Fill($"{name}.bias", 0, width);
        }
        void Linear(string name, int inputs, int outputs)
        {
            Normal($"{name}.weight", outputs, inputs);
            Fill($"{name}.bias", 0, outputs);
        }
        Normal("bert.embeddings.word_embeddings.weight", vocabulary, width);
        Normal("bert.embeddings.position_embeddings.weight", options.MaxTokens, width);
        Normal("bert.embeddings.token_type_embeddings.weight", 2, width);
        Norm("bert.embeddings.LayerNorm");
        for (var layer = 0; layer < options.Layers; layer++)
        {
            var block = $"bert.encoder.layer.{layer}";
            foreach (var part in new[] { "self.query", "self.key", "self.value", "output.dense" }) Linear($"{block}.attention.{part}", width, width);
            Norm($"{block}.attention.output.LayerNorm");
            Linear($"{block}.intermediate.dense", width, inner);
            Linear($"{block}.output.dense", inner, width);
            Norm($"{block}.output.LayerNorm");
        }
        SafetensorsWriter.Write(file, tensors, disk: disk);
    }

    private static string TokenizerJson(IReadOnlyList<string> tokens)
    {
        int Id(string token) => WordPieceTrainer.SpecialTokens.ToList().IndexOf(token);
        object Special(string token, int type) => new { SpecialToken = new { id = token, type_id = type } };
        object Text(string id, int type) => new { Sequence = new { id, type_id = type } };
        object Entry(string token) => new { id = token, ids = new[] { Id(token) }, tokens = new[] { token } };
        return JsonSerializer.Serialize(new
        {
            version = "1.0",
            truncation = (object?)null,
            padding = (object?)null,
            added_tokens = WordPieceTrainer.SpecialTokens.Select((content, id) => new { id, content, single_word = false, lstrip = false, rstrip = false, normalized = false, special = true }),
            normalizer = new { type = "BertNormalizer", clean_text = true, handle_chinese_chars = true, strip_accents = (bool?)null, lowercase = true },
            pre_tokenizer = new { type = "BertPreTokenizer" },
            post_processor = new
            {
                type = "TemplateProcessing",
                single = new[] { Special("[CLS]", 0), Text("A", 0), Special("[SEP]", 0) },
                pair = new[] { Special("[CLS]", 0), Text("A", 0), Special("[SEP]", 0), Text("B", 1), Special("[SEP]", 1) },
                special_tokens = new Dictionary<string, object> { ["[CLS]"] = Entry("[CLS]"), ["[SEP]"] = Entry("[SEP]") },
            },
            decoder = new { type = "WordPiece", prefix = "##", cleanup = true },
            model = new
            {
                type = "WordPiece",
                unk_token = "[UNK]",
                continuing_subword_prefix = "##",
                max_input_chars_per_word = 100,
                vocab = tokens.Select((token, id) => (token, id)).ToDictionary(entry => entry.token, entry => entry.id),
            },
        }, Indented) + "\n";
    }
}
