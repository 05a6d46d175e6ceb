"""Writes the array files that the tests of WengertNN and DEXML read, and what NumPy, SciPy and safetensors find in them.

    python Tests/Fixtures/make_files.py        needs numpy, scipy, torch, safetensors
"""

import io
import json
import pathlib
import zipfile

import numpy as np
import scipy.sparse as sp
import torch
from safetensors.torch import save_file

here = pathlib.Path(__file__).parent / "files"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(7)
expected = {}


def note(name, array):
    array = np.asarray(array)
    expected[name] = {"shape": list(array.shape), "values": [float(x) for x in array.reshape(-1)]}


def npy_bytes(array, version):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


# Every element type, byte order, memory order and version.
def sample(dtype, shape):
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if kind in "iu":
        info = np.iinfo(dtype)
        low, high = max(info.min, -(2**50)), min(info.max, 2**50)
        return rng.integers(low, high, shape, endpoint=True).astype(dtype)
    return rng.normal(0, 100, shape).astype(dtype)


with zipfile.ZipFile(here / "npy-cases.npz", "w", zipfile.ZIP_DEFLATED) as archive:
    for dtype in ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]:
        for endian in "<>":
            for order in "CF":
                for version in [1, 2, 3]:
                    array = np.array(sample(dtype, (2, 3, 4)), dtype=endian + dtype, order=order)
                    name = f"{dtype.replace('?', 'b1')}-{'little' if endian == '<' else 'big'}-{order}-v{version}"
                    archive.writestr(name + ".npy", npy_bytes(array, (version, 0)))
                    note(f"npy-cases/{name}", array)
    for shape in [(), (0,), (0, 3), (1,), (5,), (1, 1, 1, 1, 2)]:
        array = sample("f4", shape)
        name = "shape-" + "x".join(map(str, shape))
        archive.writestr(name + ".npy", npy_bytes(np.asarray(array, dtype="f4"), None))
        note(f"npy-cases/{name}", array)
    archive.writestr("text-bytes.npy", npy_bytes(np.array(b"csr"), None))
    archive.writestr("text-unicode.npy", npy_bytes(np.array("größe 🙂"), None))
    archive.writestr("text-big-endian.npy", npy_bytes(np.array("coo", dtype=">U5"), None))
    archive.writestr("complex.npy", npy_bytes(np.zeros(2, "c8"), None))
    archive.writestr("record.npy", npy_bytes(np.zeros(2, [("a", "f4")]), None))

# The ways an archive can be laid out.
arrays = {"a": sample("f4", (3, 5)), "b": sample("i8", (4,)), "c": sample("?", (2, 2))}
np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays)


class Unseekable(io.RawIOBase):
    """A pipe: zipfile writes sizes behind the data."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


for method, name in [(zipfile.ZIP_STORED, "streamed-stored"), (zipfile.ZIP_DEFLATED, "streamed-deflated")]:
    with open(here / f"{name}.npz", "wb") as file, zipfile.ZipFile(Unseekable(file), "w", method) as archive:
        for key, array in arrays.items():
            archive.writestr(key + ".npy", npy_bytes(array, None))
        archive.comment = b"a comment"
for layout in ["stored", "deflated", "streamed-stored", "streamed-deflated"]:
    for key, array in arrays.items():
        note(f"{layout}/{key}", array)

# Matrices as save_npz writes them.
dense = (rng.random((7, 6)) < 0.35) * rng.integers(1, 5, (7, 6))
dense[3] = 0
csr = sp.csr_matrix(dense.astype("f4"))
sp.save_npz(here / "csr.npz", csr)
sp.save_npz(here / "csr-stored-f8.npz", csr.astype("f8"), compressed=False)
sp.save_npz(here / "csr-int.npz", csr.astype("i8"))
sp.save_npz(here / "csr-bool.npz", csr.astype(bool))
sp.save_npz(here / "csr-array.npz", sp.csr_array(csr))
wide = csr.copy()
wide.indices, wide.indptr = wide.indices.astype("i8"), wide.indptr.astype("i8")
sp.save_npz(here / "csr-int64-indices.npz", wide)
sp.save_npz(here / "csc.npz", csr.tocsc())
row = np.array([6, 0, 0, 2, 6, 0, 2], "i4")
column = np.array([5, 1, 1, 0, 5, 0, 3], "i4")
coo = sp.coo_matrix((np.array([1, 2, 3, 4, 5, 6, 7], "f4"), (row, column)), shape=(7, 6))
sp.save_npz(here / "coo-duplicates.npz", coo)
duplicates = sp.csr_matrix((7, 6), dtype="f4")
duplicates.data = np.array([1, 2, 4, 8, 16], "f4")
duplicates.indices = np.array([4, 2, 4, 5, 0], "i4")
duplicates.indptr = np.array([0, 3, 3, 3, 5, 5, 5, 5], "i4")
sp.save_npz(here / "csr-duplicates.npz", duplicates)
sp.save_npz(here / "bsr.npz", sp.bsr_matrix(csr, blocksize=(1, 2)))
for name in ["csr", "csr-stored-f8", "csr-int", "csr-bool", "csr-array", "csr-int64-indices", "csc", "coo-duplicates", "csr-duplicates"]:
    note(f"sparse/{name}", sp.load_npz(here / f"{name}.npz").toarray())

# Tensors.
tensors = {
    "encoder.weight": torch.randn(3, 4),
    "half": torch.randn(5).half(),
    "brain": torch.randn(2, 3).bfloat16(),
    "double": torch.randn(2, dtype=torch.float64),
    "ids": torch.arange(-3, 4, dtype=torch.int64),
    "int": torch.arange(-3, 4, dtype=torch.int32),
    "short": torch.tensor([-32768, 32767], dtype=torch.int16),
    "tiny": torch.tensor([-128, 127], dtype=torch.int8),
    "byte": torch.tensor([0, 255], dtype=torch.uint8),
    "flags": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
    "name with \"quotes\", ünïcode": torch.ones(1),
}
save_file(tensors, here / "tensors.safetensors", metadata={"format": "pt", "note": "ä \"b\""})
for name, tensor in tensors.items():
    note(f"tensors/{name}", tensor.double().numpy())

# Conversions to the half types: ties, overflow, denormals, specials without NaN.
floats = np.array([0, -0.0, 1, 1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 3 * 2**-8, 65504, 65519, 65520, 1e-7, 6e-8, 2.9e-8, 3.4e38, -1e-40], "f4")
with np.errstate(over="ignore"):
    halves = floats.astype("f2")
expected["conversion"] = {
    "floats": [float(x) for x in floats],
    "float16 bits": [int(x) for x in halves.view("u2")],
    "bfloat16 bits": [int(x) & 0xFFFF for x in torch.tensor(floats).bfloat16().view(torch.int16)],
}

(here / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
