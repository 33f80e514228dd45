using System.Text.Json;
using Polymath.Backbones;
using Polymath.Backbones.Attention;
using Polymath.Checkpoints;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>20 steps of training the networks that write, against PyTorch: losses, gradient norms, where the weights end.</summary>
public sealed class LanguageModelTrainingTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("t5")]
    [InlineData("bart")]
    public void FollowsTheReference(string name)
    {
        using var problem = new Problem(name);
        var start = problem.Network.Parameters.ToDictionary(p => p.Key, p => p.Value.detach().clone());
        var settings = GoldenTraining.Settings();
        var report = new TrainingLoop(ParameterGroups.ByDepth(problem.Network.Parameters, [], problem.Network.Config.Layers, settings, 20), settings, null).Run(problem);
        Close(problem.Facts.GetProperty("losses"), report.Losses);
        Close(problem.Facts.GetProperty("gradient_norms_before_clipping"), report.GradientNorms);
        var compared = 0;
        foreach (var parameter in problem.Facts.GetProperty("final").EnumerateObject())
        {
            var value = problem.Network.Parameters[parameter.Name];
            double norm = parameter.Value.GetProperty("norm").GetDouble(), moved = parameter.Value.GetProperty("moved").GetDouble();
            compared++;
            if (parameter.Name.Contains("k_proj.bias", StringComparison.Ordinal)) continue; // moves by rounding alone
            Assert.InRange(value.norm().ToDouble(), norm * (1 - 1e-3), norm * (1 + 1e-3));
            if (parameter.Name.Contains("c_attn.bias", StringComparison.Ordinal)) continue; // a third of it is the keys'
            Assert.InRange((value - start[parameter.Name]).norm().ToDouble(), moved * (1 - 2e-3) - 1e-9, moved * (1 + 2e-3));
        }
        Assert.Equal(problem.Facts.GetProperty("trained").GetInt32(), compared);
    }

    private static void Close(JsonElement expected, IReadOnlyList<double> found)
    {
        Assert.Equal(expected.GetArrayLength(), found.Count);
        foreach (var (want, have) in expected.EnumerateArray().Zip(found)) Assert.Equal(want.GetDouble(), have, 1e-4 * Math.Abs(want.GetDouble()));
    }

    private sealed class Problem : ITrainingProblem, IDisposable
    {
        private readonly SafetensorsFile _batches;

        public Problem(string name)
        {
            using var checkpoint = Checkpoint.Open(TestFiles.Golden("models", name));
            Network = Families.Load(NetworkConfig.Read(TestFiles.Golden("models", name, "config.json")), checkpoint, ScalarType.Float32, trainable: true, withHead: true);
            _batches = SafetensorsFile.Open(TestFiles.Golden("training", $"fine-tune-{name}.safetensors"));
            Facts = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("training", $"fine-tune-{name}.json"))).RootElement;
        }

        public Network Network { get; }

        public JsonElement Facts { get; }

        public long StepsPerEpoch => 20;

        public IEnumerable<Tensor> Losses(long step, Dropout? dropout)
        {
            using var scope = NewDisposeScope();
            var labels = Rows(step, "labels");
            var mask = Rows(step, "attention_mask");
            int[][] rows = [.. Rows(step, "input_ids").Select((row, r) => row.Take((int)mask[r].Sum()).Select(id => (int)id).ToArray())];
            using var batch = PackedBatch.Create(rows);
            if (Network is not EncoderDecoder both)
            {
                var next = batch.Order.SelectMany(r => rows[r].Skip(1).Append(-100)).Select(id => (long)id).ToArray();
                yield return nn.functional.cross_entropy(Network.HeadScores(Network.Last(batch), batch), tensor(next), ignore_index: -100);
                yield break;
            }
            // The labels are padded in front, so the decoder reads padding as well.
            var pad = both.Config.PadTokenId;
            int[][] inputs = [.. batch.Order.Select(r => (int[])[both.DecoderStart, .. labels[r].SkipLast(1).Select(id => id < 0 ? pad : (int)id)])];
            using var source = both.Read(batch, remember: false);
            var states = both.Decode(source, inputs, layer => layer == both.DecoderDepth)[^1]!;
            yield return nn.functional.cross_entropy(both.Logits(states), tensor(batch.Order.SelectMany(r => labels[r]).ToArray()), ignore_index: -100);
        }

        public double? Validate() => null;

        public void Dispose()
        {
            Network.Dispose();
            _batches.Dispose();
        }

        private long[][] Rows(long step, string part)
        {
            var info = _batches.Info($"step{step}.{part}");
            return [.. _batches.ReadIntegers($"step{step}.{part}").Chunk((int)info.Shape[1])];
        }
    }
}
