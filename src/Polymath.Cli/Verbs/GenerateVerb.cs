using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Generation;
using Polymath.Text.Chat;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath generate</c>: a language model continues prompts, or answers a chat.</summary>
internal static class GenerateVerb
{
    private const int Window = 256;

    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var prompts = new Argument<string[]>("prompts") { Description = "Prompts; none, or -, reads one a line from standard input", Arity = ArgumentArity.ZeroOrMore };
        var chat = new Option<bool>("--chat") { Description = "Each prompt is a user's message, put into the model's chat template" };
        var system = new Option<string?>("--system") { Description = "The system message of the chat" };
        var tokens = new Option<int>("--max-new-tokens", "-n") { Description = "The most tokens to write", DefaultValueFactory = _ => 64 };
        var temperature = new Option<double>("--temperature") { Description = "0 takes the most likely token; above it, tokens are drawn" };
        var topK = new Option<int>("--top-k") { Description = "Draw from so many most likely tokens" };
        var topP = new Option<double>("--top-p") { Description = "Draw from the most likely tokens that together have this probability", DefaultValueFactory = _ => 1 };
        var minP = new Option<double>("--min-p") { Description = "Draw from tokens with at least this share of the most likely one's probability" };
        var typicalP = new Option<double>("--typical-p") { Description = "Draw from the tokens nearest the expected surprise that together have this probability", DefaultValueFactory = _ => 1 };
        var penalty = new Option<double>("--repetition-penalty") { Description = "Makes tokens that came before less likely", DefaultValueFactory = _ => 1 };
        var ngram = new Option<int>("--no-repeat-ngram") { Description = "No sequence of so many tokens comes twice" };
        var beams = new Option<int>("--beams") { Description = "Texts followed at the same time (beam search)", DefaultValueFactory = _ => 1 };
        var lengthPenalty = new Option<double>("--length-penalty") { Description = "A beam's log-probability is divided by its length to this power", DefaultValueFactory = _ => 1 };
        var sequences = new Option<int>("--sequences") { Description = "Texts for each prompt", DefaultValueFactory = _ => 1 };
        var stop = new Option<string[]>("--stop") { Description = "Text that ends the answer (may be given several times)", DefaultValueFactory = _ => [] };
        var fourBit = new Option<bool>("--four-bit") { Description = "Keep a GGUF file's Q4_0 and Q4_1 weights in four bits: less memory, faster, rounded to bfloat16" };
        var command = Verb.Create("generate", "Let a language model continue prompts, or answer in a chat.",
            "polymath generate \"Once upon a time\" --model SmolLM2.gguf --max-new-tokens 40",
            "polymath generate \"What is the capital of France?\" --chat --model SmolLM2.gguf",
            "polymath generate --model ./flan-t5-small --beams 4 --json < sources.txt");
        command.Takes(prompts, settings.Model, chat, system, tokens, temperature, topK, topP, minP, typicalP, penalty, ngram, beams, lengthPenalty, sequences, stop, fourBit, settings.MaxTokens);
        command.Takes(settings.Seed, settings.Precision, settings.Threads, settings.Dedicated, settings.Json);
        settings.MaxTokens.Description = "The most tokens of a prompt with its answer (default: the model's own limit)";
        settings.Model.Description = "Language model: a GGUF file, a Hugging Face folder, or org/name to take from the local cache";
        command.Runs(streams, async (result, cancellation) =>
        {
            settings.ApplyThreads(result);
            var options = new GenerationOptions
            {
                MaxNewTokens = result.GetValue(tokens),
                Temperature = result.GetValue(temperature),
                TopK = result.GetValue(topK),
                TopP = result.GetValue(topP),
                MinP = result.GetValue(minP),
                TypicalP = result.GetValue(typicalP),
                RepetitionPenalty = result.GetValue(penalty),
                NoRepeatNgram = result.GetValue(ngram),
                Beams = result.GetValue(beams),
                LengthPenalty = result.GetValue(lengthPenalty),
                Sequences = result.GetValue(sequences),
                Stop = [.. result.GetValue(stop)!.Select(OneLine.Unescape)],
                Seed = result.GetValue(settings.Seed),
            };
            var texts = Prompts(result.GetValue(prompts)!, streams);
            if (result.GetValue(system) is not null && !result.GetValue(chat)) throw new PolymathException("--system belongs to a chat; add --chat");
            using var model = LanguageModel.Load(await LanguageModels.LocalAsync(LanguageModels.PathOf(result, settings), streams, cancellation).ConfigureAwait(false),
                new LanguageModelOptions { Precision = Settings.PrecisionOf(result.GetValue(settings.Precision)), FourBit = result.GetValue(fourBit), MaxTokens = result.GetValue(settings.MaxTokens) });
            int[][] ids = [.. texts.Select(text => result.GetValue(chat) ? model.EncodeChat(Messages(result.GetValue(system), text)) : model.Encode(text))];
            if (ids.Length == 1 && options is { Sequences: 1, Beams: 1 } && !result.GetValue(settings.Json)) Stream(model, ids[0], options, streams, cancellation);
            else
                foreach (var (number, window) in texts.Zip(ids).Chunk(Window).Index()) // what is ready is written before the next is begun
                {
                    var written = model.GenerateTokens([.. window.Select(row => row.Second)], options with { Seed = unchecked(options.Seed + number * Window) }, cancellation); // no window draws as another
                    Write(streams, result.GetValue(settings.Json), [.. window.Select(row => row.First)], written);
                }
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Stream(LanguageModel model, int[] prompt, GenerationOptions options, Streams streams, CancellationToken cancellation)
    {
        foreach (var piece in model.Stream(prompt, options, cancellation))
        {
            streams.Output.Write(piece);
            streams.Output.Flush();
        }
        streams.Output.WriteLine();
    }

    private static void Write(Streams streams, bool json, IReadOnlyList<string> prompts, IReadOnlyList<IReadOnlyList<GeneratedText>> answers)
    {
        foreach (var (prompt, texts) in prompts.Zip(answers))
        {
            if (json) streams.WriteJson(new { prompt, texts = texts.Select(text => new { text = text.Text, tokens = text.Ids, end = text.End.ToString().ToLowerInvariant(), score = text.Score }) });
            else foreach (var text in texts) streams.Output.WriteLine(text.Text.ReplaceLineEndings(" "));
        }
    }

    private static string[] Prompts(string[] given, Streams streams)
    {
        if (given is { Length: > 0 } and not ["-"]) return given;
        using var reader = new StreamReader(streams.Input, System.Text.Encoding.UTF8);
        string[] lines = [.. reader.ReadToEnd().Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0)];
        return lines.Length > 0 ? lines : throw new PolymathException("there is no prompt: give one as an argument, or one a line on standard input");
    }

    private static ChatMessage[] Messages(string? system, string user) =>
        system is null ? [new ChatMessage("user", user)] : [new ChatMessage("system", system), new ChatMessage("user", user)];
}
