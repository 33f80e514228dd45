using System.CommandLine;
using Polymath.Backbones;
using Polymath.Cli.Common;
using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary><c>polymath features</c>: vectors of rows into a file, and a first look at them.</summary>
internal static class FeaturesVerb
{
    public static Command Create(Streams streams)
    {
        var settings = new Settings();
        var data = new Option<string>("--data", "-d") { Description = "File of rows, or - for standard input", Required = true };
        var output = new Option<string?>("--out", "-o") { Description = "File to write: .npy, .parquet or .safetensors" };
        var layers = new Option<string?>("--layers") { Description = "Layers to read: last, layer3, top2, concat2 (default: the model's own sentence vector)" };
        var pooling = new Option<string?>("--pooling") { Description = "How tokens become one vector" }.AcceptOnlyFromAmong("mean", "cls", "max");
        var explore = new Option<string?>("--explore") { Description = "Write a picture (.png) of the rows on their two main axes, with k-means clusters, and say how well clusters meet labels" };
        var clusters = new Option<int?>("--clusters") { Description = "Number of clusters (default: the number of labels, else 8)" }.AtLeast(2);
        var command = Verb.Create("features", "Turn rows into vectors.",
            "polymath features --model ./all-MiniLM-L6-v2 --data rows.csv --out vectors.npy",
            "polymath features --model ./all-MiniLM-L6-v2 --data rows.csv --explore map.png");
        command.Takes(data, output, layers, pooling, explore, clusters, settings.Seed, settings.Json);
        settings.AddBackboneOptions(command);
        settings.AddDataOptions(command);
        command.Runs(streams, async (result, cancellation) =>
        {
            if (result.GetValue(output) is null && result.GetValue(explore) is null) throw new PolymathException("nothing to do: expected --out FILE, --explore FILE.png, or both");
            if (result.GetValue(explore) is { } picture && !picture.EndsWith(".png", StringComparison.OrdinalIgnoreCase)) throw new PolymathException($"{picture}: expected a picture's name that ends in .png");
            using var backbone = await Models.LoadAsync(result, settings, streams, withHead: false, cancellation).ConfigureAwait(false);
            using var store = settings.OpenStore(result);
            var recipe = result.GetValue(layers) is null && result.GetValue(pooling) is null ? FeatureRecipe.SentenceOf(backbone)
                : new FeatureRecipe(result.GetValue(pooling) is { } pool ? Enum.Parse<Pooling>(pool, ignoreCase: true) : backbone.Sentence.Pooling, LayerMix.Parse(result.GetValue(layers) ?? "last"));
            recipe.Layers.Check(backbone.Config.Layers);
            var extractor = new FeatureExtractor(backbone, new FeatureOptions
            {
                Poolings = [recipe.Pooling],
                Prompt = result.GetValue(settings.Prompt),
                Chunk = result.GetValue(settings.Chunk),
                Store = store,
                LastLayerOnly = store is null && recipe.Layers == LayerMix.Last,
            });
            var file = DataFile.Open(result.GetValue(data)!, settings.DataOptions(result, labels: false), streams.Input);
            var exploration = result.GetValue(explore) is null ? null : new Exploration(recipe.Width(backbone));
            var rows = await Reporting.WithProgressAsync(streams, progress =>
            {
                using var writer = result.GetValue(output) is { } path ? VectorWriter.Create(path, recipe.Width(backbone)) : null;
                long count = 0;
                foreach (var block in extractor.Extract(file.Rows(), null, progress, cancellation))
                {
                    var vectors = recipe.Apply(backbone, block);
                    writer?.Write(block.Rows, vectors);
                    exploration?.Add(block.Rows, vectors);
                    count += block.Rows.Length;
                }
                if (count == 0) throw new PolymathException($"{file.Name}: there are no rows");
                writer?.Finish();
                return count;
            }, cancellation).ConfigureAwait(false);
            Models.SayCut(streams, extractor.Report, backbone.MaxTokens);
            Models.SaySkipped(streams, file);
            var found = exploration?.Draw(result.GetValue(explore)!, result.GetValue(clusters), result.GetValue(settings.Seed), $"{file.Name}: {recipe}", cancellation);
            if (result.GetValue(settings.Json))
                streams.WriteJson(new { rows, width = recipe.Width(backbone), features = recipe.ToString(), computed = extractor.Report.Computed, stored = extractor.Report.FromStore, exploration = found });
            else
            {
                streams.Output.WriteLine($"{rows:N0} rows, {recipe.Width(backbone)} values each ({recipe}); {extractor.Report.Computed:N0} computed, {extractor.Report.FromStore:N0} from the store");
                if (found is not null) streams.Output.WriteLine(found.Sentence);
            }
            return ExitCodes.Ok;
        });
        return command;
    }
}
