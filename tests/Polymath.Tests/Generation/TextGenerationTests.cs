using CsCheck;
using Microsoft.Extensions.AI;
using Polymath.Backbones;
using Polymath.Extensions.AI;
using Polymath.Generation;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>Writing and scoring by every kind of network: with memory as without, together as alone.</summary>
public sealed class TextGenerationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private LanguageModel Model(string kind) => LanguageModel.Load(TinyModel.Write(_folder[kind], kind, bare: kind != "bert-mlm"));

    private static readonly int[][] Prompts = [[20, 31, 8, 90], [55], [7, 7, 100, 64, 33, 12, 87, 45, 21, 19, 70], [60, 61]];

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("mistral-window")]
    [InlineData("t5-v1_1")]
    [InlineData("bart")]
    public void Remembered_keys_change_nothing_and_prompts_of_a_batch_do_not_meet(string kind)
    {
        using var model = Model(kind);
        var options = new GenerationOptions { MaxNewTokens = 10 };
        var together = model.GenerateTokens(Prompts, options);
        for (var p = 0; p < Prompts.Length; p++)
        {
            int[] written = [.. together[p][0].Ids];
            Assert.Equal(written, model.GenerateTokens([Prompts[p]], options)[0][0].Ids);
            Assert.Equal(WithoutMemory(model.Network, Prompts[p], 10, model.EndTokens), written);
            Assert.Equal(written.Length < 10 ? GenerationEnd.EndToken : together[p][0].End, together[p][0].End);
        }
    }

    /// <summary>The most likely token of a whole pass, again and again.</summary>
    private static int[] WithoutMemory(Network network, int[] prompt, int count, IReadOnlyList<int> ends)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var written = new List<int>();
        while (written.Count < count && !(written.Count > 0 && ends.Contains(written[^1])))
        {
            using var batch = PackedBatch.Create([network is EncoderDecoder ? prompt : [.. prompt, .. written]]);
            Tensor scores;
            if (network is EncoderDecoder both)
            {
                using var source = both.Read(batch, remember: false);
                scores = both.Logits(both.Decode(source, [[both.DecoderStart, .. written]], layer => layer == both.DecoderDepth)[^1]!);
            }
            else scores = network.HeadScores(network.Last(batch), batch);
            written.Add((int)scores[-1].argmax().item<long>());
        }
        return [.. written];
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("mistral-window")]
    [InlineData("qwen2")]
    [InlineData("t5")]
    [InlineData("bart")]
    [InlineData("bert-mlm")]
    public void Answers_scored_together_are_those_scored_alone(string kind)
    {
        using var model = Model(kind);
        var token = Gen.Int[5, 127];
        var requests = Gen.Select(token.Array[1, 8], token.Array[1, 3].Array[1, 4], token.Array[0, 3],
            (before, answers, after) => new ScoringRequest([9, 9, 10, .. before], answers, kind == "bert-mlm" ? after : null)).Array[1, 5];
        requests.Sample(batch =>
        {
            var together = model.LogProbabilities(batch);
            for (var r = 0; r < batch.Length; r++)
                for (var a = 0; a < batch[r].Answers.Count; a++)
                {
                    var alone = model.LogProbabilities([batch[r] with { Answers = [batch[r].Answers[a]] }])[0][0];
                    foreach (var (expected, found) in alone.Zip(together[r][a])) Assert.Equal(expected, found, 1e-4f * Math.Max(1, Math.Abs(expected)));
                }
        }, iter: 30);
    }

    [Fact]
    public void What_prompts_share_is_computed_once()
    {
        using var model = Model("llama");
        int[] shared = [.. Enumerable.Range(20, 30)];
        ScoringRequest[] requests = [.. Enumerable.Range(60, 10).Select(text => new ScoringRequest([.. shared, text, 7], [[90], [91], [92, 93]]))];
        var scorer = new PrefixTreeScorer(model.Network);
        scorer.LogProbabilities(requests);
        // The beginning once; of each text two tokens of its own and the first of the answer with two.
        Assert.Equal(30 + 10 * 3, scorer.TokensRun);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("mistral-window")]
    [InlineData("t5")]
    public void Passes_of_any_size_give_the_same(string kind)
    {
        using var model = Model(kind);
        ScoringRequest[] requests = [.. Enumerable.Range(60, 4).Select(text => new ScoringRequest([20, 21, 22, .. Enumerable.Range(text, 12), 7], [.. Enumerable.Range(90, 20).Select(answer => (int[])[answer, 50, answer - 40]), [90, 51]]))];
        float[] Scores(int tokens) => [.. new PrefixTreeScorer(model.Network, tokens).LogProbabilities(requests).SelectMany(request => request.SelectMany(answer => answer))];
        var expected = Scores(512);
        foreach (var tokens in new[] { 1, 5, 40 })
            foreach (var (a, b) in expected.Zip(Scores(tokens))) Assert.Equal(a, b, 1e-4f * Math.Max(1, Math.Abs(a)));
    }

    [Fact]
    public void Draws_follow_from_the_seed_and_streams_are_the_whole_text()
    {
        using var model = Model("gpt2");
        var drawn = new GenerationOptions { MaxNewTokens = 12, Temperature = 1.5, TopK = 40, TopP = 0.95, Seed = 3, Sequences = 3 };
        var first = model.GenerateTokens([Prompts[0], Prompts[2]], drawn);
        Assert.Equal(first.SelectMany(texts => texts.SelectMany(text => text.Ids)), model.GenerateTokens([Prompts[0], Prompts[2]], drawn).SelectMany(texts => texts.SelectMany(text => text.Ids)));
        Assert.Equal(3, first[0].Select(text => string.Join(' ', text.Ids)).Distinct().Count());
        Assert.NotEqual(first[0][0].Ids, model.GenerateTokens([Prompts[0]], drawn with { Seed = 4 })[0][0].Ids);
        var one = drawn with { Sequences = 1 };
        Assert.Equal(model.GenerateTokens([Prompts[0]], one)[0][0].Text, string.Concat(model.Stream(Prompts[0], one)));
    }

    [Fact]
    public void A_stop_text_ends_the_answer_and_is_not_part_of_it()
    {
        using var model = Model("gpt2");
        var whole = model.GenerateTokens([Prompts[0]], new GenerationOptions { MaxNewTokens = 8 })[0][0];
        var word = TinyModel.Words[whole.Ids[3]];
        var options = new GenerationOptions { MaxNewTokens = 8, Stop = [word] };
        var cut = model.GenerateTokens([Prompts[0]], options)[0][0];
        Assert.Equal(GenerationEnd.Stop, cut.End);
        Assert.Equal(whole.Text[..whole.Text.IndexOf(word, StringComparison.Ordinal)], cut.Text);
        Assert.Equal(cut.Text, string.Concat(model.Stream(Prompts[0], options)));
    }

    [Fact]
    public void Tensors_do_not_grow_in_number()
    {
        using LanguageModel gpt = Model("gpt2"), t5 = Model("t5");
        void Use()
        {
            foreach (var model in new[] { gpt, t5 })
            {
                model.GenerateTokens(Prompts, new GenerationOptions { MaxNewTokens = 4 });
                model.GenerateTokens([Prompts[0]], new GenerationOptions { MaxNewTokens = 4, Beams = 3 });
                model.LogProbabilities([new ScoringRequest(Prompts[2], [[9], [10, 11]])]);
                Assert.NotEmpty(model.Stream(Prompts[0], new GenerationOptions { MaxNewTokens = 3 }));
            }
        }
        Use();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 20; i++) Use();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Many_threads_get_the_answers_of_one()
    {
        using var model = Model("llama");
        var options = new GenerationOptions { MaxNewTokens = 6 };
        var expected = Prompts.Select(prompt => string.Join(' ', model.GenerateTokens([prompt], options)[0][0].Ids)).ToArray();
        Parallel.For(0, 24, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
            Assert.Equal(expected[i % expected.Length], string.Join(' ', model.GenerateTokens([Prompts[i % Prompts.Length]], options)[0][0].Ids)));
    }

    [Fact]
    public void What_cannot_be_is_said_in_one_line()
    {
        using LanguageModel gpt = Model("gpt2"), bert = Model("bert-mlm");
        void Refused(Action action, string part) => Assert.Contains(part, Assert.Throws<PolymathException>(action).Message, StringComparison.Ordinal);
        Refused(() => gpt.GenerateTokens([[.. Enumerable.Repeat(9, 64)]]), "shorten the prompt");
        Refused(() => gpt.GenerateTokens([[]]), "empty");
        Refused(() => gpt.GenerateTokens([[500]]), "500");
        Refused(() => gpt.GenerateTokens([[9]], new GenerationOptions { TopP = 0 }), "top-p");
        Refused(() => gpt.GenerateTokens([[9]], new GenerationOptions { Beams = 2, Temperature = 1 }), "beam search");
        Refused(() => gpt.GenerateTokens([[9]], new GenerationOptions { Sequences = 2 }), "different texts");
        Refused(() => bert.GenerateTokens([[9]]), "masked language model");
        Refused(() => gpt.EncodeChat([]), "chat template");
        Refused(() => gpt.LogProbabilities([new ScoringRequest([9], [[]])]), "without tokens");
        Refused(() => gpt.LogProbabilities([new ScoringRequest([.. Enumerable.Repeat(9, 63)], [[9, 9]])]), "65 tokens");
        Refused(() => gpt.AsChatClient(), "chat template");
        Refused(() => LanguageModel.Load(TinyModel.Write(_folder["classifier"], "gpt2-classify")), "no language model head");
        Refused(() => LanguageModel.Load(TinyModel.Write(_folder["plain"], "llama"), new LanguageModelOptions { FourBit = true }), "four bits");
    }

    [Fact]
    public async Task A_chat_client_answers_whole_and_in_pieces()
    {
        var folder = TinyModel.Write(_folder["chat"], "gpt2");
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{% for m in messages %}{{ m.role == 'user' and 'ask' or 'tell' }} {{ m.content }} . {% endfor %}{% if add_generation_prompt %}tell{% endif %}");
        using var model = LanguageModel.Load(folder);
        using var client = model.AsChatClient(new GenerationOptions { MaxNewTokens = 6 });
        ChatMessage[] messages = [new(ChatRole.User, "the cat")];
        var response = await client.GetResponseAsync(messages, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(model.GenerateTokens([model.Encode("ask the cat . tell", addSpecialTokens: false)], new GenerationOptions { MaxNewTokens = 6 })[0][0].Text, response.Text);
        Assert.Equal(5, response.Usage!.InputTokenCount); // ask the cat . tell
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in client.GetStreamingResponseAsync(messages, new ChatOptions { ModelId = model.Name }, TestContext.Current.CancellationToken)) updates.Add(update);
        var streamed = updates.ToChatResponse();
        Assert.Equal((response.Text, response.FinishReason, response.ModelId), (streamed.Text, streamed.FinishReason, streamed.ModelId));
        Assert.Equal((response.Usage.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount),
            (streamed.Usage!.InputTokenCount, streamed.Usage.OutputTokenCount, streamed.Usage.TotalTokenCount));
        Assert.All(updates[..^1], update => Assert.Null(update.FinishReason));
        var refused = await Assert.ThrowsAsync<PolymathException>(() => client.GetResponseAsync(messages, new ChatOptions { ModelId = "another" }, TestContext.Current.CancellationToken));
        Assert.Contains("'another', but this client runs 'chat'", refused.Message, StringComparison.Ordinal);
        var shorter = await client.GetResponseAsync(messages, new ChatOptions { MaxOutputTokens = 2 }, TestContext.Current.CancellationToken);
        Assert.Equal(2, shorter.Usage!.OutputTokenCount);
        Assert.Equal(ChatFinishReason.Length, shorter.FinishReason);
        Assert.Same(model, client.GetService(typeof(LanguageModel)));
    }
}
