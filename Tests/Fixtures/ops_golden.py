"""Golden values and gradients of the case list from PyTorch, JAX and NumPy: writes ops_golden.json beside this file.

Run by hand (needs torch, jax, numpy): python3 ops_golden.py. Each record names a row of the case list, its operands, the results, the cotangents
of the floating results and the gradients of the floating operands. Several records may stand for one row.
"""
import math

import jax
import numpy as np
import scipy.special
import torch
import torch.nn.functional as F

from golden import away, case, distinct, fractions, names, real, records, rng, tensor, values, whole, write

jax.config.update("jax_enable_x64", True)

# Functions of one number.
unary = {
    "negate": (torch.neg, away), "abs": (torch.abs, away), "sign": (torch.sign, away), "floor": (torch.floor, fractions),
    "ceil": (torch.ceil, fractions), "round": (torch.round, fractions), "reciprocal": (torch.reciprocal, away),
    "square": (torch.square, away), "exp": (torch.exp, real), "expm1": (torch.expm1, real), "sin": (torch.sin, real),
    "cos": (torch.cos, real), "tan": (torch.tan, lambda *s: real(*s, low=-1.2, high=1.2)),
    "log": (torch.log, lambda *s: real(*s, low=0.2, high=4)), "log1p": (torch.log1p, lambda *s: real(*s, low=-0.7, high=3)),
    "sqrt": (torch.sqrt, lambda *s: real(*s, low=0.2, high=4)), "rsqrt": (torch.rsqrt, lambda *s: real(*s, low=0.2, high=4)),
    "asin": (torch.asin, lambda *s: real(*s, low=-0.9, high=0.9)), "acos": (torch.acos, lambda *s: real(*s, low=-0.9, high=0.9)),
    "atan": (torch.atan, real), "sinh": (torch.sinh, real), "cosh": (torch.cosh, real), "tanh": (torch.tanh, real),
    "sigmoid": (torch.sigmoid, real), "softplus": (lambda x: F.softplus(x, threshold=1e9), real), "erf": (torch.erf, real), "erfc": (torch.erfc, real),
    "normalCDF": (torch.special.ndtr, real), "relu": (torch.relu, away), "gelu": (F.gelu, real),
    "geluTanh": (lambda x: F.gelu(x, approximate="tanh"), real), "silu": (F.silu, real),
    "isNaN": (torch.isnan, real), "isFinite": (torch.isfinite, real),
}
for name, (f, fill) in unary.items():
    case(name, f, fill(3, 4))
case("not", torch.logical_not, whole([1, 0, 2, 0], dtype=torch.int32))
case("round", torch.round, torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, 3.49], dtype=torch.float64))
for name in ["exp", "log", "sqrt", "tanh", "sigmoid", "isNaN", "isFinite", "abs", "floor", "softplus", "erf", "relu", "atan", "log1p", "expm1"]:
    special = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1.0], dtype=torch.float64)
    case(name, unary[name][0], special, gradient=False)
# PyTorch's sign of NaN is 0, NumPy's NaN.
values("sign", np.sign, torch.tensor([math.nan, math.inf, -math.inf, 0.0, 2.0], dtype=torch.float64))
for target in names:
    case(f"cast to {names[target]}", lambda x: x.to(target), fractions(3, 4), gradient=target == torch.float64)
case("cast to float16", lambda x: x.half(), torch.tensor([1 + 2**-11, 1 + 3 * 2**-11, 65519.0, 65520.0, 2**-25, 1.1], dtype=torch.float64), gradient=False)
case("cast to bfloat16", lambda x: x.bfloat16(), torch.tensor([1 + 2**-8, 1 + 3 * 2**-8, 3.4e38, 1.1], dtype=torch.float32), gradient=False)

# Functions of two.
binary = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "minimum": torch.minimum, "maximum": torch.maximum,
    "atan2": torch.atan2,
}
for name, f in binary.items():
    case(name, f, away(3, 4), away(3, 4))
case("pow", torch.pow, real(3, 4, low=0.2, high=3), real(3, 4))
case("pow", torch.pow, torch.tensor([0.0, 0.0, 0.0, 2.0], dtype=torch.float64), torch.tensor([0.0, 1.0, 2.0, 0.0], dtype=torch.float64))
case("pow of whole numbers", torch.pow, whole([2, 3, -2, 5]), whole([3, 0, 3, 2]))
case("minimum", torch.minimum, torch.tensor([1.0, 2.0, math.nan], dtype=torch.float64), torch.tensor([1.0, math.nan, 2.0], dtype=torch.float64), gradient=False)
case("maximum", torch.maximum, torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([1.0, 1.0], dtype=torch.float64))
divisors = torch.tensor([1, -1, 0.5, -2], dtype=torch.float64)
case("floorDivide", lambda a, b: torch.div(a, b, rounding_mode="floor"), fractions(3, 4), divisors)
case("floorDivide", lambda a, b: torch.div(a, b, rounding_mode="floor"), whole([7, -7, 7, -7]), whole([2, 2, -2, -2]))
case("remainder", torch.remainder, fractions(3, 4), divisors)
case("remainder", torch.remainder, whole([7, -7, 7, -7]), whole([2, 2, -2, -2]))
case("divide", lambda a, b: a / b, whole([7, -7, 1]), whole([2, 2, 3]))
for name, f in {"and": torch.bitwise_and, "or": torch.bitwise_or, "xor": torch.bitwise_xor}.items():
    case(name, f, whole([12, 10, -1]), whole([10, 3, 5]))
    case(name, f, torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False]))
case("add a row to each", torch.add, real(3, 4), real(4))
case("multiply by a column", torch.mul, real(3, 4), real(3, 1))
case("subtract from a scalar", torch.sub, real(), real(3, 4))
case("divide a column by a row", torch.div, real(3, 1), away(4))
numbers = {
    "add 1.5": lambda x: x + 1.5, "2 minus": lambda x: 2 - x, "times -3": lambda x: x * -3, "2 over": lambda x: 2 / x, "over 4": lambda x: x / 4,
    "remainder of 0.75": lambda x: x % 0.75, "pow 3": lambda x: x**3, "clip": lambda x: torch.clip(x, -0.73, 1.21),
}
for name, f in numbers.items():
    case(name, f, away(3, 4))
case("pow -1.5", lambda x: x**-1.5, real(3, 4, low=0.3, high=3))


def in_place(a, b, c):
    return (((a + b) * c - b) / c + 1) * 2 / 4 - 0.5 / 4


case("+= -= *= /=", in_place, real(4), real(4), away(4))
compare = {"equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessOrEqual": torch.le, "greater": torch.gt, "greaterOrEqual": torch.ge}
for name, f in compare.items():
    case(name, f, torch.tensor([1.0, 2, 3, math.nan], dtype=torch.float64), torch.tensor([1.0, 3, 2, math.nan], dtype=torch.float64))
case("comparisons with numbers", lambda x: [x == 1, x != 1, x < 1, x <= 0.5, x > 0.5, x >= 1], whole([0, 1, 2, -1]))
flags = torch.tensor([[True, False, True, False]])
case("select", torch.where, flags.expand(3, 4), real(3, 4), real(3, 4))
case("select of broadcast operands", torch.where, flags[0], real(3, 1), real(3, 4))

# Reductions.
amax, amin = torch.amax, torch.amin
reductions = {
    "sum": (torch.sum, real), "sum 0": (lambda x: x.sum(0), real), "sum -1 kept": (lambda x: x.sum(-1, keepdim=True), real),
    "sum 1": (lambda x: x.sum(1), real), "sum 0 2": (lambda x: x.sum((0, 2)), real), "sum 0 1": (lambda x: x.sum((0, 1)), real),
    "prod": (torch.prod, real), "prod 1": (lambda x: x.prod(1), real), "prod -1": (lambda x: x.prod(-1), real),
    "prod 0 2 kept": (lambda x: x.prod(0, keepdim=True).prod(2, keepdim=True), real),
    "max": (amax, distinct), "max -1": (lambda x: amax(x, -1), distinct), "max 0": (lambda x: amax(x, 0), distinct),
    "min": (amin, distinct), "min 1 kept": (lambda x: amin(x, 1, keepdim=True), distinct), "min 0 2": (lambda x: amin(x, (0, 2)), distinct),
    "mean": (torch.mean, real), "mean 1": (lambda x: x.mean(1), real), "mean 0 -1 kept": (lambda x: x.mean((0, -1), keepdim=True), real),
    "variance": (lambda x: x.var(correction=0), real), "variance -1": (lambda x: x.var(-1, correction=0), real),
    "variance 0 corrected": (lambda x: x.var(0, correction=1), real),
    "norm": (torch.linalg.vector_norm, real), "norm -1": (lambda x: torch.linalg.vector_norm(x, dim=-1), away),
    "norm 1": (lambda x: torch.linalg.vector_norm(x, 1, dim=0), away),
    "norm 3": (lambda x: torch.linalg.vector_norm(x, 3, dim=1, keepdim=True), away),
    "norm inf": (lambda x: torch.linalg.vector_norm(x, math.inf, dim=-1), distinct),
    "norm -inf": (lambda x: torch.linalg.vector_norm(x, -math.inf, dim=-1), lambda *s: distinct(*s) + 2.51),
    "norm 0": (lambda x: (x != 0).double().sum(-1), real),
    "logSumExp": (lambda x: torch.logsumexp(x, (0, 1, 2)), real), "logSumExp -1 kept": (lambda x: torch.logsumexp(x, -1, keepdim=True), real),
    "logSumExp 0 1": (lambda x: torch.logsumexp(x, (0, 1)), real),
    "any": (torch.any, real), "any -1": (lambda x: x.any(-1), real), "all 0": (lambda x: x.all(0), real),
    "all 1 2 kept": (lambda x: x.all(1, keepdim=True).all(2, keepdim=True), real),
    "cumulativeSum -1": (lambda x: x.cumsum(-1), real), "cumulativeSum 0 reverse": (lambda x: x.flip(0).cumsum(0).flip(0), real),
    "cumulativeSum 1": (lambda x: x.cumsum(1), real), "cumulativeProduct -1": (lambda x: x.cumprod(-1), real),
    "cumulativeProduct 0": (lambda x: x.cumprod(0), real), "cumulativeProduct 1 reverse": (lambda x: x.flip(1).cumprod(1).flip(1), real),
}
for name, (f, fill) in reductions.items():
    case(name, f, fill(2, 3, 4))
case("prod of whole numbers", torch.prod, whole([[[2, -3, 4]]]))
case("cumulativeProduct of whole numbers", lambda x: x.cumprod(1), whole([[[2], [-3], [0], [5]]]))
zeros = torch.tensor([[[2.0, 0.0, 3.0, 4.0], [0.0, 5.0, 0.0, 2.0]], [[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0]]], dtype=torch.float64)
for name in ["prod", "prod 1", "prod -1", "prod 0 2 kept", "cumulativeProduct -1", "cumulativeProduct 0", "cumulativeProduct 1 reverse", "norm -1",
             "any", "any -1", "all 0", "norm 0"]:
    case(name, reductions[name][0], zeros)
ties = torch.tensor([[[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]], dtype=torch.float64)
for name in ["max", "max -1", "min", "min 0 2"]:
    case(name, reductions[name][0], ties)
holes = torch.tensor([[[1.0, math.nan, 3.0], [2.0, 5.0, -math.inf]]], dtype=torch.float64)
for name in ["max", "max -1", "min", "min 1 kept", "sum -1 kept", "mean 1", "cumulativeSum -1"]:
    case(name, reductions[name][0], holes, gradient=False)
empty_rows = torch.tensor([[[-math.inf, -math.inf], [1.0, -math.inf], [1000.0, 1000.0], [-1000.0, -999.0]]], dtype=torch.float64)
# The gradient of a row of −inf is NaN in PyTorch, zero here.
case("logSumExp -1 kept", reductions["logSumExp -1 kept"][0], empty_rows, gradient=False)
case("logSumExp -1 kept", reductions["logSumExp -1 kept"][0], empty_rows[:, 1:])
values("logSumExp -1 kept", lambda x: jax.nn.logsumexp(x, axis=-1, keepdims=True),
       torch.tensor([[[math.inf, 1.0]], [[-math.inf, -math.inf]]], dtype=torch.float64))
nothing = torch.zeros(2, 0, 3, dtype=torch.float64)
for name in ["sum", "sum 0", "sum 1", "prod 1", "cumulativeSum 1", "logSumExp 0 1", "norm 1"]:
    case(name, reductions[name][0], nothing, gradient=name != "norm 1")

# Rows.
case("softmax", lambda x: x.softmax(-1), real(3, 5))
case("softmax", lambda x: x.softmax(-1), torch.tensor([[1000.0, 1000, -1000], [0, -math.inf, 1]], dtype=torch.float64))
case("softmax 1", lambda x: x.softmax(1), real(2, 3, 4))
case("logSoftmax", lambda x: x.log_softmax(-1), real(3, 5))
case("logSoftmax 0", lambda x: x.log_softmax(0), real(2, 3, 4))
case("l2Normalize", lambda x: F.normalize(x, dim=-1), real(3, 5))
case("l2Normalize 1", lambda x: F.normalize(x, dim=1), real(2, 3, 4))
case("layerNorm", lambda x, g, b: F.layer_norm(x, (5,), g, b), real(2, 3, 5), real(5), real(5))
case("layerNorm epsilon", lambda x, g, b: F.layer_norm(x, (5,), g, b, eps=0.1), real(3, 5), real(5), real(5))

# Movement and NumPy's subscripts.
movement = {
    "reshape": lambda x: x.reshape(2, 12), "reshape inferred": lambda x: x.reshape(4, 1, 6), "flatten": torch.flatten,
    "permute": lambda x: x.permute(2, 0, 1), "transpose": lambda x: x.transpose(-2, -1), "transpose 0 2": lambda x: x.transpose(0, 2),
    "moveAxis": lambda x: x.movedim(0, -1), "expandDims": lambda x: x[:, None, :, :, None], "flip": lambda x: x.flip(0, 1, 2),
    "flip 1": lambda x: x.flip(1), "roll": lambda x: x.roll(2, -1), "roll back": lambda x: x.roll(-7, 0),
    "pad": lambda x: F.pad(x, (3, 1, 0, 2, 1, 0)), "pad with 1.5": lambda x: F.pad(x, (0, 0, 2, 0, 0, 1), value=1.5),
    "tile": lambda x: x.tile(2, 1, 3), "repeated": lambda x: x.repeat_interleave(3, 1), "contiguous": lambda x: x.transpose(-2, -1).contiguous(),
    "stopGradient": lambda x: x.detach(),
}
for name, f in movement.items():
    case(name, f, real(2, 3, 4))
case("broadcast", lambda x: x.broadcast_to(2, 4, 3), real(1, 3))
case("expand", lambda x: x.expand(2, 5, -1), real(1, 3))
case("squeeze", torch.squeeze, real(1, 3, 1))
case("squeeze 0", lambda x: x.squeeze(0), real(1, 3, 1))
case("diagonal", lambda x: x.diagonal(0, -2, -1), real(2, 3, 5))
case("diagonal 1", lambda x: x.diagonal(1, -2, -1), real(4, 3))
case("diagonal -1 of swapped axes", lambda x: x.diagonal(-1, -1, -2), real(3, 5))
case("split", lambda x: x.split([1, 0, 3, 2]), real(6, 2))
case("split into 3", lambda x: x.chunk(3, 1), real(2, 6))
case("lowerTriangle", torch.tril, real(2, 3, 5))
case("lowerTriangle 1", lambda x: x.tril(1), real(4, 3))
case("upperTriangle", torch.triu, real(2, 3, 5))
case("upperTriangle -1", lambda x: x.triu(-1), real(4, 3))
case("concatenate", lambda *x: torch.cat(x), real(3, 2), real(1, 2), real(2, 2))
case("concatenate -1", lambda *x: torch.cat(x, -1), real(3, 2), real(3, 3))
case("stack", lambda *x: torch.stack(x), real(3, 2), real(3, 2))
case("stack -1", lambda *x: torch.stack(x, -1), real(3, 2), real(3, 2))
subscripts = [
    "x[2]", "x[-1]", "x[1:4]", "x[1:-1, ::2]", "x[..., 0]", "x[None, ..., 1:3, None]", "x[:, 1, -3:]", "x[:2, 3:3]", "x[-100:100]", "x[1, 2, 3]",
]
for name in subscripts:
    case(name, lambda x: eval(name), real(5, 4, 6))
# PyTorch has no negative steps: NumPy's positions, read by PyTorch so that there is a gradient.
for name in ["x[::-1]", "x[4:0:-2, :, ::-3]"]:
    order = eval(name, {"x": np.arange(120).reshape(5, 4, 6)})
    case(name, lambda x: x.flatten()[torch.tensor(order.copy())], real(5, 4, 6))
case("x[-3:] closed", lambda x: x[-3:], real(5, 4, 6))
case("x[:-1] through", lambda x: x[:-1], real(5, 4, 6))
case("x[:, i]", lambda x, i: x[:, i], real(5, 4, 6), whole([[0, -1, 2], [2, 2, 3]]))


def assigned(x, y, *index):
    x = x.clone()
    x[index] = y
    return x


case("x[1:3] = y", lambda x, y: assigned(x, y, slice(1, 3)), real(5, 4), real(2, 4))
case("x[::-2, 1] = y", lambda x, y: assigned(x, y, torch.tensor([4, 2, 0]), 1), real(5, 4), real())

# Products.
case("matmul", torch.matmul, real(3, 4), real(4, 2))
case("matmul", torch.matmul, whole([[1, -2], [3, 4]]), whole([[5], [6]]))
case("matmul", torch.matmul, torch.zeros(3, 0, dtype=torch.float64), torch.zeros(0, 2, dtype=torch.float64))
case("matmul batched", torch.matmul, real(2, 3, 4), real(2, 4, 2))
case("matmul batch by matrix", torch.matmul, real(2, 3, 3, 4), real(4, 2))
case("matmul matrix by batch", torch.matmul, real(3, 4), real(3, 4, 2))
case("matmul broadcast batches", torch.matmul, real(2, 1, 3, 4), real(1, 3, 4, 2))
case("matmul vector by matrix", torch.matmul, real(4), real(4, 2))
case("matmul matrix by vector", torch.matmul, real(3, 4), real(4))
case("matmul vectors", torch.matmul, real(4), real(4))
case("matmul batch by vector", torch.matmul, real(2, 3, 4), real(4))
case("matmul transposed", lambda a, b: a.T @ b.T, real(4, 3), real(2, 4))
case("matmul batched transposed", lambda a, b: a @ b.mT, real(2, 3, 4), real(2, 5, 4))
equations = {
    "bij,bjk->bik": [(2, 3, 4), (2, 4, 2)], "ij,kj": [(3, 4), (2, 4)], "i,j->ij": [(3,), (4,)], "ij,ij->": [(3, 4), (3, 4)],
    "bhqd,bhkd->bhqk": [(2, 3, 2, 4), (2, 3, 5, 4)], "...ij,jk->...ik": [(2, 3, 3, 4), (4, 2)], "ij,j->ji": [(3, 4), (4,)], "ii->i": [(3, 3)],
    "ii": [(3, 3)], "ijk->kj": [(2, 3, 4)], "ij,jk,kl->il": [(2, 3), (3, 4), (4, 2)],
}
for equation, shapes in equations.items():
    case(f"einsum {equation}", lambda *x: torch.einsum(equation, *x), *[real(*s) for s in shapes])

# Indices.
case("gather", lambda x, i: x[i], real(4, 3), whole([0, 2, -1, 2, 2, 0]))
case("gather 1 by a matrix", lambda x, i: x[:, i], real(2, 5), whole([[0, 4, -2], [4, 4, 1]]))
case("gather a scalar", lambda x, i: x[i], real(4, 3), whole(-2))
case("gather nothing", lambda x, i: x[i], real(4, 3), torch.zeros(0, dtype=torch.int64))
duplicates = whole([0, 2, 2, 0, 2])
case("scatterAdd", lambda x, i: torch.zeros(6, 3, dtype=x.dtype).index_add(0, i, x), real(5, 3), duplicates)
case("scatterAdd 1 by a matrix", lambda x, i: torch.zeros(3, 7, 2, dtype=x.dtype).index_add(1, i.flatten(), x.reshape(3, 4, 2)),
     real(3, 2, 2, 2), whole([[6, 1], [1, 0]]))
case("takeAlong", lambda x, i: torch.take_along_dim(x, i, -1), real(3, 5), whole([[0, 4, 4], [1, 1, 1], [2, 3, 0]]))
case("takeAlong 0 broadcast", lambda x, i: torch.take_along_dim(x, i, 0), real(3, 4), whole([[2], [0]]))
case("scatterAddAlong", lambda x, i: torch.zeros(3, 4, dtype=x.dtype).scatter_add(1, i, x), real(3, 4), whole([[0, 0, 3, 1], [2, 2, 2, 2], [3, 2, 1, 0]]))
case("scatterAddAlong 0", lambda x, i: torch.zeros(3, 2, dtype=x.dtype).scatter_add(0, i, x), real(3, 2), whole([[0, 2], [0, 2], [1, 2]]))
case("oneHot", lambda x: F.one_hot(x, 4).float(), whole([[0, 3, 1], [2, 2, 0]]))
case("sorted", lambda x: x.sort(-1).values, distinct(2, 3, 4))
case("sorted 0 descending", lambda x: x.sort(0, descending=True).values, distinct(2, 3, 4))
case("topK 2", lambda x: list(x.topk(2)), distinct(2, 3, 4))
equals = torch.tensor([[[1.0, 3, 3, 1, 2], [2, 2, 2, 2, 2], [0, -0.0, 0, 5, 5]]], dtype=torch.float64)
values("argSort", lambda x: np.argsort(x, axis=-1, kind="stable"), equals)
values("argSort", lambda x: np.argsort(x, axis=-1, kind="stable"), holes)
case("argSort 1 descending", lambda x: torch.sort(x, dim=1, descending=True, stable=True).indices, equals, gradient=False)
case("argSort 1 descending", lambda x: torch.sort(x, dim=1, descending=True, stable=True).indices, holes.transpose(1, 2).contiguous(), gradient=False)
values("topK 2", lambda x: list(jax.lax.top_k(x, 2)), equals)
case("topK 1 of axis 1, smallest", lambda x: list(x.topk(1, dim=1, largest=False)), distinct(2, 3, 4))
for x in [equals, holes]:
    values("argMax", lambda x: np.argmax(x), x)
    values("argMax -1", lambda x: np.argmax(x, -1), x)
    values("argMin 0 kept", lambda x: np.argmin(x, 0, keepdims=True), x)
    values("argMin", lambda x: np.argmin(x), x)

# Packed attention against dense attention with a mask.
offsets = whole([0, 3, 3, 8])


def packed(q, k, v, heads, scale=None):
    n, width = q.shape
    q, k, v = (x.reshape(n, heads, width // heads).transpose(0, 1) for x in (q, k, v))
    sequence = torch.tensor([0] * 3 + [2] * 5)
    mask = sequence[:, None] == sequence
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scale).transpose(0, 1).reshape(n, width)


case("attention", lambda q, k, v, o: packed(q, k, v, 2), real(8, 6), real(8, 6), real(8, 6), offsets)
case("attention scaled", lambda q, k, v, o: packed(q, k, v, 3, 0.7), real(8, 6), real(8, 6), real(8, 6), offsets)
case("attention of a joint projection", lambda x, o: packed(*x.chunk(3, 1), 2), real(8, 18), offsets)

# The other floating types: results and gradients rounded as PyTorch rounds them.
for dtype in [torch.float32, torch.float16, torch.bfloat16]:
    for name in ["exp", "tanh", "gelu", "sigmoid", "erf", "softplus"]:
        case(name, unary[name][0], real(3, 4).to(dtype))
    case("multiply", torch.mul, real(3, 4).to(dtype), real(3, 4).to(dtype))
    case("sum", torch.sum, real(2, 3, 40).to(dtype))
    case("mean 1", lambda x: x.mean(1), real(2, 30, 4).to(dtype))
    case("softmax", lambda x: x.softmax(-1), real(3, 5).to(dtype))
    case("matmul", torch.matmul, real(3, 40).to(dtype), real(40, 2).to(dtype))
    case("layerNorm", lambda x, g, b: F.layer_norm(x, (5,), g, b), real(3, 5).to(dtype), real(5).to(dtype), real(5).to(dtype))
case("mean", torch.mean, torch.full((1, 1, 70000), 1.0, dtype=torch.float16)[:, :, :1].expand(1, 1, 900).contiguous() * 100, gradient=False)
case("norm", torch.linalg.vector_norm, torch.tensor([[[300.0, 400.0]]], dtype=torch.float16), gradient=False)

# Linear algebra of matrices with a large diagonal. The gradient of a Cholesky factor is symmetric, as if of the symmetric part.
def dominant(x):
    return x + 2 * x.shape[-1] * torch.eye(x.shape[-1], dtype=x.dtype)


def cholesky(x):
    x = dominant(x)
    return torch.linalg.cholesky((x + x.mT) / 2)


case("cholesky", cholesky, real(4, 4, low=-1, high=1))
case("cholesky batched", cholesky, real(2, 3, 3, 3, low=-1, high=1))
square = real(4, 4, low=-1, high=1)
case("solve", lambda a, b: torch.linalg.solve(dominant(a), b), square, real(4, 2))
case("solve with the transpose", lambda a, b: torch.linalg.solve(dominant(a).mT, b), square, real(4, 2))
case("solve for a vector", lambda a, b: torch.linalg.solve(dominant(a), b), square, real(4))
case("solve broadcast", lambda a, b: torch.linalg.solve(dominant(a), b), real(2, 1, 3, 3, low=-1, high=1), real(3, 3, 2))
case("solveTriangular", lambda a, b: torch.linalg.solve_triangular(dominant(a).tril(), b, upper=False), square, real(4, 2))
case("solveTriangular upper, transposed", lambda a, b: torch.linalg.solve_triangular(dominant(a).mT.triu(), b, upper=True),
     real(2, 3, 3, low=-1, high=1), real(2, 3, 2))

# Where many updates meet: half types as PyTorch rounds the sum, once. The seeds of what is above stay.
many = torch.tensor(rng.integers(0, 3, 200))
case("scatterAdd where many meet", lambda x, i: torch.zeros(8, 2, dtype=x.dtype).index_add(0, i, x), real(200, 2), many)
along = torch.tensor(rng.integers(0, 2, (2, 300)))
case("scatterAddAlong where many meet", lambda x, i: torch.zeros(2, 40, dtype=x.dtype).scatter_add(1, i, x), real(2, 300), along)
for dtype, count in [(torch.float16, 2100), (torch.bfloat16, 300)]:
    zeros = torch.zeros(count, dtype=torch.int64)
    case("scatterAdd where many meet", lambda x, i: torch.zeros(8, 1).index_add(0, i, x.float()).to(x.dtype),
         torch.ones(count, 1, dtype=dtype), zeros, gradient=False)

case("relu6 of 4 x", lambda x: F.relu6(4 * x), away(3, 5))

# Special functions.
class Polygamma(torch.autograd.Function):
    """SciPy's: PyTorch's has ten digits."""

    @staticmethod
    def forward(context, n, x):
        context.n = n
        context.save_for_backward(x)
        return torch.tensor(scipy.special.polygamma(n, x.detach().numpy()))

    @staticmethod
    def backward(context, cotangent):
        x, = context.saved_tensors
        return None, cotangent * torch.tensor(scipy.special.polygamma(context.n + 1, x.detach().numpy()))


special = {
    "log2": (torch.log2, 0.2, 4), "log10": (torch.log10, 0.2, 4), "exp2": (torch.exp2, -3, 3), "asinh": (torch.asinh, -3, 3),
    "acosh": (torch.acosh, 1.2, 4), "atanh": (torch.atanh, -0.9, 0.9), "erfinv": (torch.erfinv, -0.9, 0.9), "logit": (torch.logit, 0.1, 0.9),
    "lgamma": (torch.lgamma, 0.1, 11), "digamma": (lambda x: Polygamma.apply(0, x), 0.2, 11), "polygamma 1": (lambda x: Polygamma.apply(1, x), 0.5, 11),
}
for name, (f, low, high) in special.items():
    case(name, f, real(3, 4, low=low, high=high))
case("lgamma below zero", lambda x: torch.lgamma(x - 2), fractions(3, 4))
case("digamma below zero", lambda x: Polygamma.apply(0, x - 2), fractions(3, 4))
case("polygamma 2 below zero", lambda x: Polygamma.apply(2, x - 2), fractions(3, 4))


def log_beta(a, b):
    return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)


case("beta", lambda a, b: log_beta(a, b).exp(), real(3, 4, low=0.5, high=3), real(3, 4, low=0.5, high=3))
case("logBeta", log_beta, real(3, 4, low=0.5, high=30), real(3, 4, low=0.5, high=30))
case("logAddExp", torch.logaddexp, real(3, 4, low=-3, high=3), real(3, 4, low=-3, high=3))
case("logAddExp", torch.logaddexp, torch.tensor([math.inf, -math.inf, math.inf, 0.0]).double(), torch.tensor([math.inf, -math.inf, -math.inf, 0.0]).double(), gradient=False)
case("hypot", torch.hypot, away(3, 4), away(3, 4))
case("hypot", torch.hypot, torch.tensor([3e200, math.inf, 0.0]).double(), torch.tensor([4e200, math.nan, 0.0]).double(), gradient=False)
case("xlogy", torch.xlogy, real(3, 4), real(3, 4, low=0.2, high=4))
case("xlogy", torch.xlogy, torch.tensor([0.0, 0.0, 0.0, 2.0]).double(), torch.tensor([0.0, -1.0, math.nan, 0.0]).double(), gradient=False)
case("trunc", torch.trunc, fractions(3, 4))
case("frac", torch.frac, fractions(3, 4))
case("remainder by name", torch.remainder, fractions(3, 4), divisors)
case("fmod", torch.fmod, fractions(3, 4), divisors)
odd = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0, 2.5, -2.5], dtype=torch.float64)
case("isInfinite", torch.isinf, odd)
case("signbit", torch.signbit, odd[1:])
case("copysign", torch.copysign, away(3, 4), away(3, 4))
case("copysign", torch.copysign, odd[1:], odd[1:].flip(0), gradient=False)
case("nanToNum", torch.nan_to_num, odd)
case("nanToNum of holes", lambda x: torch.nan_to_num(x, 0.5, 2, -2), odd, gradient=False)

# Statistics, running functions, products and padding.
case("std -1", lambda x: x.std(-1, correction=0), real(3, 5))
case("std corrected", lambda x: x.std(), real(3, 5))
for x in [distinct(3, 5), distinct(2, 6)]:
    case("median", lambda x: x.quantile(0.5), x)
    case("median 0 kept", lambda x: x.quantile(0.5, 0, keepdim=True), x)
    case("quantile 0.3", lambda x: x.quantile(0.3, -1), x)
    case("quantiles", lambda x: x.quantile(torch.tensor([0, 0.15, 0.6, 1], dtype=torch.float64), 0, keepdim=True), x)
    case("quantiles lower higher midpoint nearest", lambda x: [
        x.quantile(torch.tensor([0.1, 0.47], dtype=torch.float64), -1, interpolation=i) for i in ["lower", "higher", "midpoint", "nearest"]], x)
values("median", lambda x: np.median(x), holes)
steps = torch.tensor([1, 3, 2, 3, -1, 0, 4, 2]).double()
case("searchSorted", lambda a, x: [torch.searchsorted(a.sort().values, x), torch.searchsorted(a.sort().values, x, right=True)],
     steps, torch.tensor([[3, 0, 2.5, 9], [-2, 1, 1, 4]]).double(), gradient=False)
case("searchSorted by rows", lambda a, x: torch.searchsorted(a.sort(-1).values, x), distinct(2, 6), distinct(2, 3), gradient=False)
case("bincount", lambda x: torch.bincount(x.flatten(), minlength=40), whole([[0, 4, 4], [7, 39, 4]]))
case("bincount weighted", lambda w, x: torch.zeros(40).double().index_add(0, x.flatten(), w.flatten()), real(2, 3), whole([[0, 4, 4], [7, 39, 4]]))
values("histogram", lambda x: np.histogram(x, 4, (0, 3))[0], steps)
values("histogram by edges, weighted", lambda w, x: np.histogram(x, np.arange(4), weights=w)[0], real(8), steps)
running = torch.tensor([[1, 3, 2, 3, -1, 0, 4, 2], [2, 1, 1, 5, 5, -3, 6, 6]]).double()
case("cumulativeMax", lambda x: list(x.cummax(-1)), running, gradient=False)
case("cumulativeMax", lambda x: list(x.cummax(-1)), running.long())
case("cumulativeMin 0", lambda x: list(x.cummin(0)), running.T.contiguous(), gradient=False)
case("cumulativeMax of distinct numbers", lambda x: x.cummax(0).values, distinct(5, 3))
case("logCumulativeSumExp", lambda x: x.logcumsumexp(-1), real(3, 5))
case("logCumulativeSumExp", lambda x: x.logcumsumexp(-1), torch.tensor([[-math.inf, -2000, 3, 1000, -1000, math.inf, 1]]).double(), gradient=False)
case("logCumulativeSumExp 0", lambda x: x.logcumsumexp(0), real(6, 3, low=-30, high=30))
case("tensordot", lambda a, b: torch.tensordot(a, b, 2), real(2, 3, 4), real(3, 4, 3))
case("tensordot by axes", lambda a, b: torch.tensordot(a, b, ([0, 2], [2, 0])), real(4, 2, 3), real(3, 3, 4))
case("outer", lambda a, b: torch.outer(a.flatten(), b), real(2, 3), real(3))
case("kron", torch.kron, real(2, 2), real(2, 3))
case("kron of a vector", torch.kron, real(2, 2), real(3))
case("cross", lambda a, b: torch.linalg.cross(a, b.expand_as(a)), real(4, 3), real(3))
case("cross 0", lambda a, b: torch.linalg.cross(a, b, dim=0), real(3, 4), real(3, 4))
case("trace", lambda x: [x.trace(), x.diagonal(1).sum()], real(3, 5))
near = real(3, 4)
for name, p in {"cdist": 2.0, "cdist 1": 1.0, "cdist inf": math.inf}.items():
    case(name, lambda a, b: torch.cdist(a, b, p, compute_mode="donot_use_mm_for_euclid_dist"), near, real(2, 4))
case("cdist", torch.cdist, near, near[:2].clone())
for name, mode in {"pad reflect": "reflect", "pad symmetric": "symmetric", "pad replicate": "edge", "pad wrap": "wrap"}.items():
    # PyTorch pads by less than an extent: NumPy's places, read by PyTorch so that there is a gradient.
    for shape in [(3, 5), (1, 2)]:
        order = np.pad(np.arange(shape[0] * shape[1]).reshape(shape), [(2, 3), (0, 4)], mode=mode)
        case(name, lambda x: x.flatten()[torch.tensor(order)], real(*shape))
case("repeated by counts", lambda x: x.repeat_interleave(torch.tensor([1, 0, 3, 2]), 0), real(4, 3))
case("repeated by a tensor", lambda x, n: x.repeat_interleave(n.long(), 0), real(4, 3), whole([1, 0, 3, 2], dtype=torch.int32))

# Writing at positions. Where several values are written to one place, PyTorch's set keeps any of them: the last is taken here, one after the other.
places = whole([0, 2, -1, 2, 2, 0])


def set_rows(x, v, i):
    x = x.clone()
    for k in range(len(i)):
        x = torch.cat([x[: i[k] % len(x)], v[k : k + 1], x[i[k] % len(x) + 1 :]])
    return x


def set_along(x, v, i):
    return torch.stack([torch.stack(list(set_rows(x[r], v[r], i[r]))) for r in range(len(x))])


case("scatter set", set_rows, real(4, 3), real(6, 3), places)
case("scatterAlong set", set_along, real(2, 4), distinct(2, 6), torch.stack([places, places.flip(0)]))
for name, how in {"add": "sum", "multiply": "prod", "minimum": "amin", "maximum": "amax", "mean": "mean"}.items():
    case(f"scatter {name}", lambda x, v, i: x.scatter_reduce(0, (i % 4)[:, None].expand(6, 3), v, how), distinct(4, 3), distinct(6, 3) + 0.05, places)
    case(f"scatterAlong {name}", lambda x, v, i: x.scatter_reduce(1, i % 4, v, how), distinct(2, 4), distinct(2, 6) + 0.05,
         torch.stack([places, places.flip(0)]))
hole = torch.tensor([math.nan, 1.0, math.inf, 2.0, 0.0, math.nan]).double()
for name, how in {"minimum": "amin", "maximum": "amax"}.items():
    case(f"scatterAlong {name}", lambda x, v, i: x.scatter_reduce(1, i % 4, v, how), real(1, 4), hole[None], places[None], gradient=False)
case("scatter 1 by a matrix", lambda x, v, i: torch.cat([x[:, :1], v[:, 1, 2:], v[:, 0, 1:2], v[:, 1, :1], x[:, 4:]], 1), real(2, 5), real(2, 2, 3),
     whole([[3, 2, 1], [3, 1, 1]], dtype=torch.int32))
case("narrow from a value", lambda x, s: x[2:5], real(6, 3), whole(2, dtype=torch.int32))
case("replacing from a value", lambda x, v, s: torch.cat([x[:2], v, x[5:]]), real(6, 3), real(3, 3), whole([[2]])[0])
mask = torch.tensor([[True, False, True], [False, False, True]])
case("maskedFill", lambda x, m: x.masked_fill(m, 2), real(2, 3), mask)
case("x[i, j]", lambda x, i, j: x[i, j], real(5, 4), whole([[0], [2], [-1], [2]]), whole([1, -4, 3], dtype=torch.int32))
case("x[i, :, j]", lambda x, i, j: x[i, :, j], real(5, 2, 4), whole([0, 2, -1]), whole([1, -4, 3]))
case("x[i] = y", set_rows, real(4, 3), real(6, 3), places)
case("x[1:, i, j] = y", lambda x, y, i, j: assigned(x, y, slice(1, None), i, j), real(3, 5, 4), real(4), whole([0, 2, -1, 2]), whole([1, 0, 3, 2]))
case("x[i] += y", lambda x, y, i: x.index_add(0, i, y), real(5, 3), real(2, 3), whole([4, 1]))
case("x[mask] = y", lambda x, y, m: torch.where(m, y, x), real(2, 3), real(3), mask)

# Convolution and windows.
case("convolution 1d", F.conv1d, real(2, 3, 7), real(4, 3, 3))
case("convolution 1d padded, strided, dilated", lambda x, w: F.conv1d(x, w, stride=2, padding=3, dilation=2), real(2, 3, 8), real(2, 3, 3))
case("convolution 2d with bias", lambda x, w, b: F.conv2d(x, w, b, padding=1), real(2, 3, 5, 6), real(4, 3, 3, 3), real(4))
case("convolution 2d strided", lambda x, w: F.conv2d(x, w, stride=(2, 3), padding=(0, 2)), real(2, 3, 7, 6), real(2, 3, 3, 2))
case("convolution 2d of one pixel", F.conv2d, real(2, 3, 4, 5), real(5, 3, 1, 1))
case("convolution 2d in groups", lambda x, w: F.conv2d(x, w, padding=1, groups=2), real(2, 4, 5, 4), real(6, 2, 3, 3))
case("convolution 2d depthwise", lambda x, w: F.conv2d(x, w, padding=(1, 1), groups=x.shape[1]), real(2, 4, 5, 6), real(8, 1, 3, 3))
case("convolution 2d same", lambda x, w: F.conv2d(x, w, padding="same", dilation=(1, 2)), real(1, 2, 5, 6), real(3, 2, 4, 3))
case("convolution 2d cropped", lambda x, w: F.conv2d(F.pad(x, (2, 0, -1, 1)), w, stride=(1, 2)), real(2, 2, 5, 6), real(3, 2, 2, 2))
case("convolution 3d", lambda x, w: F.conv3d(x, w, stride=(1, 2, 1), padding=(1, 1, 0)), real(2, 2, 3, 4, 3), real(3, 2, 2, 3, 2))
case("transposedConvolution 1d", F.conv_transpose1d, real(2, 3, 5), real(3, 4, 3))
case("transposedConvolution 1d strided", lambda x, w: F.conv_transpose1d(x, w, stride=3, padding=1, output_padding=2, dilation=2),
     real(2, 3, 5), real(3, 2, 3))
case("transposedConvolution 2d in groups",
     lambda x, w: F.conv_transpose2d(x, w, stride=(2, 1), padding=(1, 0), output_padding=(1, 0), groups=2),
     real(2, 4, 3, 4), real(4, 3, 3, 2))
case("transposedConvolution 3d", lambda x, w: F.conv_transpose3d(x, w, stride=2), real(1, 2, 2, 3, 2), real(2, 2, 2, 1, 3))
case("unfold", lambda x: x.unfold(1, 2, 1), real(3, 5))
case("unfold strided, dilated", lambda x: x.unfold(0, 3, 2)[..., ::2], real(8, 3))
case("fold", lambda x: F.fold(x.permute(1, 2, 0).reshape(1, -1, x.shape[0]), (1, 6), (1, x.shape[2]))[0, :, 0].T, real(5, 3, 2))
case("fold strided", lambda x: F.fold(x.permute(0, 2, 1), (1, 9), (1, 2), dilation=(1, 3), stride=(1, 2))[:, 0, 0], real(2, 3, 2))

# Pooling and interpolation; the maximum of equals is the first, whose position the gradient shows.
case("maxPool 1d", lambda x: F.max_pool1d(x, 2), distinct(2, 3, 7))
case("maxPool 2d", lambda x: F.max_pool2d(x, 3, 2, 1), distinct(2, 3, 5, 6))
case("maxPool 2d of equals", lambda x: F.max_pool2d(x, (2, 3), 1), torch.tensor([1, 0.5, 1, 1], dtype=torch.float64).repeat(30).reshape(2, 2, 5, 6))
case("maxPool 2d dilated", lambda x: F.max_pool2d(x, (2, 3), (1, 2), (0, 1), (3, 1)), distinct(2, 3, 5, 6))
case("maxPool 3d", lambda x: F.max_pool3d(x, 2, 1), distinct(1, 2, 4, 3, 5))
case("averagePool 1d", lambda x: F.avg_pool1d(x, 2), real(2, 3, 7))
case("averagePool 2d", lambda x: F.avg_pool2d(x, 3, 2, 1), real(2, 3, 5, 6))
case("averagePool 2d of what is inside", lambda x: F.avg_pool2d(x, (3, 2), 1, (1, 1), count_include_pad=False), real(2, 3, 5, 6))
case("averagePool 3d", lambda x: F.avg_pool3d(x, (2, 1, 3), (1, 2, 2)), real(1, 2, 4, 3, 5))
case("adaptiveAveragePool", lambda x: F.adaptive_avg_pool2d(x, (3, 4)), real(2, 3, 5, 6))
case("adaptiveAveragePool to one", lambda x: F.adaptive_avg_pool2d(x, 1), real(2, 3, 5, 6))
case("adaptiveMaxPool", lambda x: F.adaptive_max_pool2d(x, (3, 4)), distinct(2, 3, 5, 6))
case("adaptiveMaxPool to one", lambda x: F.adaptive_max_pool2d(x, 1), distinct(2, 3, 5, 6))
case("interpolate", lambda x: F.interpolate(x, (7, 4)), real(2, 3, 5, 6))
case("interpolate linear 1d", lambda x: F.interpolate(x, 8, mode="linear"), real(2, 3, 5))
for mode, name in [("bilinear", "bilinear"), ("bicubic", "bicubic")]:
    case(f"interpolate {name}", lambda x: F.interpolate(x, (7, 4), mode=mode), real(2, 3, 5, 6))
    case(f"interpolate {name} by corners", lambda x: F.interpolate(x, (7, 4), mode=mode, align_corners=True), real(2, 3, 5, 6))

case("maxPool of long windows", lambda x: F.max_pool1d(x, 33, 3), distinct(1, 2, 70))
case("flatten from an axis", lambda x: x.flatten(1), real(2, 3, 4))
case("flatten to an axis", lambda x: x.flatten(-3, 1), real(2, 3, 4))

write(__file__)
