"""Values of the expressions in the tables of Documentation/PyTorchOperations.md, by PyTorch's names: pytorch_operations.json.

The names are those of `op_db` by the rule that the page states. One that the page has no equivalent for has no values, random numbers are shapes alone. `op_db` needs the package expecttest.
"""
import re

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.testing._internal.common_methods_invocations import op_db

from table_values import flat, record, rows, write

own = r"^_|^torch\.ops|_$|^masked\.|sparse|^rsub$"
second = r"^(unsafe|native)_|(?<!index)_copy$|_backward$|_ex$|^grid_sampler|^constant_pad|^bfloat16$|^half$|^float$|^double$"
complex_ = r"complex|^c(half|float|double)$|^fft\.(?!.*shift)|conj|^polar$|^resolve|^stft|eig$|eigvals$|^m?H$|^angle$|^real$"
older = {
    "cholesky", "linalg.diagonal", "lu", "lu_solve", "norm", "pinverse", "qr", "special.polygamma", "svd", "trapz", "triangular_solve", "true_divide",
    "nn.functional.upsample_bilinear", "nn.functional.upsample_nearest",
}
differentiable = {o.name: None for o in op_db if torch.float32 in o.supported_dtypes("cpu") and o.supports_autograd}


def is_taken(name):
    is_other_rank = re.search("[13]d$", name) and name[:-2] + "2d" in differentiable
    return not (re.search(f"{own}|{second}|{complex_}", name) or is_other_rank or name in older)


nan = float("nan")
x, y = torch.tensor([[1.0, 5, 2], [4, 3, 6]]), torch.tensor([[3.0, 1, 2], [4, 6, 5]])
s, u = torch.tensor([[1.0, -1, 1], [-1, 1, 1]]), torch.tensor([[-1.5, 0.5, 2.25], [0.75, -0.25, -2.75]])
p, n = torch.tensor([[0.2, 0.5, 0.9], [0.7, 0.1, 0.4]]), torch.tensor([[nan, 1, 4], [2, nan, 0.5]])
g, m = torch.tensor([[1.0, 2, 2], [3, 3, 1]]), torch.tensor([[False, True, True], [True, False, False]])
j, l = torch.tensor([[2, 0, 1], [1, 2, 0]]), torch.tensor([[0, -1, -1], [2, 1, -1]])
v, t, b, i = torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 0, -1]), torch.tensor([1.0, 2, 3]), torch.tensor([1, 0])
a = torch.tensor([[4.0, 1, 0], [1, 3, 1], [0, 1, 2]])
z, q = torch.arange(24.0).reshape(2, 3, 4), torch.arange(24.0).reshape(1, 4, 2, 3)
r, k = torch.sin(torch.arange(64.0)).reshape(2, 2, 4, 4), torch.cos(torch.arange(36.0)).reshape(2, 2, 3, 3)
attention = nn.MultiheadAttention(4, 2, batch_first=True, bias=False)
weights = torch.sin(torch.arange(64.0)).reshape(16, 4)
attention.load_state_dict({"in_proj_weight": weights[:12], "out_proj.weight": weights[12:]})


def f(a, b):
    return (a - b).abs().sum(1)


values = {name: [] for name in differentiable if is_taken(name)}
for heading, cells in rows("PyTorchOperations.md", "## Equivalents"):
    if len(cells) == 3:
        results = flat(eval(cells[1]), torch.Tensor)
        assert results and cells[0] in values and all(np.isfinite(array).all() for array in results), (cells, results)
        values[cells[0]] = [record(array, heading == "Random numbers") for array in results]
write("pytorch_operations.json", values)
