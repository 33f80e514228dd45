using Polymath.Native;
using static TorchSharp.torch;

namespace Polymath.Checkpoints;

/// <summary>Named tensors that a network can be built from: a checkpoint on disk, or weights that training left in memory.</summary>
internal interface ITensorSource : IDisposable
{
    /// <summary>Where they come from, for messages.</summary>
    string Path { get; }

    /// <summary>The names of all tensors.</summary>
    IReadOnlyCollection<string> Names { get; }

    /// <summary>Says which tensor is about to be read; a source that makes tensors makes it now.</summary>
    void Expect(string name, long[] shape) { }

    /// <summary>Whether there is a tensor of that name.</summary>
    bool Contains(string name);

    /// <summary>Type and shape of a tensor.</summary>
    TensorInfo Info(string name);

    /// <summary>A tensor that the caller may keep.</summary>
    Tensor Read(string name);

    /// <summary>A matrix in the four-bit blocks that it is stored in; null where it is stored otherwise.</summary>
    FourBitRows? ReadFourBit(string name) => null;
}

/// <summary>One source in front of another: what the first lacks comes from the second.</summary>
internal sealed class LayeredTensors(ITensorSource first, ITensorSource second) : ITensorSource
{
    public string Path => first.Path;

    public IReadOnlyCollection<string> Names => [.. first.Names.Union(second.Names)];

    public bool Contains(string name) => first.Contains(name) || second.Contains(name);

    public TensorInfo Info(string name) => Holder(name).Info(name);

    public Tensor Read(string name) => Holder(name).Read(name);

    public void Dispose() { }

    private ITensorSource Holder(string name) => first.Contains(name) ? first : second;
}

/// <summary>Tensors in memory as a source; they stay the property of who made them.</summary>
internal sealed class MemoryTensors(string path, IReadOnlyDictionary<string, Tensor> tensors) : ITensorSource
{
    public string Path => path;

    public IReadOnlyCollection<string> Names => [.. tensors.Keys];

    public bool Contains(string name) => tensors.ContainsKey(name);

    public TensorInfo Info(string name) => new(name, StoredTypes.Find(tensors[name].dtype)!.Name, tensors[name].shape, 0, tensors[name].numel() * tensors[name].element_size());

    public Tensor Read(string name) => tensors[name].detach();

    public void Dispose() { }
}
