"""Reads and writes .safetensors with torch alone, for machines without the safetensors package.
(tests/unit/checkpoint/python_test.cpp checks that our files have the format of that package.)"""
import json
import struct

import torch

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
          "I64": torch.int64, "I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def bytes_of(tensor):
    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    piece = bytearray(flat.numel())
    if piece:
        torch.frombuffer(piece, dtype=torch.uint8).copy_(flat)
    return bytes(piece)


def load(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), bytearray(file.read())
    header.pop("__metadata__", None)
    whole = torch.frombuffer(data, dtype=torch.uint8)
    return {name: whole[slice(*about["data_offsets"])].clone().view(DTYPES[about["dtype"]]).reshape(about["shape"])
            for name, about in header.items()}


def save(tensors, path):
    header, pieces, at = {}, [], 0
    for name, tensor in tensors.items():
        pieces.append(bytes_of(tensor))
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [at, at + len(pieces[-1])]}
        at += len(pieces[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(pieces))
