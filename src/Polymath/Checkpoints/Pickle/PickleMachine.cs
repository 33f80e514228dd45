namespace Polymath.Checkpoints.Pickle;

/// <summary>
/// Reads a pickle of tensors. A pickle is a program for a stack machine; this machine knows the instructions that <c>torch.save</c> writes
/// (protocol 2 and what newer protocols write in their place), can name nothing but <see cref="PickleGlobal"/> and <see cref="StorageType"/>,
/// and builds plain values only. Every other instruction or name is refused, never run. No instruction recurses or copies what it did not
/// pop, so time and memory are bounded by the length of the pickle. Instructions: CPython, <c>Lib/pickletools.py</c>.
/// </summary>
internal sealed class PickleMachine
{
    private readonly PickleReader _reader;
    private readonly string _path;
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];

    private PickleMachine(byte[] pickle, string path) => (_reader, _path) = (new PickleReader(pickle, path), path);

    /// <summary>The value that a pickle describes: null, bool, long, double, string, object?[] (a tuple), List, or a type of this folder.</summary>
    /// <exception cref="PolymathException">It is damaged, or wants what is no part of a tensor.</exception>
    public static object? Read(byte[] pickle, string path)
    {
        var machine = new PickleMachine(pickle, path);
        while (true)
        {
            byte instruction = machine._reader.Byte();
            if (instruction == '.') return machine.Pop();
            machine.Step(instruction);
        }
    }

    private void Step(byte instruction)
    {
        switch (instruction)
        {
            case 0x80: CheckProtocol(_reader.Byte()); break;
            case 0x95: _ = _reader.UInt64(); break; // FRAME: only a hint for buffers
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'J': Push((long)_reader.Int32()); break;
            case (byte)'K': Push((long)_reader.Byte()); break;
            case (byte)'M': Push((long)_reader.UInt16()); break;
            case 0x8a: Push(_reader.Long(_reader.Byte())); break;
            case 0x8b: Push(_reader.Long(_reader.UInt32())); break;
            case (byte)'G': Push(_reader.BigEndianDouble()); break;
            case (byte)'X': Push(_reader.Utf8(_reader.UInt32())); break;
            case 0x8c: Push(_reader.Utf8(_reader.Byte())); break;
            case 0x8d: Push(_reader.Utf8(_reader.UInt64())); break;
            case (byte)'U': Push(_reader.Latin1(_reader.Byte())); break;
            case (byte)'T': Push(_reader.Latin1(_reader.UInt32())); break;
            case (byte)'(': _marks.Push(_stack.Count); break;
            case (byte)'0': Pop(); break;
            case (byte)'1': PopToMark(); break;
            case (byte)'2': Push(Top()); break;
            case (byte)')': Push(Array.Empty<object?>()); break;
            case 0x85: Push(PopMany(1)); break;
            case 0x86: Push(PopMany(2)); break;
            case 0x87: Push(PopMany(3)); break;
            case (byte)'t': Push(PopToMark()); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'a': Append(PopMany(1)); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'}': Push(new PickleDictionary()); break;
            case (byte)'s': SetItems(PopMany(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case (byte)'q': _memo[_reader.Byte()] = Top(); break;
            case (byte)'r': _memo[_reader.UInt32()] = Top(); break;
            case 0x94: _memo[_memo.Count] = Top(); break;
            case (byte)'h': Push(Recall(_reader.Byte())); break;
            case (byte)'j': Push(Recall(_reader.UInt32())); break;
            case (byte)'c': Push(Global(_reader.Line(), _reader.Line())); break;
            case 0x93:
                var name = PopMany(2);
                Push(Global(name[0] as string ?? throw NotAName(), name[1] as string ?? throw NotAName()));
                break;
            case (byte)'Q': Push(Storage(Pop())); break;
            case (byte)'R':
                var call = PopMany(2);
                Push(Call(call[0], call[1] as object?[] ?? throw _reader.Broken("a call without a tuple of arguments")));
                break;
            case (byte)'b': Build(); break;
            default:
                throw _reader.Broken($"the instruction 0x{instruction:x2} is not among those that describe tensors; only tensors are read, nothing is run");
        }
    }

    private void CheckProtocol(byte version)
    {
        if (version is < 2 or > 5) throw _reader.Broken($"protocol {version}, where 2 to 5 were expected");
    }

    /// <summary>The names that mean something here; all others end the reading.</summary>
    private object Global(string module, string name) => (module, name) switch
    {
        ("collections", "OrderedDict") => PickleGlobal.OrderedDictionary,
        ("torch._utils", "_rebuild_tensor_v2") => PickleGlobal.RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => PickleGlobal.RebuildParameter,
        ("torch", _) when StorageType.Find(name) is { } type => type,
        _ => throw new PolymathException($"{_path}: wants {SafetensorsHeader.Quote($"{module}.{name}")}, which is no part of a plain tensor; only tensors are read and nothing is run: "
            + "save the weights alone (state_dict), best as safetensors"),
    };

    private object Call(object? called, object?[] arguments) => (called, arguments) switch
    {
        (PickleGlobal.OrderedDictionary, []) => new PickleDictionary(),
        (PickleGlobal.RebuildTensor, [StorageReference storage, long offset, object?[] shape, object?[] strides, _, _, ..]) when arguments.Length <= 7 =>
            new TensorView(storage, offset, Numbers(shape), Numbers(strides)),
        (PickleGlobal.RebuildParameter, [TensorView tensor, _, _]) => tensor,
        _ => throw _reader.Broken("a call with other arguments than a tensor has"),
    };

    private long[] Numbers(object?[] tuple) => Array.ConvertAll(tuple, item => item is long number ? number : throw _reader.Broken("a size that is no whole number"));

    /// <summary>('storage', class, key, where it lay, number of elements).</summary>
    private StorageReference Storage(object? identifier) => identifier is object?[] and ["storage", StorageType type, string key, string, long count]
        ? new StorageReference(key, type, count) : throw _reader.Broken("a reference that is none to a storage");

    /// <summary>State dictionaries carry attributes (<c>_metadata</c>), which tell nothing about tensors.</summary>
    private void Build()
    {
        Pop();
        if (Top() is not PickleDictionary) throw _reader.Broken("attributes of something that is no dictionary");
    }

    private void Append(object?[] items)
    {
        if (Top() is not List<object?> list) throw _reader.Broken("items for something that is no list");
        list.AddRange(items);
    }

    private void SetItems(object?[] items)
    {
        if (Top() is not PickleDictionary dictionary) throw _reader.Broken("entries for something that is no dictionary");
        if (items.Length % 2 != 0) throw _reader.Broken("a key without a value");
        for (int i = 0; i < items.Length; i += 2) dictionary.Add(items[i], items[i + 1]);
    }

    private object? Recall(long at) => _memo.TryGetValue(at, out object? value) ? value : throw _reader.Broken($"value {at} is asked for before it was kept");

    private PolymathException NotAName() => _reader.Broken("a name that is no text");

    private void Push(object? value) => _stack.Add(value);

    private object? Top() => _stack.Count > Floor ? _stack[^1] : throw Empty();

    private object? Pop() => PopMany(1)[0];

    private object?[] PopMany(int count) => _stack.Count - count >= Floor ? PopFrom(_stack.Count - count) : throw Empty();

    private object?[] PopToMark() => _marks.TryPop(out int mark) ? PopFrom(mark) : throw _reader.Broken("the end of a group that never began");

    private object?[] PopFrom(int start)
    {
        object?[] items = [.. System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_stack)[start..]];
        _stack.RemoveRange(start, items.Length);
        return items;
    }

    private int Floor => _marks.TryPeek(out int mark) ? mark : 0;

    private PolymathException Empty() => _reader.Broken("an instruction without enough values before it");
}
