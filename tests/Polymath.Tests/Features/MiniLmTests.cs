using System.Text.Json;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;

namespace Polymath.Tests;

/// <summary>The real encoder against its reference outputs.</summary>
public class MiniLmTests
{
    private static (string[] Texts, int[][] Ids) Sentences()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Shared("golden", "real", "minilm.json")));
        JsonElement[] rows = [.. json.RootElement.GetProperty("sentences").EnumerateArray()];
        return ([.. rows.Select(row => row.GetProperty("text").GetString()!)], [.. rows.Select(row => row.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray())]);
    }

    [Fact]
    public void Tokens_pooled_vectors_and_hidden_states_agree_in_float32()
    {
        using var backbone = Backbone.Load(TestFiles.Shared("models", "all-MiniLM-L6-v2"));
        using var reference = SafetensorsFile.Open(TestFiles.Shared("golden", "real", "minilm.safetensors"));
        Assert.Equal(256, backbone.MaxTokens);
        var (texts, ids) = Sentences();
        for (var i = 0; i < texts.Length; i++)
            Assert.Equal(ids[i], backbone.Tokenizer.Encode(texts[i], null, new Text.EncodeOptions { MaxLength = backbone.MaxTokens })[0].Ids);
        var embedded = backbone.Embed(texts);
        var extractor = new FeatureExtractor(backbone, new FeatureOptions { Poolings = [Pooling.Mean, Pooling.Cls] });
        var block = Assert.Single(extractor.Extract(texts.Select(text => new Row(text))));
        for (var i = 0; i < texts.Length; i++)
        {
            Near(reference.ReadFloats($"{i}.embedding"), embedded[i]);
            Near(reference.ReadFloats($"{i}.mean"), block.Vectors(Pooling.Mean).ElementAt(i).Span[^384..].ToArray());
            Near(reference.ReadFloats($"{i}.cls"), block.Vectors(Pooling.Cls).ElementAt(i).Span[^384..].ToArray());
        }
    }

    [Fact]
    public void Vectors_in_bf16_point_the_same_way()
    {
        using var backbone = Backbone.Load(TestFiles.Shared("models", "all-MiniLM-L6-v2"), new BackboneOptions { Precision = Precision.BFloat16 });
        using var reference = SafetensorsFile.Open(TestFiles.Shared("golden", "real", "minilm.safetensors"));
        var embedded = backbone.Embed(Sentences().Texts);
        for (var i = 0; i < embedded.Length; i++)
            Assert.InRange(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(reference.ReadFloats($"{i}.embedding"), embedded[i]), 0.9995, 1.0001);
    }

    private static void Near(float[] expected, float[] found)
    {
        var scale = expected.Max(MathF.Abs);
        Assert.All(expected.Zip(found), pair => Assert.InRange(MathF.Abs(pair.First - pair.Second) / scale, 0, 1e-5f));
    }
}
