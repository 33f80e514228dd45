using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Native;
using Polymath.Text;
using Polymath.Text.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Distillation;

/// <summary>
/// Knowledge distillation (Hinton, Vinyals and Dean 2015) of a sentence encoder: a small BERT-type student with a vocabulary of its own learns,
/// from unlabelled texts and random first weights, to give the vectors that a larger teacher gives. Everything that took time is kept in a work
/// folder, so the same call goes on where an earlier one was stopped.
/// </summary>
public static class Distiller
{
    private const int MostHeldOut = 2048;

    /// <summary>Makes a student.</summary>
    /// <param name="teacher">The teacher; its mean-pooled vectors are learned.</param>
    /// <param name="texts">Unlabelled texts; those that come twice count once.</param>
    /// <param name="output">The student's folder; it holds a usable student from the first checkpoint on.</param>
    /// <param name="options">The student's size and how it is trained.</param>
    /// <param name="workFolder">Where intermediate results are kept; null for the output's name with <c>.work</c> added.</param>
    /// <param name="disk">Where to write; the real disk by default.</param>
    /// <param name="progress">Told about each stage.</param>
    /// <param name="cancellation">Stops after the running step, with progress saved.</param>
    /// <exception cref="PolymathException">An option does not fit, there are too few texts, the work folder holds another run, or the disk refuses.</exception>
    public static DistillationResult Run(Backbone teacher, IEnumerable<string> texts, string output, DistillationOptions? options = null, string? workFolder = null,
        Disk? disk = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(texts);
        options = Check(options ?? new DistillationOptions(), teacher);
        disk ??= Disk.Default;
        var work = workFolder ?? Path.TrimEndingDirectorySeparator(output) + ".work";
        string[] rows = [.. texts.Where(text => !string.IsNullOrWhiteSpace(text)).Distinct()];
        if (rows.Length < 16) throw new PolymathException($"there are only {rows.Length} different texts to learn from; expected at least 16, and hundreds of thousands for a good student");
        var digest = TeacherVectors.Digest(rows);
        Claim(work, output, $"{teacher.Hash}|{digest}|{options with { Epochs = 0, BagEpochs = 0, CheckpointInterval = default, TeacherLayers = [] }}|{string.Join(',', options.TeacherLayers)}", disk);

        var tokenizer = LearnVocabulary(output, rows, options, disk, progress, cancellation);
        using var scope = NewDisposeScope();
        var vectors = TeacherVectors.Compute(teacher, rows, options.TeacherLayers, Path.Combine(work, "teacher"), $"{teacher.Hash}|{string.Join(',', options.TeacherLayers)}|{Precisions.Name(teacher.Precision)}", disk, progress, cancellation);
        var (mean, scale) = Scaling(vectors, options.TeacherLayers.Count);
        var ids = Array.ConvertAll(rows, text => tokenizer.Encode(text, null, new EncodeOptions { MaxLength = options.MaxTokens, Overflow = false })[0].Ids);
        var heldOut = Math.Min(MostHeldOut, rows.Length / 8);

        var loss = new DistillationLoss(mean, scale, teacher.Config.Width, options.SimilarityWeight);
        var checkpoint = Path.Combine(work, "checkpoint.safetensors");
        if (!File.Exists(checkpoint)) StudentFolder.WriteFirstWeights(checkpoint, tokenizer.VocabularySize, options, disk);
        using var training = StudentTraining.Open(NetworkConfig.Read(Path.Combine(output, "config.json")), checkpoint, ids[..^heldOut], vectors, loss, options);
        training.Run(() =>
        {
            training.Save(checkpoint, disk);
            Export(training.Weights, output, disk);
        }, progress, cancellation);
        return new DistillationResult(output, rows.Length - heldOut, heldOut, tokenizer.VocabularySize, training.Weights.Values.Sum(tensor => tensor.numel()), training.Steps,
            1 - training.Error(ids[^heldOut..], rows.Length - heldOut));
    }

    private static DistillationOptions Check(DistillationOptions options, Backbone teacher)
    {
        var layers = teacher.Config.Layers;
        if (options.Width % options.Heads != 0) throw new PolymathException($"the width {options.Width} is not a multiple of the {options.Heads} attention heads");
        if (options.MaxTokens < 3) throw new PolymathException($"a student of {options.MaxTokens} tokens has no room for text; expected at least 3");
        if (options.TokenBudget < options.MaxTokens) throw new PolymathException($"a step of {options.TokenBudget} tokens cannot hold a row of {options.MaxTokens}; give it more");
        if (options.TeacherLayers.Any(layer => layer < 0 || layer > layers)) throw new PolymathException($"{teacher.Name} has layers 0 to {layers}; layer {options.TeacherLayers.First(layer => layer < 0 || layer > layers)} is not among them");
        return options.TeacherLayers.Count > 0 ? options : options with { TeacherLayers = layers < 2 ? [layers] : [layers / 2, layers] };
    }

    /// <summary>Marks the work folder as this run's; only the number of epochs may differ from an earlier call.</summary>
    private static void Claim(string work, string output, string key, Disk disk)
    {
        var file = Path.Combine(work, "run.txt");
        if (File.Exists(file))
        {
            if (File.ReadAllText(file) != key) throw new PolymathException($"{work}: holds the work of another run (other texts, teacher or options); give another folder, or remove it");
            return;
        }
        if (File.Exists(output) || (Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any()))
            throw new PolymathException($"{output}: is there already and no unfinished work of this command; expected a name that is free, or an empty folder");
        disk.WriteText(file, key);
    }

    private static Tokenizer LearnVocabulary(string output, string[] rows, DistillationOptions options, Disk disk, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        progress?.Report(new WorkProgress("vocabulary", 0, null));
        if (!File.Exists(Path.Combine(output, "sentence_bert_config.json"))) // written last
            StudentFolder.WriteSettings(output, WordPieceTrainer.Train(rows, options.Vocabulary, cancellation), options, disk);
        return Tokenizer.Load(output);
    }

    /// <summary>Mean of each column, and one scale for each of the teacher's layers, so that every layer weighs the same.</summary>
    private static (Tensor Mean, Tensor Scale) Scaling(Tensor vectors, int layers)
    {
        using var scope = NewDisposeScope();
        using var some = vectors.slice(0, 0, Math.Min(1 << 16, vectors.shape[0]), 1).to(ScalarType.Float64);
        var mean = some.mean([0L]);
        var centred = some - mean;
        var width = vectors.shape[1] / layers;
        var scale = centred.square().mean([0L]).view(layers, width).mean([1L], keepdim: true).sqrt().clamp_min(1e-6).expand(layers, width).reshape(-1);
        return (mean.to(ScalarType.Float32).MoveToOuterDisposeScope(), scale.to(ScalarType.Float32).MoveToOuterDisposeScope());
    }

    private static void Export(IReadOnlyDictionary<string, Tensor> weights, string output, Disk disk)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        SafetensorsWriter.Write(Path.Combine(output, "model.safetensors"),
            weights.Select(entry => new KeyValuePair<string, Tensor>(entry.Key["bert.".Length..], entry.Value.to(ScalarType.Float16))), new Dictionary<string, string> { ["format"] = "pt" }, disk);
    }
}
