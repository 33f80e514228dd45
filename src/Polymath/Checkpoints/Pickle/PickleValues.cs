namespace Polymath.Checkpoints.Pickle;

/// <summary>The only things that a pickle may name. Whatever else it names is refused, so that nothing of it can run.</summary>
internal enum PickleGlobal
{
    /// <summary><c>collections.OrderedDict</c>.</summary>
    OrderedDictionary,
    /// <summary><c>torch._utils._rebuild_tensor_v2</c>: storage, offset, size, stride, requires_grad, hooks[, metadata].</summary>
    RebuildTensor,
    /// <summary><c>torch._utils._rebuild_parameter</c>: tensor, requires_grad, hooks.</summary>
    RebuildParameter,
}

/// <summary>A storage class such as <c>torch.FloatStorage</c>: one of the names that a pickle may name.</summary>
/// <param name="DType">Its element type as the safetensors format spells it.</param>
internal sealed record StorageType(string DType)
{
    private static readonly Dictionary<string, StorageType> Known = new[]
    {
        ("FloatStorage", "F32"), ("HalfStorage", "F16"), ("BFloat16Storage", "BF16"), ("DoubleStorage", "F64"), ("LongStorage", "I64"), ("IntStorage", "I32"),
        ("ShortStorage", "I16"), ("CharStorage", "I8"), ("ByteStorage", "U8"), ("BoolStorage", "BOOL"), ("ComplexFloatStorage", "C64"),
    }.ToDictionary(pair => pair.Item1, pair => new StorageType(pair.Item2));

    /// <summary>The type of a class of the module <c>torch</c>, or null.</summary>
    public static StorageType? Find(string name) => Known.GetValueOrDefault(name);
}

/// <summary>A storage that a pickle speaks of by its key: the bytes lie under <c>data/KEY</c>.</summary>
internal sealed record StorageReference(string Key, StorageType Type, long Count);

/// <summary>A view of a storage; offset and strides count elements.</summary>
internal sealed record TensorView(StorageReference Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>A dictionary in the order of its entries, keys of any kind; a key that comes twice stands twice.</summary>
internal sealed class PickleDictionary
{
    private List<(object? Key, object? Value)>? _entries;

    public IReadOnlyList<(object? Key, object? Value)> Entries => _entries ?? [];

    public void Add(object? key, object? value) => (_entries ??= []).Add((key, value));
}
