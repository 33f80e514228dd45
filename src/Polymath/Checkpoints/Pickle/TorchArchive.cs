namespace Polymath.Checkpoints.Pickle;

/// <summary>From an open file of <c>torch.save</c> to the tensors in it, each checked against the storage it is a view of.</summary>
internal sealed class TorchArchive
{
    /// <summary>Tensors may share storages (tied weights), but not so often that reading them all takes many times the file.</summary>
    private const int MaximumSharing = 16;

    private readonly Dictionary<string, (long At, StorageReference Storage)> _storages = [];
    private readonly ZipDirectory _zip;
    private readonly string _path, _root;

    private TorchArchive(ZipDirectory zip, string path, string root) => (_zip, _path, _root) = (zip, path, root);

    /// <summary>The tensors by name, in the order of the dictionary; <paramref name="path"/> serves messages only.</summary>
    /// <exception cref="PolymathException">The file is damaged, older than PyTorch 1.6, or holds more than tensors.</exception>
    public static OrderedDictionary<string, PickledTensor> Read(Stream file, string path)
    {
        RequireZip(file, path);
        var zip = ZipDirectory.Read(file, path);
        string root = zip.First?.Split('/')[0] ?? "";
        var pickle = zip.Find($"{root}/data.pkl") ?? throw new PolymathException($"{path}: is a zip file, but not one of torch.save: it holds no data.pkl");
        if (zip.Find($"{root}/byteorder") is { } order && !zip.ReadAll(order).AsSpan().SequenceEqual("little"u8))
            throw new PolymathException($"{path}: was saved on a machine with the other byte order; save it as safetensors");
        var archive = new TorchArchive(zip, path, root);
        return archive.Tensors(PickleMachine.Read(zip.ReadAll(pickle), path), file.Length);
    }

    private static void RequireZip(Stream file, string path)
    {
        Span<byte> start = stackalloc byte[4];
        int length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (length == 4 && start.SequenceEqual("PK\u0003\u0004"u8)) return;
        throw new PolymathException(length >= 2 && start[0] == 0x80
            ? $"{path}: was saved by a PyTorch before 1.6, whose format is not read; load it there and save it again, best as safetensors"
            : $"{path}: is not a file of torch.save (PyTorch 1.6 or newer), which is a zip file; download it again");
    }

    private OrderedDictionary<string, PickledTensor> Tensors(object? value, long fileLength)
    {
        if (value is not PickleDictionary dictionary) throw new PolymathException($"{_path}: holds {Kind(value)}, where a dictionary of tensors (state_dict) was expected");
        var tensors = new OrderedDictionary<string, PickledTensor>(dictionary.Entries.Count);
        long total = 0;
        foreach (var (key, item) in dictionary.Entries)
        {
            if (key is not string name) throw new PolymathException($"{_path}: a key of its dictionary is {Kind(key)}, where the name of a tensor was expected");
            if (item is not TensorView view) throw Broken(name, $"is {Kind(item)}, where a tensor was expected; save the weights alone (state_dict)");
            var tensor = Tensor(name, view);
            if (!tensors.TryAdd(name, tensor)) throw Broken(name, "comes twice");
            total += tensor.Info.ByteLength; // each at most the file's length, and there are at most millions: no overflow
            if (total / MaximumSharing > fileLength) throw Broken(name, $"the tensors share storages more than {MaximumSharing}-fold");
        }
        return tensors;
    }

    private PickledTensor Tensor(string name, TensorView view)
    {
        var (at, storage) = Storage(name, view.Storage);
        var type = StoredTypes.Find(storage.Type.DType)!;
        int width = type.Bits / 8;
        if (view.Shape.Length != view.Strides.Length) throw Broken(name, $"{view.Shape.Length} sizes but {view.Strides.Length} strides");
        if (Array.Exists(view.Shape, size => size < 0) || Array.Exists(view.Strides, stride => stride < 0) || view.Offset < 0)
            throw Broken(name, "a size, stride or offset is negative");
        long length = StoredTypes.ByteLength(type, view.Shape) ?? throw Broken(name, $"its shape [{string.Join(", ", view.Shape)}] is too large");
        // A view that repeats elements (stride 0) could be made as large as one likes; no weights are.
        if (length / width > storage.Count) throw Broken(name, $"its shape [{string.Join(", ", view.Shape)}] has more elements than its storage, which has {storage.Count}");
        UInt128 last = (UInt128)view.Offset;
        if (length > 0)
            for (int d = 0; d < view.Shape.Length; d++) last += (UInt128)(view.Shape[d] - 1) * (UInt128)view.Strides[d];
        if (last >= (UInt128)storage.Count && length > 0) throw Broken(name, $"it ends at element {last} of its storage, which has {storage.Count}");
        return new PickledTensor(new TensorInfo(name, type.Name, view.Shape, 0, length), length == 0 ? at : at + view.Offset * width, view.Strides, width);
    }

    /// <summary>Finds a storage once; every further view of it must mean the same.</summary>
    private (long At, StorageReference Storage) Storage(string tensor, StorageReference wanted)
    {
        if (_storages.TryGetValue(wanted.Key, out var known))
            return known.Storage == wanted ? known : throw Broken(tensor, $"its storage {SafetensorsHeader.Quote(wanted.Key)} is described in two ways");
        var entry = _zip.Find($"{_root}/data/{wanted.Key}") ?? throw Broken(tensor, $"its storage {SafetensorsHeader.Quote(wanted.Key)} is not in the file");
        int width = StoredTypes.Find(wanted.Type.DType)!.Bits / 8;
        if (wanted.Count < 0 || entry.Length / width != wanted.Count || entry.Length % width != 0)
            throw Broken(tensor, $"its storage {SafetensorsHeader.Quote(wanted.Key)} has {entry.Length} bytes, but {wanted.Count} elements of {width} were expected");
        known = (_zip.DataAt(entry), wanted);
        _storages.Add(wanted.Key, known);
        return known;
    }

    private PolymathException Broken(string tensor, string what) => new($"{_path}: tensor {SafetensorsHeader.Quote(tensor)}: {what}");

    private static string Kind(object? value) => value switch
    {
        null => "None",
        string => "a text",
        bool or long or double => "a number",
        TensorView => "one tensor",
        PickleDictionary => "a dictionary",
        List<object?> => "a list",
        object?[] => "a tuple",
        _ => "a class",
    };
}
