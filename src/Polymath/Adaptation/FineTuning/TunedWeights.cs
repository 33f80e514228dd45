using System.Security.Cryptography;
using Polymath.Checkpoints;
using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Adaptation;

/// <summary>
/// A backbone's complete weights after training, under their Hugging Face names: in memory as training left them, or in the file
/// <c>backbone.safetensors</c> of a task's folder.
/// </summary>
internal sealed class TunedWeights : IDisposable
{
    private readonly IReadOnlyDictionary<string, Tensor>? _tensors;
    private readonly string _path;
    private readonly Lazy<string> _hash;

    private TunedWeights(IReadOnlyDictionary<string, Tensor>? tensors, string path)
    {
        (_tensors, _path) = (tensors, path);
        _hash = new Lazy<string>(ComputeHash);
    }

    /// <summary>SHA-256 over names, shapes and values; features of one tuned backbone are never taken for another's.</summary>
    public string Hash => _hash.Value;

    /// <summary>The number of values.</summary>
    public long Count
    {
        get
        {
            using var source = Open();
            return source.Names.Sum(name => source.Info(name).ElementCount);
        }
    }

    /// <summary>Copies a trained network's parameters and puts back the embeddings of tokens that did not occur.</summary>
    /// <param name="parameters">The network's parameters.</param>
    /// <param name="vocabulary">The tokens that it knew.</param>
    /// <param name="backbone">What it started from.</param>
    /// <param name="decay">What weight decay leaves of an embedding without a gradient.</param>
    public static TunedWeights Copy(IReadOnlyDictionary<string, Tensor> parameters, UsedVocabulary vocabulary, Backbone backbone, double decay)
    {
        using var scope = NewDisposeScope();
        using var start = Checkpoint.Open(backbone.Folder);
        var complete = vocabulary.Expand(parameters, start, decay);
        foreach (var tensor in complete.Values) tensor.DetachFromDisposeScope();
        return new TunedWeights(complete, "tuned weights");
    }

    /// <summary>Copies all parameters of a trained network.</summary>
    /// <param name="parameters">The network's parameters.</param>
    public static TunedWeights Copy(IReadOnlyDictionary<string, Tensor> parameters)
    {
        using var noGrad = no_grad();
        return new TunedWeights(parameters.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone().DetachFromDisposeScope()), "tuned weights");
    }

    /// <summary>Refers to a file.</summary>
    public static TunedWeights OfFile(string path) => new(null, path);

    /// <summary>Opens the weights for reading.</summary>
    public ITensorSource Open() => _tensors is null ? Checkpoint.Open(_path) : new MemoryTensors(_path, _tensors);

    /// <summary>Writes the weights as a safetensors file.</summary>
    public void Write(string path, Disk disk)
    {
        if (_tensors is not null) SafetensorsWriter.Write(path, _tensors, new Dictionary<string, string> { ["format"] = "pt" }, disk);
        else
            disk.WriteFile(path, target =>
            {
                using var source = File.OpenRead(_path);
                source.CopyTo(target, 1 << 20);
            });
    }

    /// <summary>Frees tensors that are held in memory.</summary>
    public void Dispose()
    {
        foreach (var tensor in _tensors?.Values ?? []) tensor.Dispose();
    }

    private string ComputeHash()
    {
        using var source = Open();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in source.Names.Order(StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{name}\n{source.Info(name).ShapeText}\n"));
            TensorBytes.ForEachBlock(source.Read(name).contiguous(), (_, block) => hash.AppendData(block), 1 << 22);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
