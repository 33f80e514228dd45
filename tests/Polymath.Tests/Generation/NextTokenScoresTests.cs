using System.Globalization;
using System.Text.Json;
using Polymath.Generation;

namespace Polymath.Tests;

/// <summary>What changes the scores of the next token, against transformers' processors.</summary>
public sealed class NextTokenScoresTests
{
    [Fact]
    public void EveryProcessorFollowsTheReference()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("training", "processors.json")));
        var seen = new HashSet<string>();
        foreach (var fact in json.RootElement.EnumerateArray())
        {
            var name = fact.GetProperty("processor").GetString()!;
            seen.Add(name);
            var scores = fact.GetProperty("logits").EnumerateArray().Select(v => v.GetSingle()).ToArray();
            int[] ids = [.. fact.GetProperty("ids").EnumerateArray().Select(v => v.GetInt32())];
            Apply(name.Split(' '), scores, ids);
            float[] expected = [.. fact.GetProperty("result").EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Null ? float.NegativeInfinity : v.GetSingle())];
            for (var i = 0; i < scores.Length; i++)
            {
                Assert.True(float.IsNegativeInfinity(scores[i]) == float.IsNegativeInfinity(expected[i]), $"{name}: token {i} is {scores[i]}, expected {expected[i]}");
                if (!float.IsNegativeInfinity(expected[i])) Assert.Equal(expected[i], scores[i], 1e-6f * Math.Max(1, Math.Abs(expected[i])));
            }
        }
        Assert.Equal(8, seen.Count);
    }

    private static void Apply(string[] processor, float[] scores, int[] ids)
    {
        var value = double.Parse(processor[1], CultureInfo.InvariantCulture);
        switch (processor[0])
        {
            case "temperature": NextTokenScores.Temperature(scores, (float)value); break;
            case "top_k": NextTokenScores.TopK(scores, (int)value); break;
            case "top_p": NextTokenScores.TopP(scores, value); break;
            case "min_p": NextTokenScores.MinP(scores, value); break;
            case "typical_p": NextTokenScores.TypicalP(scores, value); break;
            case "repetition_penalty": NextTokenScores.RepetitionPenalty(scores, ids, (float)value); break;
            case "no_repeat_ngram": NextTokenScores.NoRepeatNgram(scores, ids, (int)value); break;
            default: Assert.Fail(processor[0]); break;
        }
    }
}
