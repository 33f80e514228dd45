using System.Text.Json;
using Polymath.Checkpoints;
using Polymath.Generation;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <content>What only networks have that write: both halves of an encoder-decoder, the loss of the next token, generation and likelihoods.</content>
public static partial class ReferenceCheck
{
    private static void CompareSourceRows(EncoderDecoder network, PackedBatch batch, Tensor?[] hidden, int[][] ids, SafetensorsFile cases, Tally tally)
    {
        if (network.Config.Head == HeadKind.None)
        {
            tally.Skip("logits", "row0.logits", "the folder has no head");
            return;
        }
        var given = ReadRows(cases, "decoder_input_ids").ToArray();
        int[][] targets = [.. batch.Order.Select(row => given.Length > 0 ? given[row] : [network.DecoderStart, .. ids[row].AsSpan(0, ids[row].Length - 1)])];
        using var source = new Attention.SourceStates(hidden[^1]!.alias(), batch.Offsets, remember: false);
        var decoded = network.Decode(source, targets, _ => true);
        var isClassifier = network.Config.Head == HeadKind.SequenceClassification;
        var scores = isClassifier ? network.HeadScores(hidden[^1]!, batch) : network.Config.Head == HeadKind.LanguageModel ? network.Logits(decoded[^1]!) : null;
        var start = 0;
        for (var packed = 0; packed < batch.Rows; start += targets[packed++].Length)
        {
            var name = $"row{batch.Order[packed]}";
            Tensor Source(Tensor x) => x.narrow(0, batch.Offsets[packed], batch.Offsets[packed + 1] - batch.Offsets[packed]);
            Tensor Target(Tensor x) => x.narrow(0, start, targets[packed].Length);
            for (var layer = 0; layer < hidden.Length; layer++) tally.Compare($"encoder_hidden.{layer}", $"{name}.encoder_hidden.{layer}", Source(hidden[layer]!));
            for (var layer = 0; layer < decoded.Length; layer++) tally.Compare($"decoder_hidden.{layer}", $"{name}.decoder_hidden.{layer}", Target(decoded[layer]!));
            tally.Compare("encoder_output", $"{name}.encoder_output", Source(hidden[^1]!));
            if (scores is null) tally.Skip("logits", $"{name}.logits", "the folder has no head");
            else tally.Compare("logits", $"{name}.logits", isClassifier ? scores[packed] : Target(scores));
        }
    }

    /// <summary>The mean loss of the next token over a batch: of the rows themselves, or of the targets that the labels are.</summary>
    private static Tensor LanguageModelLoss(Network network, PackedBatch batch, SafetensorsFile cases)
    {
        var labels = cases.ReadIntegers("batch.labels");
        var width = labels.Length / batch.Rows;
        long[][] rows = [.. batch.Order.Select(row => labels[(row * width)..((row + 1) * width)])];
        if (network is EncoderDecoder both)
        {
            long[][] targets = [.. rows.Select(row => row.Where(label => label >= 0).ToArray())];
            using var source = both.Read(batch, remember: false);
            int[][] inputs = [.. targets.Select(target => (int[])[both.DecoderStart, .. target.SkipLast(1).Select(id => (int)id)])];
            var states = both.Decode(source, inputs, layer => layer == both.DecoderDepth)[^1]!;
            return nn.functional.cross_entropy(both.Logits(states), tensor(targets.SelectMany(target => target).ToArray()));
        }
        var next = rows.SelectMany((row, packed) => row.Skip(1).Take(batch.Offsets[packed + 1] - batch.Offsets[packed] - 1).Append(-100)).ToArray();
        return nn.functional.cross_entropy(network.HeadScores(network.Last(batch), batch), tensor(next), ignore_index: -100);
    }

    /// <summary>Greedy search, penalties and beam searches token by token, and the likelihoods of given continuations.</summary>
    private static void CompareGeneration(Network network, string file, Tally tally)
    {
        if (!File.Exists(file) || network is not ITokenDecoder || network.Config.Head != HeadKind.LanguageModel) return;
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];
        if (json.RootElement.TryGetProperty("likelihood", out var likelihoods))
        {
            var scorer = new PrefixTreeScorer(network);
            foreach (var (fact, index) in likelihoods.EnumerateArray().Select((fact, index) => (fact, index)))
            {
                int[] before = Ids(fact.GetProperty(network is EncoderDecoder ? "source" : "prompt")), answer = Ids(fact.GetProperty(network is EncoderDecoder ? "target" : "continuation"));
                var found = scorer.LogProbabilities([new ScoringRequest(before, [answer])])[0][0];
                double[] expected = [.. fact.GetProperty("log_probabilities").EnumerateArray().Select(p => p.GetDouble())];
                tally.Add("likelihood", $"likelihood[{index}]", [.. found.Select(p => (double)p)], expected);
            }
        }
        if (!json.RootElement.TryGetProperty("generation", out var generations)) return;
        using var cases = SafetensorsFile.Open(Path.ChangeExtension(file, ".safetensors"));
        var prompts = ReadRows(cases, "input_ids").ToArray();
        var ends = json.RootElement.TryGetProperty("eos_token_id", out var end) ? new[] { end.GetInt32() } : [];
        var generator = new TextGenerator(network, network.MaxTokens, ends, _ => "");
        foreach (var row in generations.EnumerateObject())
            foreach (var run in row.Value.EnumerateObject())
            {
                int[] prompt = prompts[int.Parse(row.Name[3..], System.Globalization.CultureInfo.InvariantCulture)], start = network is EncoderDecoder both ? [both.DecoderStart] : prompt;
                int[][] expected = [.. run.Value.GetProperty("ids").EnumerateArray().Select(Ids)];
                if (Known.TryGetValue(run.Name, out var options)) CompareRun(generator.Generate([prompt], options with { Sequences = expected.Length }, default)[0]);
                else tally.Skip("generation", $"{row.Name}.{run.Name}", $"'{run.Name}' is not known");

                void CompareRun(IReadOnlyList<GeneratedText> texts)
                {
                    var name = $"{row.Name} {run.Name}";
                    for (var t = 0; t < texts.Count; t++)
                    {
                        int[] found = [.. start, .. texts[t].Ids], wanted = expected[t];
                        // Texts that ended early are padded to the longest.
                        var same = found.Length <= wanted.Length && wanted.AsSpan(0, found.Length).SequenceEqual(found) && (found.Length == wanted.Length || ends.Contains(found[^1]));
                        if (!same) tally.Fail("generation", $"{name}: [{string.Join(' ', found)}] instead of [{string.Join(' ', wanted)}]");
                        else tally.Agree("generation", name);
                    }
                    if (run.Value.TryGetProperty("scores", out var scores))
                        tally.Add("beam scores", name, [.. texts.Select(text => text.Score)], [.. scores.EnumerateArray().Select(score => score.GetDouble())], 1e-4);
                }
            }
    }

    /// <summary>The runs of a dump by their names.</summary>
    private static readonly Dictionary<string, GenerationOptions> Known = new()
    {
        ["greedy"] = new() { MaxNewTokens = 12 },
        ["greedy_repetition_penalty_1.3"] = new() { MaxNewTokens = 12, RepetitionPenalty = 1.3 },
        ["greedy_no_repeat_ngram_2"] = new() { MaxNewTokens = 12, NoRepeatNgram = 2 },
        ["beam4"] = new() { MaxNewTokens = 12, Beams = 4 },
        ["beam4_early"] = new() { MaxNewTokens = 12, Beams = 4, EarlyStopping = true },
        ["beam3_length_penalty_2"] = new() { MaxNewTokens = 12, Beams = 3, LengthPenalty = 2 },
    };
}
