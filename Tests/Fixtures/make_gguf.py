"""Writes a GGUF file of every type that is read and what the package gguf makes of it, and a model in shards as huggingface_hub writes it.

    python Tests/Fixtures/make_gguf.py        needs gguf, huggingface_hub, numpy, torch, safetensors
"""

import pathlib
import shutil

import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader, GGUFWriter, dequantize, quantize
from huggingface_hub import save_torch_state_dict
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent / "files"
rng = np.random.default_rng(21)
path, expected = here / "types.gguf", {}

writer = GGUFWriter(path, "llama")
writer.add_uint8("test.uint8", 200)
writer.add_int8("test.int8", -5)
writer.add_uint16("test.uint16", 60000)
writer.add_int16("test.int16", -300)
writer.add_uint32("test.uint32", 4_000_000_000)
writer.add_int32("test.int32", -70000)
writer.add_uint64("test.uint64", 2**63 + 1)
writer.add_int64("test.int64", -(2**40))
writer.add_float32("test.float32", 0.5)
writer.add_float64("test.float64", 0.1)
writer.add_bool("test.bool", True)
writer.add_string("test.string", "größe 🙂")
writer.add_array("test.texts", ["a", "", "bc"])
writer.add_array("test.numbers", [1, 2, -3])
writer.add_array("test.reals", [0.5, -1.5])

for name, dtype, kind in [("f32", "f4", Type.F32), ("f16", "f2", Type.F16), ("f64", "f8", Type.F64)]:
    values = rng.normal(0, 3, (2, 3)).astype(dtype)
    writer.add_tensor(name, values)
    expected[name] = values
for name, dtype in [("i8", "i1"), ("i16", "i2"), ("i32", "i4"), ("i64", "i8")]:
    info = np.iinfo(dtype)
    values = rng.integers(max(info.min, -(2**50)), min(info.max, 2**50), (5,), endpoint=True).astype(dtype)
    writer.add_tensor(name, values)
    expected[name] = values
for kind in [Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0]:
    name, values = kind.name.lower(), rng.normal(0, 2, (3, 64)).astype("f4")
    stored = quantize(values, kind)
    writer.add_tensor(name, stored, raw_dtype=kind)
    expected[name] = dequantize(stored, kind)
# The package quantizes to none of these: any bytes are blocks of theirs, if the scales are numbers.
for kind, size, halves in [(Type.Q4_K, 144, [0, 2]), (Type.Q6_K, 210, [208])]:
    name, stored = kind.name.lower(), rng.integers(0, 256, (2, 1, size)).astype("u1")
    for place in halves:
        stored[:, :, place:place + 2] = rng.normal(0, 0.1, (2, 1, 1)).astype("f2").view("u1")
    stored = stored.reshape(2, size)
    writer.add_tensor(name, stored, raw_dtype=kind)
    expected[name] = dequantize(stored, kind)
# One that is refused.
writer.add_tensor("q5_k", rng.integers(0, 256, (1, 176)).astype("u1"), raw_dtype=Type.Q5_K)

writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
assert len(GGUFReader(path).tensors) == len(expected) + 1
save_file({k: v for k, v in expected.items()}, here / "types.gguf.safetensors")

folder = here / "sharded"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
torch.manual_seed(3)
weights = {f"layers.{i}.weight": torch.randn(4, 3) for i in range(4)} | {"norm.weight": torch.ones(3, dtype=torch.float16)}
save_torch_state_dict(weights, folder, max_shard_size=100, filename_pattern="model{suffix}.safetensors", metadata={"format": "pt"})
