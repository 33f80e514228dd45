using static TorchSharp.torch;

namespace Polymath.Checkpoints.Pickle;

/// <summary>
/// A file of <c>torch.save</c> (PyTorch 1.6 and newer), such as <c>pytorch_model.bin</c>: a zip file without compression that holds
/// <c>NAME/data.pkl</c>, which describes a dictionary of tensors, and <c>NAME/data/KEY</c> for each storage. Mapped into memory; nothing
/// of it is run, see <see cref="PickleMachine"/>. Format: pytorch/pytorch, <c>torch/serialization.py</c> (<c>_save</c>) and
/// <c>caffe2/serialize/inline_container.h</c>.
/// </summary>
internal sealed class TorchFile : IWeightsFile
{
    private readonly OrderedDictionary<string, PickledTensor> _tensors;
    private readonly MappedFile _file;

    private TorchFile(string path, OrderedDictionary<string, PickledTensor> tensors, MappedFile file)
    {
        (Path, _tensors, _file) = (path, tensors, file);
        var infos = new OrderedDictionary<string, TensorInfo>(tensors.Count);
        foreach (var (name, tensor) in tensors) infos.Add(name, tensor.Info);
        Tensors = infos;
    }

    public string Path { get; }

    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>Whether a file of that name is one of torch.save by custom.</summary>
    public static bool IsNamed(string path) => System.IO.Path.GetExtension(path) is ".bin" or ".pt" or ".pth";

    /// <summary>Opens a file and checks that every tensor lies inside it.</summary>
    /// <exception cref="PolymathException">The file is missing, damaged, older than PyTorch 1.6, or holds more than tensors.</exception>
    public static TorchFile Open(string path)
    {
        var file = MappedFile.Open(path, stream => TorchArchive.Read(stream, path), out var tensors);
        return new TorchFile(path, tensors, file);
    }

    public TensorInfo Info(string name) => Find(name).Info;

    public Tensor Read(string name) => StoredValues.Read(Path, Info(name), Copier(name));

    public float[] ReadFloats(string name) => StoredValues.Floats(Path, Info(name), Copier(name));

    public Stream OpenBytes(string name)
    {
        var tensor = Find(name);
        return tensor.IsContiguous ? _file.OpenBytes(tensor.At, tensor.Info.ByteLength) : new PickledTensorStream(_file, tensor);
    }

    public void Dispose() => _file.Dispose();

    private CopyBytes Copier(string name)
    {
        var tensor = Find(name);
        return (offset, destination) => tensor.Copy(_file, offset, destination);
    }

    private PickledTensor Find(string name) => _tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new PolymathException($"{Path}: there is no tensor {SafetensorsHeader.Quote(name)} among its {_tensors.Count}");
}
