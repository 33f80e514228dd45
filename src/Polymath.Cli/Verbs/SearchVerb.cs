using System.CommandLine;
using System.Numerics.Tensors;
using Polymath.Cli.Common;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath search</c>: the rows of a file that mean most nearly what a query means.</summary>
internal static class SearchVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var data = new Option<string>("--data", "-d") { Description = "File of rows to search, or - for standard input", Required = true };
        var query = new Argument<string>("query") { Description = "What to look for" };
        var top = new Option<int>("--top", "-k") { Description = "How many rows to show", DefaultValueFactory = _ => 10 }.AtLeast(1);
        var queryPrompt = new Option<string?>("--query-prompt") { Description = "Name of the model's prompt for the query (default: query, where the model has it)" };
        var command = Verb.Create("search", "Find the rows nearest in meaning to a query, by cosine of sentence vectors.",
            "polymath search --model ./all-MiniLM-L6-v2 --data messages.csv \"cannot sign in\"");
        command.Takes(query, data, top, queryPrompt, settings.Json);
        settings.AddBackboneOptions(command);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            if (string.IsNullOrWhiteSpace(result.GetValue(query))) throw new PolymathException("the query is empty; expected some words");
            using var backbone = await Models.LoadAsync(result, settings, streams, withHead: false, cancellation).ConfigureAwait(false);
            using var store = settings.OpenStore(result);
            var asked = backbone.Embed([result.GetValue(query)!], result.GetValue(queryPrompt) ?? (backbone.Sentence.Prompts.ContainsKey("query") ? "query" : null), cancellation)[0];
            var recipe = FeatureRecipe.SentenceOf(backbone);
            var extractor = new FeatureExtractor(backbone, new FeatureOptions
            {
                Poolings = [recipe.Pooling],
                Store = store,
                Chunk = result.GetValue(settings.Chunk),
                Prompt = result.GetValue(settings.Prompt) ?? (backbone.Sentence.Prompts.ContainsKey("passage") ? "passage" : null),
            });
            var file = DataFile.Open(result.GetValue(data)!, settings.DataOptions(result, labels: false, keepColumns: true), streams.Input);
            var wanted = result.GetValue(top);
            var best = await Reporting.WithProgressAsync(streams, progress =>
            {
                var queue = new PriorityQueue<(Row Row, float Score), (float, long)>();
                long number = 0;
                foreach (var block in extractor.Extract(file.Rows(), progress: progress, cancellation: cancellation))
                {
                    var vectors = recipe.Apply(backbone, block);
                    for (var r = 0; r < block.Rows.Length; r++)
                    {
                        var score = TensorPrimitives.CosineSimilarity(asked, vectors.Row(r));
                        queue.Enqueue((block.Rows[r], score), (score, -number++)); // equal scores: earlier rows stay
                        if (queue.Count > wanted) queue.Dequeue();
                    }
                }
                return queue.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => item.Element).ToList();
            }, cancellation).ConfigureAwait(false);
            Models.SayCut(streams, extractor.Report, backbone.MaxTokens);
            Models.SaySkipped(streams, file);
            foreach (var (row, score) in best)
            {
                if (result.GetValue(settings.Json)) streams.WriteJson(new { score, line = row.Line, text = row.Text, pair = row.Pair, label = row.Label });
                else streams.Output.WriteLine($"{score:F3}  {row.Text}{(row.Label is null ? "" : $"  [{row.Label}]")}");
            }
            return ExitCodes.Ok;
        });
        return command;
    }
}
