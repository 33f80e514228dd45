"""Writes the files of this folder with PyTorch: python3 make.py (made with PyTorch 1.13.1). Expected tensors beside them as safetensors."""
import collections, json, os, struct
import torch

TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64", torch.int32: "I32",
         torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL", torch.complex64: "C64"}


def raw(tensor):
    storage = tensor.detach().contiguous().clone().storage()
    return bytes(storage._untyped() if hasattr(storage, "_untyped") else storage.untyped())


def expect(path, tensors):
    """A safetensors file; the standard library and torch are all that is needed."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        part = raw(tensor)
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


torch.manual_seed(5)
base = torch.randn(6, 8)
views = collections.OrderedDict(
    whole=base, transposed=base.t(), rows=base[2:5], columns=base[:, 1:7:2], permuted=torch.randn(2, 3, 4).permute(2, 0, 1),
    one=base[3, 3], none=torch.empty(0, 5), row=torch.arange(4).expand(1, -1), parameter=torch.nn.Parameter(torch.randn(3)))
types = {str(kind).replace("torch.", ""): torch.arange(-3, 4).to(kind) if kind != torch.bool else torch.tensor([True, False, True]) for kind in TYPES}
layer = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))

for name, value, protocol in (("views", views, 2), ("types", types, 2), ("module", layer.state_dict(), 2), ("protocol4", views, 4)):
    torch.save(value, name + ".bin", pickle_protocol=protocol)
for name, value in (("views", views), ("types", types), ("module", layer.state_dict())):
    expect(name + ".safetensors", value)
torch.save(views, "legacy.bin", _use_new_zipfile_serialization=False)


class Hostile:
    def __reduce__(self):
        return os.system, ("touch polymath-was-here",)


torch.save({"weight": base, "evil": Hostile()}, "hostile.bin")
torch.save(layer, "whole-module.bin")
