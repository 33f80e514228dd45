using System.Text.Json;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Text;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>The reference training of a small BERT classifier: 20 steps of 8 rows, float64 in PyTorch, dropout 0.</summary>
internal sealed class GoldenTraining : ITrainingProblem, IDisposable
{
    private readonly SafetensorsFile _batches;

    public GoldenTraining(string name)
    {
        var config = NetworkConfig.Read(TestFiles.Golden("models", "bert-classify", "config.json"));
        using var checkpoint = Checkpoint.Open(TestFiles.Golden("models", "bert-classify"));
        Network = Families.Load(config, checkpoint, ScalarType.Float32, trainable: true, withHead: true);
        _batches = SafetensorsFile.Open(TestFiles.Golden("training", $"{name}.safetensors"));
        Facts = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("training", $"{name}.json"))).RootElement;
    }

    public Network Network { get; }

    public JsonElement Facts { get; }

    /// <summary>In how many parts a step's rows are taken.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>The step at which the process "dies"; none by default.</summary>
    public long DiesAt { get; init; } = -1;

    /// <summary>Scores that validation gives, one after another; none by default.</summary>
    public double[]? Scores { get; init; }

    public List<string> Trace { get; } = [];

    public long StepsPerEpoch { get; init; } = 20;

    public static TrainingSettings Settings(double layerDecay = 1) => new()
    {
        LearningRate = 2e-3,
        Epochs = 1,
        LayerDecay = layerDecay,
        WarmUp = 0.25,
        CheckpointSteps = int.MaxValue,
        MaxSavingShare = double.PositiveInfinity,
    };

    public TrainingReport Train(TrainingSettings settings, TrainingCheckpoint? checkpoint = null, CancellationToken cancellation = default) =>
        new TrainingLoop(ParameterGroups.ByDepth(Network.Parameters, [], Network.Config.Layers, settings, StepsPerEpoch), settings, checkpoint).Run(this, cancellation: cancellation);

    public IEnumerable<Tensor> Losses(long step, Dropout? dropout)
    {
        if (step == DiesAt) throw new InvalidOperationException("killed");
        Trace.Add($"{step}");
        using var scope = NewDisposeScope();
        var (rows, labels) = Batch(step);
        foreach (var part in Enumerable.Range(0, rows.Length).Chunk((rows.Length + Parts - 1) / Parts))
        {
            using var packed = PackedBatch.Create([.. part.Select(r => rows[r])]);
            var scores = Network.HeadScores(Network.Last(packed, dropout), packed);
            var targets = tensor(packed.Order.Select(r => labels[part[r]]).ToArray());
            yield return nn.functional.cross_entropy(scores, targets) * ((double)part.Length / rows.Length);
        }
    }

    public double? Validate() => Scores?[Trace.Count / (int)StepsPerEpoch - 1];

    /// <summary>The parameters' bits.</summary>
    public Dictionary<string, byte[]> Bits() => Network.Parameters.ToDictionary(p => p.Key, p => p.Value.bytes.ToArray());

    public void Dispose()
    {
        Network.Dispose();
        _batches.Dispose();
    }

    private (int[][] Rows, long[] Labels) Batch(long step)
    {
        step %= 20;
        var ids = _batches.Read($"step{step}.input_ids");
        var mask = _batches.Read($"step{step}.attention_mask").data<long>().ToArray();
        var width = (int)ids.shape[1];
        var values = ids.data<long>().ToArray();
        return ([.. Enumerable.Range(0, (int)ids.shape[0]).Select(r => Enumerable.Range(r * width, width).Where(i => mask[i] == 1).Select(i => (int)values[i]).ToArray())],
            _batches.Read($"step{step}.labels").data<long>().ToArray());
    }
}
