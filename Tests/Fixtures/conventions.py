"""What PyTorch, JAX and NumPy give for the lines of Documentation/Conventions.md; writes conventions.json beside itself.

Usage: python conventions.py      (needs torch, jax, ml_dtypes, numpy)
"""
import json
import pathlib
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F

warnings.simplefilter("ignore")
np.seterr(all="ignore")
jax.config.update("jax_enable_x64", True)
inf, nan = float("inf"), float("nan")
rows = {}


def text(value, typed=False):
    """Numbers by four digits, separated by commas; the dtype behind them where it matters."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return ", ".join(text(v) for v in value)
    dtype = str(getattr(value, "dtype", "")).replace("torch.", "")
    if isinstance(value, torch.Tensor):
        value = value.detach()
        value = value.double().numpy() if value.is_floating_point() else value.numpy()
    value = np.asarray(value)
    if value.dtype.name == "bfloat16":
        value = value.astype(np.float64)
    parts = []
    for x in value.flatten():
        if value.dtype == bool:
            parts.append("true" if x else "false")
        elif np.issubdtype(value.dtype, np.floating):
            parts.append("NaN" if np.isnan(x) else "%.4g" % x)
        else:
            parts.append("%d" % x)
    return (", ".join(parts) or "nothing") + (" " + dtype if typed else "")


def row(name, torch=None, jax=None, numpy=None, typed=False):
    def run(f):
        if f is None:
            return "–"
        try:
            return text(f(), typed)
        except Exception:
            return "error"

    assert name not in rows, name
    rows[name] = [run(torch), run(jax), run(numpy)]


def T(*values, dtype=torch.float64):
    return torch.tensor(list(values), dtype=dtype)


def J(*values, dtype=jnp.float64):
    return jnp.array(list(values), dtype=dtype)


def N(*values, dtype=np.float64):
    return np.array(list(values), dtype=dtype)


def tg(f, *values, dtype=torch.float64):
    x = T(*values, dtype=dtype).requires_grad_()
    return torch.autograd.grad(f(x).sum(), x)[0]


def tg2(f, *values):
    x = T(*values).requires_grad_()
    g = torch.autograd.grad(f(x).sum(), x, create_graph=True)[0]
    return torch.autograd.grad(g.sum(), x)[0]


def jg(f, *values, dtype=jnp.float64):
    return jax.grad(lambda x: f(x).sum())(J(*values, dtype=dtype))


def jg2(f, *values):
    return jax.grad(lambda x: jax.grad(lambda y: f(y).sum())(x).sum())(J(*values))


def gradient(name, t, j, *values):
    row(name, lambda: tg(t, *values), lambda: jg(j, *values))


def second(name, t, j, *values):
    row(name, lambda: tg2(t, *values), lambda: jg2(j, *values))


def both(name, f, *values):
    """The same expression in all three, x and the module being given."""
    row(name, lambda: f(T(*values), torch), lambda: f(J(*values), jnp), lambda: f(N(*values), np))


# Ties and bounds: gradients
gradient("∇ maximum(a, b) at a = b = 1", lambda x: torch.maximum(x[0], x[1]), lambda x: jnp.maximum(x[0], x[1]), 1, 1)
gradient("∇ minimum(a, b) at a = b = 1", lambda x: torch.minimum(x[0], x[1]), lambda x: jnp.minimum(x[0], x[1]), 1, 1)
gradient("∇ x.max() at 2, 2, 1", lambda x: x.amax(), lambda x: x.max(), 2, 2, 1)
gradient("∇ x.min() at 2, 1, 1", lambda x: x.amin(), lambda x: x.min(), 2, 1, 1)
gradient("∇ clip(x, -1, 1) at -2, -1, 0, 1, 2", lambda x: x.clamp(-1, 1), lambda x: jnp.clip(x, -1, 1), -2, -1, 0, 1, 2)
gradient("∇ relu(x) at -1, 0, 1", F.relu, jax.nn.relu, -1, 0, 1)
gradient("∇ relu6(x) at 0, 3, 6", F.relu6, jax.nn.relu6, 0, 3, 6)
gradient("∇ abs(x) at -1, 0, 1", torch.abs, jnp.abs, -1, 0, 1)
gradient("∇ x.norm() at 0, 0", torch.linalg.vector_norm, jnp.linalg.norm, 0, 0)
gradient("∇ x.norm(1) at 0, -2", lambda x: torch.linalg.vector_norm(x, 1), lambda x: jnp.linalg.norm(x, 1), 0, -2)
gradient("∇ x.norm(0.5) at 0, 4", lambda x: torch.linalg.vector_norm(x, 0.5), lambda x: (jnp.abs(x) ** 0.5).sum() ** 2, 0, 4)
gradient("∇ x.norm(-1) at 0, 4", lambda x: torch.linalg.vector_norm(x, -1), lambda x: 1 / (1 / jnp.abs(x)).sum(), 0, 4)
gradient("∇ x.norm(∞) at 2, -2, 1", lambda x: torch.linalg.vector_norm(x, inf), lambda x: jnp.linalg.norm(x, inf), 2, -2, 1)
gradient("∇ x.norm(∞) at 0, 0", lambda x: torch.linalg.vector_norm(x, inf), lambda x: jnp.linalg.norm(x, inf), 0, 0)
gradient("∇ x.prod() at 0, 2, 3", torch.prod, jnp.prod, 0, 2, 3)
gradient("∇ x.prod() at 0, 2, 0", torch.prod, jnp.prod, 0, 2, 0)
gradient("∇ x.prod() at 1e200, 0, 1e200, 1e200", torch.prod, jnp.prod, 1e200, 0, 1e200, 1e200)
gradient("∇ x.cumulativeProduct() at 2, 0, 3, 4", lambda x: x.cumprod(0), jnp.cumprod, 2, 0, 3, 4)
gradient("∇ x.cumulativeProduct() at 0, 1, 1e200, 1e200", lambda x: x.cumprod(0), jnp.cumprod, 0, 1, 1e200, 1e200)
gradient("∇ x.cumulativeProduct() at 1e-200, 1, 1e200, 1e200", lambda x: x.cumprod(0), jnp.cumprod, 1e-200, 1, 1e200, 1e200)
row(
    "∇ x.max() of 70,000 equal float16, the first",
    lambda: torch.autograd.grad((x := torch.ones(70000, dtype=torch.half, requires_grad=True)).amax().float(), x)[0][0],
    lambda: jax.grad(lambda x: x.max().astype(jnp.float32))(jnp.ones(70000, jnp.float16))[0],
)
gradient("∇ x.variance() at 3, 3", lambda x: x.var(correction=0), jnp.var, 3, 3)
gradient("∇ (x % 2) at 2", lambda x: x % 2, lambda x: x % 2, 2)

# Zero
both("1 / x at 0, -0", lambda x, m: 1 / x, 0, -0.0)
both("x / x at 0", lambda x, m: x / x, 0)
both("sqrt(x) at -0, -1", lambda x, m: m.sqrt(x), -0.0, -1)
both("log(x) at 0, -0, -1", lambda x, m: m.log(x), 0, -0.0, -1)
both("sign(x) at -0, NaN", lambda x, m: m.sign(x), -0.0, nan)
both("pow(x, 0) at 0, NaN, ∞", lambda x, m: m.pow(x, 0) if m is torch else m.power(x, 0.0), 0, nan, inf)
both("pow(x, -1) at 0, -0", lambda x, m: m.pow(x, -1) if m is torch else m.power(x, -1.0), 0, -0.0)
both("pow(-8, x) at 1/3, 2", lambda x, m: (0 * x - 8) ** x, 1 / 3, 2)
row("atan2(y, x) at (0, 0), (0, -0), (-0, -1)", lambda: torch.atan2(T(0, 0, -0.0), T(0, -0.0, -1)), lambda: jnp.arctan2(J(0, 0, -0.0), J(0, -0.0, -1)), lambda: np.arctan2(N(0, 0, -0.0), N(0, -0.0, -1)))
row("maximum(-0, 0), maximum(0, -0)", lambda: torch.maximum(T(-0.0, 0), T(0, -0.0)), lambda: jnp.maximum(J(-0.0, 0), J(0, -0.0)), lambda: np.maximum(N(-0.0, 0), N(0, -0.0)))
gradient("∇ sqrt(x) at 0", torch.sqrt, jnp.sqrt, 0)
gradient("∇ rsqrt(x) at 0", torch.rsqrt, jax.lax.rsqrt, 0)
gradient("∇ log(x) at 0, -1", torch.log, jnp.log, 0, -1)
gradient("∇ reciprocal(x) at 0", torch.reciprocal, lambda x: 1 / x, 0)
gradient("∇ pow(x, 2) at 0", lambda x: x**2, lambda x: x**2.0, 0)
gradient("∇ pow(x, 1) at 0", lambda x: x**1, lambda x: x**1.0, 0)
gradient("∇ pow(x, 0) at 0, NaN", lambda x: x**0, lambda x: x**0.0, 0, nan)
gradient("∇ pow(x, 0.5) at 0", lambda x: x**0.5, lambda x: x**0.5, 0)
gradient("∇ pow(a, b) at (0, 0)", lambda x: x[0] ** x[1], lambda x: x[0] ** x[1], 0, 0)
gradient("∇ pow(a, b) at (0, 2)", lambda x: x[0] ** x[1], lambda x: x[0] ** x[1], 0, 2)
gradient("∇ pow(a, b) at (-2, 2)", lambda x: x[0] ** x[1], lambda x: x[0] ** x[1], -2, 2)
gradient("∇ atan2(y, x) at (0, 0)", lambda x: torch.atan2(x[0], x[1]), lambda x: jnp.arctan2(x[0], x[1]), 0, 0)
gradient("∇ asin(x) at -1, 1", torch.asin, jnp.arcsin, -1, 1)
gradient("∇ acos(x) at -1, 1", torch.acos, jnp.arccos, -1, 1)
second("∇² asin(x) at -1, 1", torch.asin, jnp.arcsin, -1, 1)
second("∇² acos(x) at -1, 1", torch.acos, jnp.arccos, -1, 1)
second("∇² pow(x, 2) at 0", lambda x: x**2, lambda x: x**2.0, 0)
second("∇² pow(x, 0) at 0", lambda x: x**0, lambda x: x**0.0, 0)

# Infinity and NaN
both("x.max() at 1, NaN, 2", lambda x, m: x.max(), 1, nan, 2)
both("maximum(x, 0) at NaN", lambda x, m: m.maximum(x, 0 * x + 1), nan)
both("clip(x, 0, 1) at NaN, -∞, ∞", lambda x, m: m.clip(x, 0, 1), nan, -inf, inf)
row("relu(x) at NaN", lambda: F.relu(T(nan)), lambda: jax.nn.relu(J(nan)), lambda: np.maximum(N(nan), 0))
both("x .== x at NaN, ∞", lambda x, m: x == x, nan, inf)
both("x.sum() at ∞, -∞", lambda x, m: x.sum(), inf, -inf)
row("gelu(x) at -∞, ∞", lambda: F.gelu(T(-inf, inf)), lambda: jax.nn.gelu(J(-inf, inf), approximate=False))
row("silu(x) at -∞, ∞", lambda: F.silu(T(-inf, inf)), lambda: jax.nn.silu(J(-inf, inf)))
row("softplus(x) at -∞, ∞", lambda: F.softplus(T(-inf, inf)), lambda: jax.nn.softplus(J(-inf, inf)), lambda: np.logaddexp(N(-inf, inf), 0))
row("x.softmax() at ∞, 0", lambda: T(inf, 0).softmax(0), lambda: jax.nn.softmax(J(inf, 0)))
row("x.softmax() at -∞, -∞", lambda: T(-inf, -inf).softmax(0), lambda: jax.nn.softmax(J(-inf, -inf)))
row("x.softmax() at -∞, 0", lambda: T(-inf, 0).softmax(0), lambda: jax.nn.softmax(J(-inf, 0)))
row("x.logSoftmax() at -∞, 0", lambda: T(-inf, 0).log_softmax(0), lambda: jax.nn.log_softmax(J(-inf, 0)))
row("x.logSumExp() at ∞, 0", lambda: T(inf, 0).logsumexp(0), lambda: jax.nn.logsumexp(J(inf, 0)), lambda: np.logaddexp.reduce(N(inf, 0)))
row("x.logSumExp() at -∞, -∞", lambda: T(-inf, -inf).logsumexp(0), lambda: jax.nn.logsumexp(J(-inf, -inf)), lambda: np.logaddexp.reduce(N(-inf, -inf)))
gradient("∇ x.logSumExp() at ∞, 0, -∞", lambda x: x.logsumexp(0), jax.nn.logsumexp, inf, 0, -inf)
gradient("∇ x.logSumExp() at NaN, 0", lambda x: x.logsumexp(0), jax.nn.logsumexp, nan, 0)
gradient("∇ x.logSumExp() at -∞, 0", lambda x: x.logsumexp(0), jax.nn.logsumexp, -inf, 0)
gradient("∇ x.logSumExp() at -∞, -∞", lambda x: x.logsumexp(0), jax.nn.logsumexp, -inf, -inf)
gradient("∇ x.softmax()[0] at -∞, 0", lambda x: x.softmax(0)[0], lambda x: jax.nn.softmax(x)[0], -inf, 0)
gradient("∇ x.max() at 1, NaN", lambda x: x.amax(), lambda x: x.max(), 1, nan)
gradient("∇ maximum(a, b) at (1, NaN)", lambda x: torch.maximum(x[0], x[1]), lambda x: jnp.maximum(x[0], x[1]), 1, nan)
gradient("∇ minimum(a, b) at (1, NaN)", lambda x: torch.minimum(x[0], x[1]), lambda x: jnp.minimum(x[0], x[1]), 1, nan)
gradient("∇ clip(x, -1, 1) at NaN, ∞", lambda x: x.clamp(-1, 1), lambda x: jnp.clip(x, -1, 1), nan, inf)
gradient("∇ relu(x) at NaN", F.relu, jax.nn.relu, nan)
gradient("∇ relu6(x) at NaN", F.relu6, jax.nn.relu6, nan)
gradient("∇ abs(x) at NaN, -∞", torch.abs, jnp.abs, nan, -inf)
gradient("∇ gelu(x) at -∞, ∞, NaN", F.gelu, lambda x: jax.nn.gelu(x, approximate=False), -inf, inf, nan)
gradient("∇ geluTanh(x) at -∞, ∞, NaN", lambda x: F.gelu(x, approximate="tanh"), jax.nn.gelu, -inf, inf, nan)
gradient("∇ silu(x) at -∞, ∞, NaN", F.silu, jax.nn.silu, -inf, inf, nan)
gradient("∇ sigmoid(x) at -∞, ∞", torch.sigmoid, jax.nn.sigmoid, -inf, inf)
gradient("∇ tanh(x) at -∞, ∞", torch.tanh, jnp.tanh, -inf, inf)
gradient("∇ erf(x) at -∞, ∞", torch.erf, jax.lax.erf, -inf, inf)
gradient("∇ atan(x) at -∞, ∞", torch.atan, jnp.arctan, -inf, inf)
gradient("∇ atan2(y, x) at (∞, 1)", lambda x: torch.atan2(x[0], x[1]), lambda x: jnp.arctan2(x[0], x[1]), inf, 1)
gradient("∇ atan2(y, x) at (1e200, 1e200)", lambda x: torch.atan2(x[0], x[1]), lambda x: jnp.arctan2(x[0], x[1]), 1e200, 1e200)
gradient("∇ sqrt(x) at ∞", torch.sqrt, jnp.sqrt, inf)
gradient("∇ log(x) at ∞", torch.log, jnp.log, inf)
gradient("∇ x.norm() at ∞, 1", torch.linalg.vector_norm, jnp.linalg.norm, inf, 1)
gradient("∇ select(x .> 0, log(x), 0) at -1, 0, 2", lambda x: torch.where(x > 0, x.log(), 0), lambda x: jnp.where(x > 0, jnp.log(x), 0), -1, 0, 2)
gradient("∇ select(x .> 0, sqrt(x), 0) at 0", lambda x: torch.where(x > 0, x.sqrt(), 0), lambda x: jnp.where(x > 0, jnp.sqrt(x), 0), 0)

# Nothing: empty tensors
both("x.sum() of nothing", lambda x, m: x.sum())
both("x.prod() of nothing", lambda x, m: x.prod())
both("x.mean() of nothing", lambda x, m: x.mean())
row("x.variance() of nothing", lambda: T().var(correction=0), lambda: J().var(), lambda: N().var())
row("x.variance(correction: 1) of one number", lambda: T(2).var(), lambda: J(2).var(ddof=1), lambda: N(2).var(ddof=1))
both("x.max() of nothing", lambda x, m: x.max())
both("x.argMax() of nothing", lambda x, m: x.argmax())
row("x.any() of nothing", lambda: T().any(), lambda: J().any(), lambda: N().any())
row("x.all() of nothing", lambda: T().all(), lambda: J().all(), lambda: N().all())
row("x.norm() of nothing", lambda: torch.linalg.vector_norm(T()), lambda: jnp.linalg.norm(J()), lambda: np.linalg.norm(N()))
row("x.norm(∞) of nothing", lambda: torch.linalg.vector_norm(T(), inf), lambda: jnp.linalg.norm(J(), inf), lambda: np.linalg.norm(N(), inf))
row("x.softmax() of nothing", lambda: T().softmax(0), lambda: jax.nn.softmax(J()))
row("x.logSumExp() of nothing", lambda: T().logsumexp(0), lambda: jax.nn.logsumexp(J()), lambda: np.logaddexp.reduce(N()))
row("x.cumulativeSum() of nothing", lambda: T().cumsum(0), lambda: J().cumsum(), lambda: N().cumsum())
row("x.sorted() of nothing", lambda: T().sort()[0], lambda: jnp.sort(J()), lambda: np.sort(N()))
row("[1, 0] matmul [0, 2]", lambda: torch.ones(1, 0) @ torch.ones(0, 2), lambda: jnp.ones((1, 0)) @ jnp.ones((0, 2)), lambda: np.ones((1, 0)) @ np.ones((0, 2)))

# Whole numbers
u8, i32, i64 = dict(dtype=torch.uint8), dict(dtype=torch.int32), dict(dtype=torch.int64)
ju8, ji32, ji64 = dict(dtype=jnp.uint8), dict(dtype=jnp.int32), dict(dtype=jnp.int64)
nu8, ni32, ni64 = dict(dtype=np.uint8), dict(dtype=np.int32), dict(dtype=np.int64)


def whole(name, f, kind, *values):
    """An expression of x of a whole dtype, its result with the dtype."""
    t, j, n = {"uint8": (u8, ju8, nu8), "int32": (i32, ji32, ni32), "int64": (i64, ji64, ni64), "bool": (dict(dtype=torch.bool), dict(dtype=jnp.bool_), dict(dtype=np.bool_))}[kind]
    row(name, lambda: f(T(*values, **t), torch), lambda: f(J(*values, **j), jnp), lambda: f(N(*values, **n), np), typed=True)


whole("x + x at uint8 200", lambda x, m: x + x, "uint8", 200)
whole("x + x at int32 2³¹ - 1", lambda x, m: x + x, "int32", 2**31 - 1)
whole("-x at uint8 1", lambda x, m: -x, "uint8", 1)
whole("abs(x) at int32 -2³¹", lambda x, m: m.abs(x), "int32", -(2**31))
whole("x / x at int32 0, 3", lambda x, m: x / x, "int32", 0, 3)
whole("x.floorDivided(by: -2) at int32 7, -7", lambda x, m: x // m.full_like(x, -2), "int32", 7, -7)
whole("x % -2 at int32 7, -7", lambda x, m: x % -2, "int32", 7, -7)
whole("x.floorDivided(by: 0) at int32 7", lambda x, m: x // m.zeros_like(x), "int32", 7)
whole("x % 0 at int32 7", lambda x, m: x % m.zeros_like(x), "int32", 7)
whole("x.floorDivided(by: -1) at int32 -2³¹", lambda x, m: x // m.full_like(x, -1), "int32", -(2**31))
whole("pow(x, x) at int32 -2, -1, 0", lambda x, m: x**x, "int32", -2, -1, 0)
whole("pow(x, -1) at int32 2", lambda x, m: m.pow(x, -1) if m is torch else m.power(x, -1), "int32", 2)
whole("pow(x, 40) at int32 2", lambda x, m: m.pow(x, 40) if m is torch else m.power(x, 40), "int32", 2)
whole("x.sum() at uint8 200, 100", lambda x, m: x.sum(), "uint8", 200, 100)
whole("x.prod() at uint8 200, 2", lambda x, m: x.prod(), "uint8", 200, 2)
whole("x.mean() at int32 1, 2", lambda x, m: x.mean(), "int32", 1, 2)
whole("x.cumulativeSum() at uint8 200, 100", lambda x, m: x.cumsum(0), "uint8", 200, 100)
whole("x.sum() at bool true, true", lambda x, m: x.sum(), "bool", True, True)
whole("x + x at bool true", lambda x, m: x + x, "bool", True)
whole("x * x at bool true", lambda x, m: x * x, "bool", True)
whole("x - x at bool true", lambda x, m: x - x, "bool", True)
whole("-x at bool true", lambda x, m: -x, "bool", True)
whole("sqrt(x) at int32 4", lambda x, m: m.sqrt(x), "int32", 4)
whole(".!x at int32 0, 3", lambda x, m: m.logical_not(x), "int32", 0, 3)

# Numbers beside whole tensors
whole("x .> -1 at uint8 0", lambda x, m: x > -1, "uint8", 0)
whole("x .< 300 at uint8 200", lambda x, m: x < 300, "uint8", 200)
whole("x .== 300 at uint8 44", lambda x, m: x == 300, "uint8", 44)
whole("x .== 2.5 at int64 2", lambda x, m: x == 2.5, "int64", 2)
whole("x .> 16777216.5 at int32 16777217", lambda x, m: x > 16777216.5, "int32", 16777217)
whole("x .< 1e300 at int64 2⁶³ - 1", lambda x, m: x < 1e300, "int64", 2**63 - 1)
whole("x .< 9223372036854775808 at int64 2⁶³ - 1", lambda x, m: x < 9223372036854775808, "int64", 2**63 - 1)
whole("x .== NaN at int32 0", lambda x, m: x == nan, "int32", 0)
whole("x .> 0.5 at bool true", lambda x, m: x > 0.5, "bool", True)
whole("x + 300 at uint8 5", lambda x, m: x + 300, "uint8", 5)
whole("x + -1 at uint8 0", lambda x, m: x + -1, "uint8", 0)
whole("x - 1 at uint8 0", lambda x, m: x - 1, "uint8", 0)
whole("x + 2.5 at uint8 5", lambda x, m: x + 2.5, "uint8", 5)
whole("x + 4294967296 at int32 1", lambda x, m: x + 4294967296, "int32", 1)
whole("x + 1e300 at int64 1", lambda x, m: x + 1e300, "int64", 1)
whole("x + NaN at int64 1", lambda x, m: x + nan, "int64", 1)
whole("x + 1 at bool true", lambda x, m: x + 1, "bool", True)
whole("x % 300 at uint8 200", lambda x, m: x % 300, "uint8", 200)
whole("clip(x, -5, 300) at uint8 0, 255", lambda x, m: m.clip(x, -5, 300), "uint8", 0, 255)
whole("clip(x, 0.5, 2.5) at int32 0, 9", lambda x, m: m.clip(x, 0.5, 2.5), "int32", 0, 9)
row("x * 1e6 at float16 0.001", lambda: T(0.001, dtype=torch.half) * 1e6, lambda: J(0.001, dtype=jnp.float16) * 1e6, lambda: N(0.001, dtype=np.float16) * 1e6, typed=True)
row("x .== 0.1 at float32 0.1", lambda: T(0.1, dtype=torch.float32) == 0.1, lambda: J(0.1, dtype=jnp.float32) == 0.1, lambda: N(0.1, dtype=np.float32) == 0.1)


def made(name, value, kind):
    row(name, lambda: torch.full((1,), value, dtype=getattr(torch, kind)), lambda: jnp.full((1,), value, dtype=kind), lambda: np.full(1, value, dtype=kind), typed=True)


made("full(2.7, dtype: int32)", 2.7, "int32")
made("full(-2.7, dtype: int32)", -2.7, "int32")
made("full(300, dtype: uint8)", 300, "uint8")
made("full(-1, dtype: uint8)", -1, "uint8")
made("full(NaN, dtype: int32)", nan, "int32")
made("full(1e300, dtype: int64)", 1e300, "int64")
made("full(0.5, dtype: bool)", 0.5, "bool")
made("full(1e6, dtype: float16)", 1e6, "float16")
made("full(9007199254740993, dtype: int64)", 9007199254740993, "int64")
row("x.pad(1, fill: 300) at uint8 1", lambda: F.pad(T(1, **u8), (1, 0), value=300), lambda: jnp.pad(J(1, **ju8), (1, 0), constant_values=300), lambda: np.pad(N(1, **nu8), (1, 0), constant_values=300), typed=True)

# Promotion
kinds = ["bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64"]


def of(module, kind):
    return getattr(module, "bool_" if kind == "bool" and module is not torch else kind)


for a, first in enumerate(kinds):
    for second_ in kinds[a + 1 :]:
        row(
            f"{first} + {second_}",
            lambda: str((torch.ones(1, dtype=of(torch, first)) + torch.ones(1, dtype=of(torch, second_))).dtype)[6:],
            lambda: str((jnp.ones(1, dtype=of(jnp, first)) + jnp.ones(1, dtype=of(jnp, second_))).dtype),
            None if "bfloat16" in (first, second_) else lambda: str((np.ones(1, dtype=of(np, first)) + np.ones(1, dtype=of(np, second_))).dtype),
        )


# Casts
def cast(name, source, target, *values):
    row(
        name,
        lambda: T(*values, dtype=of(torch, source)).to(of(torch, target)),
        lambda: J(*values, dtype=of(jnp, source)).astype(of(jnp, target)),
        lambda: N(*values, dtype=of(np, source)).astype(of(np, target)),
    )


cast("float32 2.7, -2.7 to int32", "float32", "int32", 2.7, -2.7)
cast("float32 NaN, ∞, -∞, 1e10 to int32", "float32", "int32", nan, inf, -inf, 1e10)
cast("float64 NaN, ∞, -∞, 1e30 to int64", "float64", "int64", nan, inf, -inf, 1e30)
cast("float32 -1, 300, 1e10, NaN to uint8", "float32", "uint8", -1, 300, 1e10, nan)
cast("float32 0.5, -0, NaN to bool", "float32", "bool", 0.5, -0.0, nan)
cast("int64 2³² + 5 to int32", "int64", "int32", 2**32 + 5)
cast("int32 300, -1 to uint8", "int32", "uint8", 300, -1)
cast("int64 16777217 to float32", "int64", "float32", 16777217)
cast("int64 2⁵³ + 1 to float64", "int64", "float64", 2**53 + 1)
cast("float32 65519, 65520 to float16", "float32", "float16", 65519, 65520)
cast("float64 1e300, 1e-300 to float32", "float64", "float32", 1e300, 1e-300)
row(
    "float32 257, 259 to bfloat16",
    lambda: T(257, 259, dtype=torch.float32).bfloat16(),
    lambda: J(257, 259, dtype=jnp.float32).astype(jnp.bfloat16),
)

# Rounding
both("round(x) at 0.5, 1.5, -0.5, -2.5", lambda x, m: m.round(x), 0.5, 1.5, -0.5, -2.5)
both("floor(x) at -0.5, ceil(x) at -0.5", lambda x, m: [m.floor(x), m.ceil(x)], -0.5)
row("x % 3 at 5.5, -5.5, -3", lambda: T(5.5, -5.5, -3) % 3, lambda: J(5.5, -5.5, -3) % 3, lambda: N(5.5, -5.5, -3) % 3)
row("x % -3 at 5.5, 3", lambda: T(5.5, 3) % -3, lambda: J(5.5, 3) % -3, lambda: N(5.5, 3) % -3)
row("x % 0 at 5.5", lambda: T(5.5) % 0, lambda: J(5.5) % 0, lambda: N(5.5) % 0)
row("x % ∞ at 5.5, -5.5", lambda: T(5.5, -5.5) % inf, lambda: J(5.5, -5.5) % inf, lambda: N(5.5, -5.5) % inf)
row("x.floorDivided(by: 0) at 5.5, 0", lambda: T(5.5, 0) // T(0, 0), lambda: J(5.5, 0) // J(0, 0), lambda: N(5.5, 0) // N(0, 0))

# Order
row("x.sorted() at 2, NaN, -∞, ∞", lambda: T(2, nan, -inf, inf).sort()[0], lambda: jnp.sort(J(2, nan, -inf, inf)), lambda: np.sort(N(2, nan, -inf, inf)))
row("x.sorted(descending) at 2, NaN, ∞", lambda: T(2, nan, inf).sort(descending=True)[0], lambda: jnp.sort(J(2, nan, inf), descending=True))
row("x.argSort() at 0, -0, 0", lambda: T(0, -0.0, 0).argsort(stable=True), lambda: jnp.argsort(J(0, -0.0, 0), stable=True), lambda: np.argsort(N(0, -0.0, 0), kind="stable"))
row("x.argSort() at 1, 1, 0", lambda: T(1, 1, 0).argsort(stable=True), lambda: jnp.argsort(J(1, 1, 0), stable=True), lambda: np.argsort(N(1, 1, 0), kind="stable"))
row("x.argSort(descending) at 1, 1, 2", lambda: T(1, 1, 2).argsort(descending=True, stable=True), lambda: jnp.argsort(J(1, 1, 2), descending=True, stable=True))
row("x.topK(2) at 1, NaN, 3", lambda: T(1, nan, 3).topk(2)[0], lambda: jax.lax.top_k(J(1, nan, 3), 2)[0])
both("x.argMax() at 1, 3, 3", lambda x, m: x.argmax(), 1, 3, 3)
both("x.argMax() at 1, NaN, 3", lambda x, m: x.argmax(), 1, nan, 3)
both("x.argMin() at 1, NaN, 0", lambda x, m: x.argmin(), 1, nan, 0)

# Half precision
row("x.sum() of 5,000 × 1 in float16", lambda: torch.ones(5000, dtype=torch.half).sum(), lambda: jnp.ones(5000, jnp.float16).sum(), lambda: np.ones(5000, np.float16).sum())
row("x.sum() of 70,000 × 1 in float16", lambda: torch.ones(70000, dtype=torch.half).sum(), lambda: jnp.ones(70000, jnp.float16).sum(), lambda: np.ones(70000, np.float16).sum())
row("x.mean() of 70,000 × 1 in float16", lambda: torch.ones(70000, dtype=torch.half).mean(), lambda: jnp.ones(70000, jnp.float16).mean(), lambda: np.ones(70000, np.float16).mean())
row("x.variance() at 300, -300 in float16", lambda: T(300, -300, dtype=torch.half).var(correction=0), lambda: J(300, -300, dtype=jnp.float16).var(), lambda: N(300, -300, dtype=np.float16).var())
row("x.norm() at 300, 400 in float16", lambda: torch.linalg.vector_norm(T(300, 400, dtype=torch.half)), lambda: jnp.linalg.norm(J(300, 400, dtype=jnp.float16)), lambda: np.linalg.norm(N(300, 400, dtype=np.float16)))
row("∇ x.norm() at 300, 400 in float16", lambda: tg(torch.linalg.vector_norm, 300, 400, dtype=torch.half), lambda: jg(jnp.linalg.norm, 300, 400, dtype=jnp.float16))
row("∇ x.l2Normalize()[0] at 300, 400 in float16", lambda: tg(lambda x: F.normalize(x, dim=0)[0], 300, 400, dtype=torch.half), lambda: jg(lambda x: (x / jnp.linalg.norm(x))[0], 300, 400, dtype=jnp.float16))
row("x.logSumExp() at 11, 11 in float16", lambda: T(11, 11, dtype=torch.half).logsumexp(0), lambda: jax.nn.logsumexp(J(11, 11, dtype=jnp.float16)), lambda: np.logaddexp.reduce(N(11, 11, dtype=np.float16)))

# Indices
abc = (10, 20, 30)
both("x[-1] at 10, 20, 30", lambda x, m: x[-1], *abc)
both("x[3] at 10, 20, 30", lambda x, m: x[3], *abc)
both("x[1..<9] at 10, 20, 30", lambda x, m: x[1:9], *abc)
both("x[2..<1] at 10, 20, 30", lambda x, m: x[2:1], *abc)
row("x[by: -1] at 10, 20, 30", None, lambda: J(*abc)[::-1], lambda: N(*abc)[::-1])
row("x[by: -9223372036854775807] at 10, 20, 30", None, lambda: J(*abc)[:: -(2**63) + 1], lambda: N(*abc)[:: -(2**63) + 1])
row("x.gather(-1, 0) at 10, 20, 30", lambda: T(*abc)[[-1, 0]], lambda: J(*abc)[jnp.array([-1, 0])], lambda: N(*abc)[[-1, 0]])
row("x.gather(3) at 10, 20, 30", lambda: T(*abc)[[3]], lambda: J(*abc)[jnp.array([3])], lambda: N(*abc)[[3]])
row("x.takeAlong(-1) at 10, 20, 30", lambda: T(*abc).take_along_dim(torch.tensor([-1])), lambda: jnp.take_along_axis(J(*abc), jnp.array([-1]), 0), lambda: np.take_along_axis(N(*abc), np.array([-1]), 0))
row("x.scatterAdd(0, 0, -1) at 10, 20, 30", lambda: torch.zeros(3, dtype=torch.float64).index_put((torch.tensor([0, 0, -1]),), T(*abc), accumulate=True), lambda: jnp.zeros(3).at[jnp.array([0, 0, -1])].add(J(*abc)), lambda: (z := np.zeros(3), np.add.at(z, [0, 0, -1], N(*abc)))[0])
row("oneHot(2) of 1, 2, -1", lambda: F.one_hot(torch.tensor([1, 2, -1]), 2), lambda: jax.nn.one_hot(jnp.array([1, 2, -1]), 2))
row("x.roll(-4) at 10, 20, 30", lambda: T(*abc).roll(-4), lambda: jnp.roll(J(*abc), -4), lambda: np.roll(N(*abc), -4))

# einsum
def contraction(equation, *shapes):
    row(
        f"einsum {equation} of {' and '.join(str(list(s)) for s in shapes)}",
        lambda: torch.einsum(equation, *[torch.ones(s) for s in shapes]),
        lambda: jnp.einsum(equation, *[jnp.ones(s) for s in shapes]),
        lambda: np.einsum(equation, *[np.ones(s) for s in shapes]),
    )


contraction("ii->i", (1, 3))
contraction("i,i->i", (1,), (3,))
contraction("i.j->ij", (1, 2))
contraction("......i->i", (1, 2))
contraction("ij->...ij", (1, 2))
contraction("...i->i", (2, 2))
contraction("i->ii", (2,))
contraction("i->j", (2,))
contraction("i j -> j i", (1, 2))
contraction("ba", (1, 2))
contraction(",i->i", (), (2,))

if __name__ == "__main__":
    path = pathlib.Path(__file__).with_suffix(".json")
    versions = {"torch": torch.__version__.split("+")[0], "jax": jax.__version__, "numpy": np.__version__}
    lines = [f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(values, ensure_ascii=False)}" for name, values in rows.items()]
    path.write_text('{"versions": ' + json.dumps(versions) + ', "rows": {\n' + ",\n".join(lines) + "\n}}\n")
