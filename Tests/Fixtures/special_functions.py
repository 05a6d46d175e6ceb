"""Values of special functions from SciPy (those of lgamma and logBeta, of which SciPy loses digits near roots, from mpmath), over their whole range: writes special_functions.json beside this file.

Run by hand (needs numpy, scipy, mpmath): python3 special_functions.py. The arguments are float32 numbers, so that both precisions are compared at the same places.
"""
import json
import math
import pathlib

import mpmath
import numpy as np
import scipy.special as sp

rng = np.random.default_rng(3)


def spread(low, high, count=40):
    """Numbers of all magnitudes between two positive ones."""
    return np.exp(rng.uniform(math.log(low), math.log(high), count))


def both(x):
    return np.concatenate([x, -x])


near_one = 1 + np.concatenate([both(spread(1e-6, 0.4)), [0]])
ends = np.array([0.0, math.inf, -math.inf, math.nan])
below = -spread(0.01, 30) - 0.01
below = below[np.abs(below - np.round(below)) > 0.01]
poles = np.array([0.0, -1.0, -2.0, -7.0])


@np.vectorize
def log_gamma(x):
    if not math.isfinite(x) or x <= 0:
        return sp.gammaln(x)
    with mpmath.workdps(40):
        return float(mpmath.loggamma(mpmath.mpf(float(x))))


unary = {
    "log2": (np.log2, np.concatenate([spread(1e-30, 1e30), near_one, 2.0 ** np.arange(-20, 21), ends])),
    "log10": (np.log10, np.concatenate([spread(1e-30, 1e30), near_one, 10.0 ** np.arange(0, 11), ends])),
    "exp2": (np.exp2, np.concatenate([both(spread(1e-6, 120)), np.arange(-30, 31), ends])),
    "asinh": (np.arcsinh, np.concatenate([both(spread(1e-30, 1e38)), ends])),
    "acosh": (np.arccosh, np.concatenate([1 + spread(1e-6, 1e30), [1.0, 0.5, -3.0, -1e9], ends])),
    "atanh": (np.arctanh, np.concatenate([both(spread(1e-30, 0.99)), 1 - spread(1e-7, 0.1), [1.0, -1.0, 1.5], ends])),
    "erfinv": (sp.erfinv, np.concatenate([both(spread(1e-30, 0.99)), 1 - spread(1e-7, 0.1), [1.0, -1.0, 1.5], ends])),
    "logit": (sp.logit, np.concatenate([spread(1e-30, 0.99), 0.5 + both(spread(1e-7, 0.4)), 1 - spread(1e-7, 0.1), [1.0, -1.0, 1.5], ends])),
    "lgamma": (log_gamma, np.concatenate([spread(1e-30, 1e35), near_one, near_one + 1, rng.uniform(0, 9, 60), poles, [math.inf, math.nan]])),
    "lgamma below zero": (sp.gammaln, below),
    "digamma": (sp.psi, np.concatenate([spread(1e-3, 1e35), near_one + 0.4616321, rng.uniform(0.01, 9, 60), poles, [math.inf, math.nan]])),
    "digamma below zero": (sp.psi, below),
    "polygamma 1": (lambda x: sp.polygamma(1, x), np.concatenate([spread(1e-3, 1e30), poles, [math.inf]])),
    "polygamma 2": (lambda x: sp.polygamma(2, x), np.concatenate([spread(1e-3, 1e12), poles, [math.inf]])),
    "polygamma 5": (lambda x: sp.polygamma(5, x), np.concatenate([spread(1e-3, 1e5), poles])),
    "polygamma 1 below zero": (lambda x: sp.polygamma(1, x), below),
    "polygamma 2 below zero": (lambda x: sp.polygamma(2, x), below),
}
pairs = np.concatenate([spread(1e-3, 1e4, 60), [0.5, 1.0, 2.0, 0.0]]), np.concatenate([spread(1e-3, 1e4, 60), [0.5, 1.0, math.inf, 2.0]])


@np.vectorize
def log_beta(a, b):
    if not 0 < a < math.inf or not 0 < b < math.inf:
        return sp.betaln(a, b)
    with mpmath.workdps(40):
        a, b = mpmath.mpf(float(a)), mpmath.mpf(float(b))
        return float(mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b))


binary = {"logBeta": (log_beta, *pairs), "hypot": (np.hypot, *pairs), "logAddExp": (np.logaddexp, *pairs), "xlogy": (sp.xlogy, *pairs)}


def plain(x):
    return [float(v) if math.isfinite(v) else "nan" if math.isnan(v) else "inf" if v > 0 else "-inf" for v in x]


records = []
with np.errstate(all="ignore"):
    for name, (f, *x) in (unary | binary).items():
        x = [np.float32(v).astype(np.float64) for v in x]
        records.append({"function": name, "operands": [plain(v) for v in x], "values": plain(f(*x))})
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in records) + "\n]\n")
