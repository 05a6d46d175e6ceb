"""Values of the expressions in the tables of Documentation/FromPyTorch.md: from_pytorch.json.

What PyTorch gives is written down; where JAX has an expression too, it must give the same. Random numbers, layers and training are left out, but for the functions of torch.nn.functional.
"""

import functools
import itertools
import json
import pathlib
import re

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import numpy as np
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).resolve().parent
inputs = {
    "x": [[1.0, 5, 2], [4, 3, 6]],
    "y": [[3.0, 1, 2], [4, 6, 5]],
    "v": [1.0, 2, 3],
    "t": [1.0, 0, -1],
    "z": np.arange(24.0).reshape(2, 3, 4),
    "i": [1, 0],
    "j": [[2, 0, 1], [1, 1, 0]],
    "a": [[4.0, 1, 0], [1, 3, 1], [0, 1, 2]],
    "b": [1.0, 2, 3],
}


def names(tensor, sin):
    known = {name: tensor(np.asarray(value, np.float32 if np.asarray(value).dtype == np.float64 else None)) for name, value in inputs.items()}
    z = known["z"]
    known |= {"p": known["y"] / 6, "images": z[:, :2].reshape(2, 1, 2, 4), "q": z[None] / 24, "k": z[None] / 12, "w": z[None]}
    return known | {"f": lambda v: (v * v * v).sum(), "g": lambda v: sin(v) * v.sum()}


def flat(value, kind):
    if isinstance(value, (tuple, list)) and not hasattr(value, "shape"):
        return [array for part in value for array in flat(part, kind)]
    if isinstance(value, kind):
        return [np.asarray(value.detach() if kind is torch.Tensor else value, np.float64)]
    return []


peers = [
    (torch.Tensor, {"torch": torch, "F": F, "functools": functools, "itertools": itertools} | names(torch.from_numpy, torch.sin)),
    (jax.Array, {"jax": jax, "jnp": jnp} | names(jnp.asarray, jnp.sin)),
]
values, heading = {}, ""
for line in (here / "../../Documentation/FromPyTorch.md").read_text().split("## Equivalents")[1].splitlines():
    if line.startswith("### "):
        heading = line[4:]
    cells = re.findall(r"`([^`]+)`|(–)", line) if line.startswith("| ") else []
    if len(cells) != 3 or heading == "Random numbers" or "cuda" in line or heading == "Models and training" and "`F." not in line:
        continue
    ours, theirs = [None if cell == "" else flat(eval(cell, space), kind) for (cell, _), (kind, space) in zip(cells, peers)]
    if not ours:
        continue
    if theirs and cells[1][0] != "jax.nn.dot_product_attention(q, k, w)":
        assert len(ours) == len(theirs), line
        for a, b in zip(ours, theirs):
            assert a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-5), (line, a, b)
    values[cells[0][0]] = [{"shape": list(array.shape), "values": [float(f"{number:.7g}") for number in array.ravel()]} for array in ours]
(here / "from_pytorch.json").write_text("{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()) + "\n}\n")
print(len(values), "rows")
