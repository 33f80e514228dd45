using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Polymath.Generation;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Polymath.Extensions.AI;

/// <summary>
/// A language model as an <see cref="IChatClient"/>: the messages go through the model's own chat template, the answer comes whole or piece by piece; the last update of a stream
/// has no text but says why the answer ended and counts tokens. Understood options:
/// <see cref="ChatOptions.MaxOutputTokens"/>, <see cref="ChatOptions.Temperature"/>, <see cref="ChatOptions.TopK"/>, <see cref="ChatOptions.TopP"/>,
/// <see cref="ChatOptions.StopSequences"/>, <see cref="ChatOptions.Seed"/> and <see cref="ChatOptions.Instructions"/>; a
/// <see cref="ChatOptions.ModelId"/> of another model is refused; others are passed over. Only text is read.
/// </summary>
internal sealed class LanguageModelChatClient(LanguageModel model, GenerationOptions defaults) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("polymath", null, model.Name);

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var (prompt, settings) = Read(messages, options);
        var text = await Task.Run(() => model.GenerateTokens([prompt], settings, cancellationToken)[0][0], cancellationToken).ConfigureAwait(false);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, text.Text))
        {
            ModelId = model.Name,
            CreatedAt = DateTimeOffset.UtcNow,
            FinishReason = ReasonOf(text),
            Usage = UsageOf(prompt, text),
        };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var (prompt, settings) = Read(messages, options);
        GeneratedText? whole = null;
        using var pieces = model.Stream(prompt, settings, text => whole = text, cancellationToken).GetEnumerator();
        while (await Task.Run(pieces.MoveNext, cancellationToken).ConfigureAwait(false))
            yield return new ChatResponseUpdate(ChatRole.Assistant, pieces.Current) { ModelId = model.Name };
        yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(UsageOf(prompt, whole!))]) { ModelId = model.Name, CreatedAt = DateTimeOffset.UtcNow, FinishReason = ReasonOf(whole!) };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        return serviceType == typeof(ChatClientMetadata) ? _metadata : serviceType == typeof(LanguageModel) ? model : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>The model stays the caller's.</summary>
    public void Dispose() { }

    private static ChatFinishReason ReasonOf(GeneratedText text) => text.End == GenerationEnd.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;

    private static UsageDetails UsageOf(int[] prompt, GeneratedText text) =>
        new() { InputTokenCount = prompt.Length, OutputTokenCount = text.Ids.Count, TotalTokenCount = prompt.Length + text.Ids.Count };

    private (int[] Prompt, GenerationOptions Options) Read(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        RequestedModel.Check(options?.ModelId, model.Name, "client");
        List<Text.Chat.ChatMessage> read = [.. messages.Select(message => new Text.Chat.ChatMessage(message.Role.Value, message.Text))];
        if (options?.Instructions is { Length: > 0 } instructions) read.Insert(0, new Text.Chat.ChatMessage("system", instructions));
        return (model.EncodeChat(read), options is null ? defaults : defaults with
        {
            MaxNewTokens = options.MaxOutputTokens ?? defaults.MaxNewTokens,
            Temperature = options.Temperature ?? defaults.Temperature,
            TopK = options.TopK ?? defaults.TopK,
            TopP = options.TopP ?? defaults.TopP,
            Stop = options.StopSequences is { Count: > 0 } stops ? [.. stops] : defaults.Stop,
            Seed = options.Seed is { } seed ? unchecked((int)seed) : defaults.Seed,
        });
    }
}
