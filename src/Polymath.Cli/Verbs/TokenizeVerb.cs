using System.CommandLine;
using Polymath.Cli.Common;
using Polymath.Tasks;
using Polymath.Text;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath tokenize</c>: what a model reads of a text. Needs a folder's tokenizer files only.</summary>
internal static class TokenizeVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var data = new Option<string?>("--data", "-d") { Description = "File of texts, or - for standard input (default)" };
        var maxLength = new Option<int?>("--max-length") { Description = "Cut at this many tokens, special tokens included" }.AtLeast(0);
        var padTo = new Option<int?>("--pad-to") { Description = "Pad to this many tokens" }.AtLeast(0);
        var bare = new Option<bool>("--no-special-tokens") { Description = "Leave out [CLS], [SEP] and their kin" };
        var texts = new Argument<string[]>("text") { Description = "Texts to tokenize", Arity = ArgumentArity.ZeroOrMore };
        var command = Verb.Create("tokenize", "Show the tokens of texts, with ids and offsets into the original text.",
            "polymath tokenize --model ./all-MiniLM-L6-v2 \"Where is the Louvre?\"",
            "polymath tokenize --model ./all-MiniLM-L6-v2 --data texts.jsonl --json");
        command.Takes(texts, settings.Model, data, maxLength, padTo, bare, settings.Json);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            var model = result.GetValue(settings.Model) ?? Models.Default;
            var tokenizer = Tokenizer.Load(await Models.FolderAsync(model, streams, cancellation).ConfigureAwait(false));
            var options = new EncodeOptions
            {
                AddSpecialTokens = !result.GetValue(bare),
                MaxLength = result.GetValue(maxLength),
                Padding = result.GetValue(padTo) is { } length ? new Padding { Length = length } : null,
            };
            var given = result.GetValue(texts) ?? [];
            IEnumerable<Row> rows = given.Length > 0 ? given.Select(text => new Row(text))
                : DataFile.Open(result.GetValue(data) ?? "-", settings.DataOptions(result, labels: false) with { AnyText = true }, streams.Input).Rows();
            foreach (var row in rows)
            {
                cancellation.ThrowIfCancellationRequested();
                var encoding = tokenizer.Encode(row.Text, row.Pair, options)[0];
                if (!result.GetValue(settings.Json)) streams.Output.WriteLine(string.Join(' ', encoding.Tokens));
                else streams.WriteJson(new
                {
                    ids = encoding.Ids,
                    offsets = encoding.Offsets.Select(span => new[] { span.Start, span.End }),
                    tokens = encoding.Tokens,
                    decoded = tokenizer.Decode(encoding.Ids),
                });
            }
            return ExitCodes.Ok;
        });
        return command;
    }
}
