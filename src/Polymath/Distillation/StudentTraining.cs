using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Native;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Distillation;

/// <summary>Where a training stands: all that the next step depends on besides the tensors.</summary>
/// <param name="Phase">0: embeddings only, 1: the whole student.</param>
/// <param name="Epoch">Passes over the texts finished in this phase.</param>
/// <param name="Batch">Batches of this pass finished.</param>
/// <param name="Steps">Steps taken in all.</param>
internal readonly record struct TrainingPosition(int Phase, int Epoch, int Batch, long Steps);

/// <summary>
/// The training of a student: one loop for both phases. The student has no dropout here, so the order of the texts, which the seed and the
/// position give, is all the randomness there is; a run that continues from a checkpoint takes the same steps as one that was never stopped.
/// </summary>
internal sealed class StudentTraining : IDisposable
{
    private readonly DistillationOptions _options;
    private readonly Network _student;
    private readonly Tensor[] _projection; // weight [D, H], bias [D]
    private readonly FusedAdamW _optimizer;
    private readonly DistillationLoss _loss;
    private readonly Tensor _vectors;
    private readonly int[][] _rows;
    private readonly KeyValuePair<string, Tensor>[] _state;
    private TrainingPosition _at;

    /// <summary>Starts or goes on; the file is closed again, so that it can be replaced on every system.</summary>
    /// <param name="config">The student's settings.</param>
    /// <param name="file">The file of first weights, or a checkpoint of this class.</param>
    /// <param name="rows">Token ids of the texts.</param>
    /// <param name="vectors">The teacher's vectors of the same texts and perhaps more, float16 [N, D].</param>
    /// <param name="loss">What is minimised.</param>
    /// <param name="options">How.</param>
    public static StudentTraining Open(NetworkConfig config, string file, int[][] rows, Tensor vectors, DistillationLoss loss, DistillationOptions options)
    {
        using var start = Checkpoint.Open(file);
        return new StudentTraining(config, start, rows, vectors, loss, options);
    }

    private StudentTraining(NetworkConfig config, Checkpoint start, int[][] rows, Tensor vectors, DistillationLoss loss, DistillationOptions options)
    {
        (_options, _rows, _vectors, _loss) = (options, rows, vectors, loss);
        using var scope = NewDisposeScope();
        _student = Families.Load(config, start, ScalarType.Float32, trainable: true, withHead: false);
        var resumed = start.Contains("projection.weight");
        _projection =
        [
            (resumed ? start.Read("projection.weight") : zeros(vectors.shape[1], config.Width)).requires_grad_().DetachFromDisposeScope(),
            (resumed ? start.Read("projection.bias") : zeros(vectors.shape[1])).requires_grad_().DetachFromDisposeScope(),
        ];
        KeyValuePair<string, Tensor>[] parameters = [.. _student.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal), new("projection.weight", _projection[0]), new("projection.bias", _projection[1])];
        _optimizer = new FusedAdamW(parameters.Select(p => p.Value));
        _state = [.. parameters, .. _optimizer.State.Select((tensor, i) => new KeyValuePair<string, Tensor>($"optimizer.{i}", tensor))];
        if (!resumed) return;
        using var noGrad = no_grad();
        foreach (var (name, tensor) in _state.Where(entry => entry.Key.StartsWith("optimizer.", StringComparison.Ordinal))) tensor.copy_(start.Read(name));
        int Number(string key) => int.Parse(start.Metadata[key], System.Globalization.CultureInfo.InvariantCulture);
        _at = new TrainingPosition(Number("phase"), Number("epoch"), Number("batch"), Number("steps"));
    }

    /// <summary>The student's weights by name.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights => _student.Parameters;

    /// <summary>Steps taken.</summary>
    public long Steps => _at.Steps;

    /// <summary>Trains to the end.</summary>
    /// <param name="save">Called now and then between two steps, and before an interruption leaves.</param>
    /// <param name="progress">Told after each step.</param>
    /// <param name="cancellation">Stops after the running step.</param>
    public void Run(Action save, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var saved = System.Diagnostics.Stopwatch.StartNew();
        double smooth = double.NaN;
        for (; _at.Phase < 2; _at = new TrainingPosition(_at.Phase + 1, 0, 0, _at.Steps))
        {
            var epochs = _at.Phase == 0 ? _options.BagEpochs : _options.Epochs;
            for (; _at.Epoch < Math.Ceiling(epochs); _at = _at with { Epoch = _at.Epoch + 1, Batch = 0 })
            {
                var plan = TrainingPlan.Epoch(_rows, _options.TokenBudget, _options.Seed + _at.Phase, _at.Epoch);
                var batches = (int)Math.Ceiling(plan.Length * Math.Min(1, epochs - _at.Epoch));
                while (_at.Batch < batches)
                {
                    if (cancellation.IsCancellationRequested || saved.Elapsed > _options.CheckpointInterval)
                    {
                        save();
                        cancellation.ThrowIfCancellationRequested();
                        saved.Restart();
                    }
                    var share = (_at.Epoch + (double)_at.Batch / plan.Length) / epochs;
                    var loss = Step(plan[_at.Batch], share);
                    if (!double.IsFinite(loss)) throw new PolymathException($"the loss is no longer a number at step {_at.Steps}; try a lower learning rate");
                    smooth = double.IsNaN(smooth) ? loss : 0.98 * smooth + 0.02 * loss;
                    _at = _at with { Batch = _at.Batch + 1, Steps = _at.Steps + 1 };
                    progress?.Report(new WorkProgress(_at.Phase == 0 ? "embeddings" : "network", (long)_at.Epoch * plan.Length + _at.Batch, (long)Math.Ceiling(epochs * plan.Length), $"loss {smooth:F4}"));
                }
            }
        }
        save();
    }

    /// <summary>One step on some rows; gives the loss.</summary>
    private double Step(int[] rows, double share)
    {
        using var scope = NewDisposeScope();
        using var batch = PackedBatch.Create([.. rows.Select(row => _rows[row])]);
        Tensor loss;
        using (Autocast.Enter(_options.Precision))
        {
            var pooled = Vectors(batch, _at.Phase == 0 ? 0 : _student.Config.Layers);
            var targets = _loss.Targets(_vectors, [.. batch.Order.Select(at => rows[at])]);
            loss = _loss.Of(pooled, Predict(pooled), targets);
        }
        loss.backward();
        Clip([.. Live().Select(parameter => parameter.grad!)]);
        _optimizer.Step((_at.Phase == 0 ? _options.BagRate : _options.Rate) * Schedule(share), _options.WeightDecay);
        foreach (var parameter in Live()) parameter.grad!.zero_();
        return loss.item<float>();
    }

    /// <summary>Mean squared prediction error of some rows in units of the teacher's variance: 1 for a student that knows nothing.</summary>
    /// <param name="rows">Token ids.</param>
    /// <param name="first">The first one's row among the teacher's vectors.</param>
    public double Error(int[][] rows, int first)
    {
        using var noGrad = no_grad();
        double sum = 0;
        for (var start = 0; start < rows.Length; start += 256)
        {
            using var scope = NewDisposeScope();
            var part = rows[start..Math.Min(start + 256, rows.Length)];
            using var batch = PackedBatch.Create(part);
            var from = first + start;
            var targets = _loss.Targets(_vectors, [.. batch.Order.Select(at => from + at)]);
            sum += part.Length * DistillationLoss.Prediction(Predict(Vectors(batch, _student.Config.Layers)), targets).item<float>();
        }
        return sum / rows.Length;
    }

    /// <summary>Writes everything that a later run needs to go on from here.</summary>
    public void Save(string file, Disk disk) => SafetensorsWriter.Write(file, _state, new Dictionary<string, string>
    {
        ["phase"] = $"{_at.Phase}",
        ["epoch"] = $"{_at.Epoch}",
        ["batch"] = $"{_at.Batch}",
        ["steps"] = $"{_at.Steps}",
    }, disk);

    /// <summary>Frees weights and optimizer state.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        foreach (var tensor in _projection) tensor.Dispose();
        _student.Dispose();
    }

    private Tensor Vectors(PackedBatch batch, int depth) => DistillationLoss.Pool(_student.Hidden(batch, layer => layer == depth)[depth]!, batch);

    private Tensor Predict(Tensor pooled) => nn.functional.linear(pooled, _projection[0], _projection[1]);

    private Tensor[] Live() => [.. _student.Parameters.Values.Concat(_projection).Where(parameter => parameter.grad is not null)];

    /// <summary>Scales all gradients down together where their common norm is beyond the bound.</summary>
    private void Clip(Tensor[] gradients)
    {
        var norm = Math.Sqrt(gradients.Sum(gradient => Math.Pow(gradient.norm().item<float>(), 2)));
        if (norm > _options.ClipNorm) foreach (var gradient in gradients) gradient.mul_(_options.ClipNorm / norm);
    }

    /// <summary>Rises linearly, then falls linearly to zero.</summary>
    private double Schedule(double share) => share < _options.WarmUp ? (share + 1e-3) / (_options.WarmUp + 1e-3) : (1 - share) / (1 - _options.WarmUp);
}
