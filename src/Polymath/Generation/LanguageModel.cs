using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Native;
using Polymath.Text;
using Polymath.Text.Chat;
using TorchSharp;

namespace Polymath.Generation;

/// <summary>How a language model reads and writes.</summary>
public enum LanguageModelKind
{
    /// <summary>Continues a text (GPT-2, Llama).</summary>
    Decoder,
    /// <summary>Writes an answer to a source (T5, BART).</summary>
    EncoderDecoder,
    /// <summary>Fills in masked tokens (BERT).</summary>
    Masked,
}

/// <summary>How a language model is loaded.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>The number format of the network.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>
    /// Whether weights that a GGUF file stores in four bits (Q4_0, Q4_1) stay so: a sixth of float32's memory and faster writing, inputs and outputs of those layers
    /// rounded to bfloat16.
    /// </summary>
    public bool FourBit { get; init; }

    /// <summary>The most tokens of a prompt with its answer; null takes the model's own limit.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Where hashes of large files are remembered; null for the user's cache folder.</summary>
    public string? CacheFolder { get; init; }
}

/// <summary>
/// A pre-trained language model as a black box: it continues texts and says how likely answers are. From a Hugging Face folder or a GGUF file. Immutable, and safe to use
/// from many threads at once.
/// </summary>
public sealed partial class LanguageModel : IAnswerScorer, IDisposable
{
    private readonly Network _network;
    private readonly LanguageModelOptions _options;
    private readonly Lazy<string> _hash;
    private readonly Lazy<ChatTemplate?> _chat;

    private LanguageModel(string path, LanguageModelOptions options, Network network, Tokenizer tokenizer, Func<ChatTemplate?> chat, int[] ends, Func<string>? hash = null)
    {
        (Path, _options, _network, Tokenizer, EndTokens) = (path, options, network, tokenizer, ends);
        (_hash, _chat) = (new Lazy<string>(hash ?? ComputeHash), new Lazy<ChatTemplate?>(chat));
        if (network is EncoderDecoder both) _ = both.DecoderStart; // said now, not at the first text
        Kind = network switch { Decoder => LanguageModelKind.Decoder, EncoderDecoder => LanguageModelKind.EncoderDecoder, _ => LanguageModelKind.Masked };
    }

    /// <summary>The folder or file it was loaded from.</summary>
    public string Path { get; }

    /// <summary>Its name, for people.</summary>
    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(Path))) is var name && File.Exists(Path)
        ? System.IO.Path.GetFileNameWithoutExtension(name) : name;

    /// <summary>How it reads and writes.</summary>
    public LanguageModelKind Kind { get; }

    /// <summary>The settings of the network.</summary>
    public NetworkConfig Config => _network.Config;

    /// <summary>Its tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How a conversation becomes a prompt; null where the model brings no chat template.</summary>
    /// <exception cref="PolymathException">The template uses something outside the safe subset.</exception>
    public ChatTemplate? Chat => _chat.Value;

    /// <summary>Tokens that end a text.</summary>
    public IReadOnlyList<int> EndTokens { get; }

    /// <summary>SHA-256 of the weights and of the settings that change results; a task belongs to exactly one such hash.</summary>
    public string Hash => _hash.Value;

    /// <summary>The most tokens of a prompt with its answer.</summary>
    public int MaxTokens => Math.Min(_network.MaxTokens, _options.MaxTokens ?? Tokenizer.ModelMaxLength ?? _network.MaxTokens);

    internal Network Network => _network;

    /// <summary>Loads a folder (config.json, weights, tokenizer) or a GGUF file, which holds all three.</summary>
    /// <exception cref="PolymathException">A file is missing or broken, the family is not known, or the network has no language model head.</exception>
    public static LanguageModel Load(string path, LanguageModelOptions? options = null)
    {
        options ??= new LanguageModelOptions();
        using var scope = torch.NewDisposeScope();
        using var checkpoint = Checkpoint.Open(path);
        var gguf = checkpoint.Gguf;
        var config = gguf is null ? NetworkConfig.Read(System.IO.Path.Combine(path, "config.json")) : NetworkConfig.From(ConfigFile.Parse(System.Text.Encoding.UTF8.GetBytes(gguf.ConfigJson), path), path);
        // What a bare network lacks is its tied output layer, and that is known.
        if (config.Head == HeadKind.None && config.OutputIsTied) config = config with { Head = HeadKind.LanguageModel };
        if (config.Head is not (HeadKind.LanguageModel or HeadKind.MaskedLanguageModel))
            throw new PolymathException($"{path}: this network has no language model head ({string.Join(", ", config.File.Strings("architectures"))}); expected one that ends in ForCausalLM, LMHeadModel, ForConditionalGeneration or ForMaskedLM");
        var tokenizer = gguf?.ReadTokenizer() ?? Tokenizer.Load(path);
        var template = gguf?.ChatTemplate;
        ChatTemplate? Chat() => gguf is null ? ChatTemplate.Load(path) : template is null ? null : ChatTemplate.Parse(template, path, SpecialTexts(tokenizer));
        var network = Families.Load(config, checkpoint, Precisions.TensorType(options.Precision), trainable: false, withHead: true, fourBit: options.FourBit);
        return new LanguageModel(path, options, network, tokenizer, Chat, Ends(path, config, tokenizer));
    }

    /// <inheritdoc/>
    public IReadOnlyList<float[][]> LogProbabilities(IReadOnlyList<ScoringRequest> requests, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        foreach (var request in requests) Check(request);
        return Kind == LanguageModelKind.Masked
            ? new MaskedScorer(_network, Tokenizer.Special.Mask?.Id ?? throw new PolymathException($"{Path}: the tokenizer has no mask token")).LogProbabilities(requests, cancellation)
            : new PrefixTreeScorer(_network).LogProbabilities(requests, cancellation);
    }

    /// <summary>Continues prompts, all of them in one batch; where the model is an encoder-decoder, answers sources.</summary>
    /// <param name="prompts">Texts; the tokenizer adds its special tokens.</param>
    /// <param name="options">How the next token is chosen and where the text ends.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>For each prompt the best texts, as many as <see cref="GenerationOptions.Sequences"/>.</returns>
    /// <exception cref="PolymathException">A prompt leaves no room for an answer, options contradict each other, or the model fills in masks only.</exception>
    public IReadOnlyList<IReadOnlyList<GeneratedText>> Generate(IReadOnlyList<string> prompts, GenerationOptions? options = null, CancellationToken cancellation = default) =>
        GenerateTokens([.. prompts.Select(prompt => Encode(prompt))], options, cancellation);

    /// <summary>Continues prompts of token ids.</summary>
    /// <inheritdoc cref="Generate"/>
    public IReadOnlyList<IReadOnlyList<GeneratedText>> GenerateTokens(IReadOnlyList<int[]> prompts, GenerationOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new GenerationOptions();
        options.Check();
        foreach (var prompt in prompts) CheckPrompt(prompt);
        var generator = new TextGenerator(_network, MaxTokens, EndTokens, ids => Tokenizer.Decode(ids), Forced());
        return generator.Generate(prompts, options, cancellation);
    }

    /// <summary>Continues one prompt and gives the text piece by piece, as it is written.</summary>
    /// <inheritdoc cref="Generate"/>
    public IEnumerable<string> Stream(int[] prompt, GenerationOptions? options = null, CancellationToken cancellation = default) => Stream(prompt, options, null, cancellation);

    /// <summary>Continues one prompt and gives the text piece by piece, as it is written, and at its end the whole with its tokens.</summary>
    /// <param name="prompt">Token ids.</param>
    /// <param name="options">How the next token is chosen and where the text ends.</param>
    /// <param name="ended">Told of the whole text after its last piece; not told of a text that the caller leaves early.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="PolymathException">The prompt leaves no room for an answer, options contradict each other, or the model fills in masks only.</exception>
    public IEnumerable<string> Stream(int[] prompt, GenerationOptions? options, Action<GeneratedText>? ended, CancellationToken cancellation = default)
    {
        options ??= new GenerationOptions();
        options.Check();
        CheckPrompt(prompt);
        if (options.Beams > 1) throw new PolymathException("a beam search cannot be streamed: its text is known at the end only");
        return new TextGenerator(_network, MaxTokens, EndTokens, ids => Tokenizer.Decode(ids), Forced()).Stream(prompt, options, ended, cancellation);
    }

    /// <summary>The tokens of a prompt.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Whether the tokenizer adds its own; a rendered chat has them already.</param>
    public int[] Encode(string text, bool addSpecialTokens = true) => [.. Tokenizer.Encode(text, null, addSpecialTokens).Ids];

    /// <summary>The tokens of a conversation by the model's chat template, ready to be answered.</summary>
    /// <exception cref="PolymathException">The model has no chat template.</exception>
    public int[] EncodeChat(IReadOnlyList<ChatMessage> messages) => Chat is { } chat ? Encode(chat.Render(messages, addGenerationPrompt: true), addSpecialTokens: false)
        : throw new PolymathException($"{Path}: this model has no chat template; give it a plain prompt");

    /// <summary>Frees the weights.</summary>
    public void Dispose() => _network.Dispose();

    private void CheckPrompt(int[] prompt)
    {
        if (Kind == LanguageModelKind.Masked) throw new PolymathException($"{Path}: a masked language model writes no text; give a decoder or an encoder-decoder");
        if (prompt.Length == 0) throw new PolymathException("the prompt is empty, and the tokenizer adds nothing to it; give at least one token");
        if (Kind == LanguageModelKind.EncoderDecoder ? prompt.Length > MaxTokens : prompt.Length >= MaxTokens)
            throw new PolymathException($"the prompt has {prompt.Length} tokens; the model reads {MaxTokens}{(Kind == LanguageModelKind.Decoder ? " with the answer" : "")}: shorten the prompt");
        CheckIds(prompt);
    }

    private void Check(ScoringRequest request)
    {
        if (request.Before.Length == 0 && !(Kind == LanguageModelKind.Masked && request.After is { Length: > 0 })) throw new PolymathException("a prompt without tokens cannot be scored; give at least one");
        var longest = request.Answers.Select(answer => answer.Length > 0 ? answer.Length : throw new PolymathException("an answer without tokens cannot be scored")).DefaultIfEmpty(0).Max();
        var length = Kind == LanguageModelKind.EncoderDecoder ? Math.Max(request.Before.Length, longest) : request.Before.Length + longest + (request.After?.Length ?? 0);
        if (length > MaxTokens) throw new PolymathException($"a prompt with its longest answer has {length} tokens; the model reads {MaxTokens}: shorten the prompt");
        CheckIds(request.Before);
        foreach (var answer in request.Answers) CheckIds(answer);
        CheckIds(request.After ?? []);
    }

    private void CheckIds(int[] ids)
    {
        foreach (var id in ids)
            if (id < 0 || id >= Config.VocabularySize) throw new PolymathException($"{Path}: the tokenizer gave the id {id}, but the network knows {Config.VocabularySize} tokens; do they belong together?");
    }

    private string ComputeHash()
    {
        using var checkpoint = Checkpoint.Open(Path);
        return BackboneHash.Compute(checkpoint, Config.HashFields(), _options.CacheFolder ?? CacheFolder.Default);
    }

    private static Dictionary<string, string> SpecialTexts(Tokenizer tokenizer)
    {
        var texts = new Dictionary<string, string>();
        if (tokenizer.Special.Begin is { } begin) texts["bos_token"] = begin.Text;
        if (tokenizer.Special.End is { } end) texts["eos_token"] = end.Text;
        return texts;
    }

    /// <summary>The tokens that generation_config.json, else config.json, wants first and last of what an encoder-decoder writes; null for none.</summary>
    private ForcedTokens? Forced()
    {
        if (Kind != LanguageModelKind.EncoderDecoder) return null;
        int? Token(string key) => Settings(Path, Config).Select(settings => settings.Integers(key)).FirstOrDefault(found => found.Count > 0)?[0];
        var tokens = new ForcedTokens(Token("forced_bos_token_id"), Token("forced_eos_token_id"));
        return tokens is { First: null, Last: null } ? null : tokens;
    }

    private static IEnumerable<ConfigFile> Settings(string path, NetworkConfig config)
    {
        var file = System.IO.Path.Combine(path, NetworkConfig.GenerationFile);
        return File.Exists(file) ? [ConfigFile.Open(file), config.File] : [config.File];
    }

    /// <summary>The end tokens of generation_config.json, else of config.json, else of the tokenizer.</summary>
    private static int[] Ends(string path, NetworkConfig config, Tokenizer tokenizer)
    {
        foreach (var settings in Settings(path, config))
            if (settings.Integers("eos_token_id") is { Count: > 0 } ends) return [.. ends];
        return tokenizer.Special.End is { } end ? [end.Id] : [];
    }
}
