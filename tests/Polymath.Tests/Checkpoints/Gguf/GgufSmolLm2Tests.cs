using System.Text.Json;
using Polymath.Checkpoints;
using Polymath.Generation;
using Polymath.Text;
using TorchSharp;

namespace Polymath.Tests;

/// <summary>The real file from end to end: what the reference computes from the same decoded weights.</summary>
public class GgufSmolLm2Tests
{
    [Fact]
    public void Ids_hidden_states_and_logits_are_the_references()
    {
        using var reference = JsonDocument.Parse(File.ReadAllText(TestFiles.Shared("golden", "real", "smollm2.json")));
        using var states = SafetensorsFile.Open(TestFiles.Shared("golden", "real", "smollm2.safetensors"));
        using var model = LanguageModel.Load(TestFiles.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        using var noGrad = torch.no_grad();
        foreach (var prompt in reference.RootElement.GetProperty("prompts").EnumerateArray())
        {
            using var scope = torch.NewDisposeScope();
            var ids = prompt.Ints("ids");
            Assert.Equal(ids, model.Tokenizer.Encode(prompt.GetProperty("text").GetString()!).Ids);
            using var batch = PackedBatch.Create([ids]);
            var hidden = model.Network.Hidden(batch, _ => true);
            for (var layer = 0; layer < hidden.Length; layer++)
            {
                var name = $"{prompt.GetProperty("i").GetInt32()}.hidden.{layer}";
                if (!states.Tensors.ContainsKey(name)) continue;
                var wanted = states.Read(name);
                Assert.InRange((hidden[layer]! - wanted).abs().max().item<float>() / wanted.abs().max().item<float>(), 0, 1e-4);
            }
            var logits = ((Backbones.Decoder)model.Network).Logits(hidden[^1]!.slice(0, ids.Length - 1, ids.Length, 1))[0].data<float>().ToArray();
            foreach (var (id, wanted) in prompt.Ints("top10_ids").Zip(prompt.GetProperty("top10_logits").EnumerateArray().Select(value => value.GetSingle()))) Assert.Equal(wanted, logits[id], 1e-3f);
        }
    }
}
