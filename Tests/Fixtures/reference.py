"""Golden values for the reference backend: functions by mpmath (50 digits), attention by torch in float64. Writes reference.json beside itself."""
import json, math, pathlib
from fractions import Fraction

import mpmath as mp
import torch

mp.mp.dps = 50


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def phi(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


functions = {
    "exp": mp.exp, "expm1": mp.expm1, "log": mp.log, "log1p": mp.log1p, "sqrt": mp.sqrt, "rsqrt": lambda x: 1 / mp.sqrt(x),
    "reciprocal": lambda x: 1 / x, "square": lambda x: x * x,
    "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "asin": mp.asin, "acos": mp.acos, "atan": mp.atan,
    "sinh": mp.sinh, "cosh": mp.cosh, "tanh": mp.tanh,
    "sigmoid": sigmoid, "softplus": lambda x: mp.log1p(mp.exp(x)), "erf": mp.erf, "erfc": mp.erfc, "normalCDF": phi,
    "gelu": lambda x: x * phi(x), "silu": lambda x: x * sigmoid(x),
    "geluTanh": lambda x: x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf(0.044715) * x**3)),
}
points = [-30.0, -8.5, -3.0, -1.0, -0.75, -0.125, -1e-9, 1e-9, 0.25, 0.5, 0.9, 1.0, 2.0, 4.75, 20.0]
unary = {}
for name, f in functions.items():
    pairs = []
    for x in points:
        try:
            y = f(mp.mpf(x))
        except (ValueError, ZeroDivisionError):
            continue
        if isinstance(y, mp.mpc) and y.imag != 0 or not mp.isfinite(y):
            continue
        pairs.append([x, float(mp.re(y))])
    unary[name] = pairs

# The quotient as an exact fraction (the // of floats errs beyond 2^53), Python's own % and atan2.
operands = [7.0, -7.0, 2.5, -2.5, 0.1, 1.0, -1e-3, -1e15, 3.0]
binary = {"floorDivide": [], "remainder": [], "atan2": []}
for a in operands:
    for b in operands:
        binary["floorDivide"].append([a, b, float(math.floor(Fraction(a) / Fraction(b)))])
        binary["remainder"].append([a, b, a % b])
        binary["atan2"].append([a, b, math.atan2(a, b)])
whole = {"floorDivide": [], "remainder": []}
for a in [7, -7, 6, -6, 0]:
    for b in [2, -2, 3, -3]:
        whole["floorDivide"].append([a, b, a // b])
        whole["remainder"].append([a, b, a % b])


def philox(counter, key):
    c, k = list(counter), list(key)
    for r in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [q >> 32 ^ c[1] ^ k[0], q & 0xFFFFFFFF, p >> 32 ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def attention(dropout):
    torch.manual_seed(1)
    offsets, heads, width, scale, key = [0, 3, 3, 7], 2, 6, 0.6, 0x0123456789ABCDEF
    tokens = offsets[-1]
    q, k, v = (torch.randn(tokens, width, dtype=torch.float64).requires_grad_() for _ in range(3))
    ct = torch.randn(tokens, width, dtype=torch.float64)
    keep = torch.ones(heads, tokens, tokens, dtype=torch.float64)
    if dropout > 0:
        for h in range(heads):
            for i in range(tokens):
                for j in range(tokens):
                    word = philox([(h * tokens + i) * tokens + j, 0, 0, 0], [key & 0xFFFFFFFF, key >> 32])[0]
                    keep[h, i, j] = 1 / (1 - dropout) if (word + 0.5) * 2.0**-32 >= dropout else 0
    split = lambda x: x.reshape(tokens, heads, width // heads).transpose(0, 1)
    scores = scale * split(q) @ split(k).transpose(1, 2)
    mask = torch.full((tokens, tokens), -math.inf, dtype=torch.float64)
    for a, b in zip(offsets, offsets[1:]):
        mask[a:b, a:b] = 0
    scores = scores + mask
    out = ((torch.softmax(scores, -1) * keep) @ split(v)).transpose(0, 1).reshape(tokens, width)
    out.backward(ct)
    flat = lambda x: x.detach().reshape(-1).tolist()
    return {
        "offsets": offsets, "heads": heads, "width": width, "scale": scale, "key": key, "dropout": dropout,
        "query": flat(q), "keys": flat(k), "value": flat(v), "cotangent": flat(ct), "out": flat(out),
        "logSumExp": flat(torch.logsumexp(scores, -1).T), "dQuery": flat(q.grad), "dKeys": flat(k.grad), "dValue": flat(v.grad),
    }


result = {"unary": unary, "binary": binary, "whole": whole, "attention": [attention(0.0), attention(0.3)]}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes")
