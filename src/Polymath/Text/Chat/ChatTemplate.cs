using Polymath.Text.Reading;

namespace Polymath.Text.Chat;

/// <summary>
/// How a model wants a conversation written: a template in a safe subset of Jinja, rendered as the library transformers does
/// (trim_blocks and lstrip_blocks on). Immutable and safe for use by many threads at once. A template can only read the conversation and
/// write text; size, nesting and work are bounded.
/// </summary>
public sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> _body;
    private readonly string _source;
    private readonly IReadOnlyDictionary<string, string> _tokens;

    private ChatTemplate(IReadOnlyList<Statement> body, string source, IReadOnlyDictionary<string, string> tokens) => (_body, _source, _tokens) = (body, source, tokens);

    /// <summary>
    /// The template of a model's folder: chat_template.jinja, or chat_template in tokenizer_config.json (of several, the one named
    /// "default"). Special tokens come from tokenizer_config.json and special_tokens_map.json. Null where the folder has no template.
    /// </summary>
    /// <exception cref="PolymathException">The folder is missing, a file is broken, or the template uses what is not supported.</exception>
    public static ChatTemplate? Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder)) throw new PolymathException($"{folder}: no such folder; name the folder of a Hugging Face model or tokenizer.");
        var side = SideFiles.Read(folder);
        var tokens = SideFiles.Roles.Where(r => side.SpecialToken(r) is not null).ToDictionary(r => r, r => side.SpecialToken(r)!.Content);
        var file = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(file)) return Parse(TokenizerFolder.ReadText(file), file, tokens);
        return side.ChatTemplate is { } text ? Parse(text, Path.Combine(folder, "tokenizer_config.json"), tokens) : null;
    }

    /// <summary>Parses the text of a template.</summary>
    /// <param name="text">The template.</param>
    /// <param name="source">What error messages call it.</param>
    /// <param name="tokens">Special tokens by the names that templates know them under ("bos_token", "eos_token", …); may be null.</param>
    /// <exception cref="PolymathException">The template is broken, or uses a statement that is not supported; names it and its line.</exception>
    public static ChatTemplate Parse(string text, string source, IReadOnlyDictionary<string, string>? tokens = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(StatementParser.Parse(text, source), source, tokens ?? new Dictionary<string, string>());
    }

    /// <summary>
    /// Writes a conversation as the model expects it, special tokens included: encode the result without adding them again. As in
    /// transformers without tools, the variables "tools" and "documents" are none.
    /// </summary>
    /// <param name="messages">The turns, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether to end with what starts the assistant's next turn.</param>
    /// <exception cref="PolymathException">The template refuses the conversation (its roles, mostly), uses a function, filter or test that is not supported, or exceeds a limit.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var variables = new Dictionary<string, object?>();
        foreach (var (name, token) in _tokens) variables[name] = token;
        variables["messages"] = messages.Select(m => (object?)new Map { ["role"] = m.Role, ["content"] = m.Content }).ToList();
        variables["add_generation_prompt"] = addGenerationPrompt;
        variables["tools"] = null;
        variables["documents"] = null;
        var state = new RenderState(_source, variables);
        Statement.RunAll(state, _body);
        return state.Output;
    }
}
