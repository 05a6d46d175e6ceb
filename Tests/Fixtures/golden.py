"""What the scripts of golden values share: operands, and records of operations on them with their results, the cotangents of the floating results and the gradients of the floating operands."""
import json
import math
import pathlib

import numpy as np
import torch

records = []
rng = np.random.default_rng(7)
names = {torch.float64: "float64", torch.float32: "float32", torch.float16: "float16", torch.bfloat16: "bfloat16",
         torch.int64: "int64", torch.int32: "int32", torch.uint8: "uint8", torch.bool: "bool"}


def plain(x):
    if isinstance(x, float) and not math.isfinite(x):
        return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
    return x


def tensor(t):
    values = t.detach().double().flatten().tolist() if t.is_floating_point() else [int(v) for v in t.flatten().tolist()]
    return {"dtype": names[t.dtype], "shape": list(t.shape), "values": [plain(v) for v in values]}


def real(*shape, low=-2.0, high=2.0):
    return torch.tensor(np.round(rng.uniform(low, high, shape), 3), dtype=torch.float64)


def away(*shape):
    x = np.round(rng.uniform(-1.7, 1.7, shape), 3)
    return torch.tensor(np.where(x < 0, x - 0.3, x + 0.3), dtype=torch.float64)


def distinct(*shape):
    n = int(np.prod(shape))
    return torch.tensor(np.round((rng.permutation(n) - n / 2) * 0.13, 3).reshape(shape), dtype=torch.float64)


def fractions(*shape):
    return torch.tensor(rng.integers(-3, 4, shape) + np.round(rng.choice([0.2, 0.3, 0.7, 0.8], shape), 3), dtype=torch.float64)


def whole(*values, dtype=torch.int64):
    return torch.tensor(list(values) if len(values) > 1 else values[0], dtype=dtype)


def case(name, f, *operands, gradient=True):
    given = [x.clone().requires_grad_(True) if gradient and x.is_floating_point() else x for x in operands]
    results = f(*given)
    results = list(results) if isinstance(results, (list, tuple)) else [results]
    results = [r if isinstance(r, torch.Tensor) else torch.tensor(r) for r in results]
    record = {"case": name, "operands": [tensor(x) for x in operands], "results": [tensor(r) for r in results]}
    floating = [r for r in results if r.is_floating_point()]
    if gradient and floating and any(x.is_floating_point() for x in operands):
        weights = [torch.tensor(np.round(rng.normal(size=tuple(r.shape)), 2)).to(r.dtype) for r in floating]
        total = sum((r.double() * w.double()).sum() for r, w in zip(floating, weights))
        sources = [x for x in given if x.is_floating_point()]
        gradients = torch.autograd.grad(total, sources, allow_unused=True) if total.requires_grad else [None] * len(sources)
        gradients = [torch.zeros_like(x) if g is None else g for x, g in zip(sources, gradients)]
        record["cotangents"] = [tensor(w) for w in weights]
        record["gradients"] = [tensor(g) for g in gradients]
    records.append(record)


def values(name, f, *operands):
    """Values only, from NumPy or JAX."""
    results = f(*[x.numpy() for x in operands])
    results = results if isinstance(results, (list, tuple)) else [results]
    records.append({"case": name, "operands": [tensor(x) for x in operands],
                    "results": [tensor(torch.tensor(np.array(r))) for r in results]})


def write(script):
    """The records beside a script."""
    path = pathlib.Path(script).with_suffix(".json")
    path.write_text("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in records) + "\n]\n")
    print(len(records), "records,", len({r["case"] for r in records}), "cases,", path.stat().st_size, "bytes")
