using System.Globalization;
using Polymath.Checkpoints;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Training;

/// <summary>
/// The state of a training as one safetensors file: parameters, optimizer, the best parameters so far, and as strings the step and the
/// validation scores. Random numbers need no state: they follow from seed and step. The file is replaced as a whole or not at all.
/// </summary>
/// <param name="folder">Where the file is, one for each key; made when the first checkpoint is written.</param>
/// <param name="key">What is trained, on what, how: a checkpoint of another key is not taken up.</param>
/// <param name="disk">Where to write; the real disk by default.</param>
internal sealed class TrainingCheckpoint(string folder, string key, Disk? disk = null)
{
    private const string Parameter = "parameter.", Best = "best.";

    private string FilePath => Path.Combine(folder, $"{key[..Math.Min(12, key.Length)]}.safetensors");

    /// <summary>Writes the state.</summary>
    public void Save(IReadOnlyList<KeyValuePair<string, Tensor>> parameters, GroupedAdamW optimizer, BestParameters best, TrainingReport report)
    {
        var tensors = parameters.Select(p => new KeyValuePair<string, Tensor>(Parameter + p.Key, p.Value))
            .Concat(optimizer.State()).Concat(best.Tensors.Select(p => new KeyValuePair<string, Tensor>(Best + p.Key, p.Value)));
        SafetensorsWriter.Write(FilePath, tensors, new Dictionary<string, string>
        {
            ["key"] = key,
            ["step"] = report.Steps.ToString(CultureInfo.InvariantCulture),
            ["validations"] = string.Join(' ', report.Validations.Select(score => score.ToString("R", CultureInfo.InvariantCulture))),
        }, disk);
        report.Checkpoints++;
    }

    /// <summary>Puts the saved state into the parameters and the optimizer; false where there is none of this training.</summary>
    /// <exception cref="PolymathException">The file is damaged.</exception>
    public bool TryResume(IReadOnlyList<KeyValuePair<string, Tensor>> parameters, GroupedAdamW optimizer, BestParameters best, TrainingReport report)
    {
        if (!File.Exists(FilePath)) return false;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var file = SafetensorsFile.Open(FilePath);
        if (!file.Metadata.TryGetValue("key", out var found) || found != key) return false;
        report.Steps = report.ResumedAt = long.Parse(file.Metadata["step"], CultureInfo.InvariantCulture);
        report.Validations = [.. file.Metadata["validations"].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(score => double.Parse(score, CultureInfo.InvariantCulture))];
        foreach (var (name, tensor) in parameters.Select(p => new KeyValuePair<string, Tensor>(Parameter + p.Key, p.Value)).Concat(optimizer.State()))
            tensor.copy_(file.Read(name));
        foreach (var (name, _) in parameters)
            if (file.Tensors.ContainsKey(Best + name)) best.Keep(name, file.Read(Best + name));
        return true;
    }
}
