using System.Text.Json;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Generation;
using Polymath.Text;
using Polymath.Text.Chat;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>A real model from a GGUF file: logits, greedy texts, likelihoods and chats as the reference has them.</summary>
public sealed class SmolLm2Tests
{
    private static string ModelFile => TestFiles.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf");

    [Fact]
    public void ItSaysWhatTheReferenceSays()
    {
        using var model = LanguageModel.Load(ModelFile);
        using var json = JsonDocument.Parse(File.ReadAllText(TestFiles.Shared("golden", "real", "smollm2.json")));
        using var tensors = SafetensorsFile.Open(TestFiles.Shared("golden", "real", "smollm2.safetensors"));
        var prompts = json.RootElement.GetProperty("prompts").EnumerateArray().ToArray();
        int[][] ids = [.. prompts.Select(prompt => model.Encode(prompt.GetProperty("text").GetString()!))];
        for (var p = 0; p < ids.Length; p++) Assert.Equal(Ids(prompts[p], "ids"), ids[p]);
        Logits(model, prompts, ids, tensors);
        // All prompts in one batch, although they differ in length.
        var longest = prompts.Max(prompt => Ids(prompt, "greedy_ids").Length);
        var texts = model.GenerateTokens(ids, new GenerationOptions { MaxNewTokens = longest });
        for (var p = 0; p < prompts.Length; p++)
        {
            var expected = Ids(prompts[p], "greedy_ids");
            Assert.Equal(expected, texts[p][0].Ids.Take(expected.Length));
        }
        var likelihoods = json.RootElement.GetProperty("likelihood").EnumerateArray().ToArray();
        var found = model.LogProbabilities([.. likelihoods.Select(fact => new ScoringRequest(model.Encode(fact.GetProperty("prompt").GetString()!), [Ids(fact, "answer_ids")]))]);
        for (var f = 0; f < likelihoods.Length; f++)
            foreach (var (value, expected) in found[f][0].Zip(likelihoods[f].GetProperty("log_probabilities").EnumerateArray())) Assert.Equal(expected.GetDouble(), value, 1e-3);
        foreach (var chat in json.RootElement.GetProperty("chat").EnumerateArray())
        {
            ChatMessage[] messages = [.. chat.GetProperty("messages").EnumerateArray().Select(m => new ChatMessage(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))];
            var prompt = model.EncodeChat(messages);
            Assert.Equal(Ids(chat, "ids"), prompt);
            var expected = Ids(chat, "greedy_ids");
            var pieces = string.Concat(model.Stream(prompt, new GenerationOptions { MaxNewTokens = expected.Length }));
            Assert.Equal(chat.GetProperty("greedy_text").GetString(), pieces);
        }
    }

    private static void Logits(LanguageModel model, JsonElement[] prompts, int[][] ids, SafetensorsFile tensors)
    {
        using var scope = NewDisposeScope();
        for (var p = 0; p < ids.Length; p++)
        {
            using var batch = PackedBatch.Create([ids[p]]);
            using var noGrad = no_grad();
            var logits = model.Network.HeadScores(model.Network.Last(batch), batch)[-1].data<float>().ToArray();
            var (best, values) = (Ids(prompts[p], "top10_ids"), prompts[p].GetProperty("top10_logits").EnumerateArray().Select(v => v.GetSingle()).ToArray());
            for (var k = 0; k < best.Length; k++) Assert.Equal(values[k], logits[best[k]], 1e-3f);
            var whole = tensors.ReadFloats($"{p}.last_logits");
            for (var token = 0; token < whole.Length; token++) Assert.Equal(whole[token], logits[token], 1e-3f);
        }
    }

    private static int[] Ids(JsonElement fact, string name) => [.. fact.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
