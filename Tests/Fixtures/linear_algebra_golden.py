"""Golden values and gradients of matrices taken apart and of functions of matrices from PyTorch and SciPy: writes linear_algebra_golden.json beside this file.

Run by hand (needs torch, scipy, numpy): python3 linear_algebra_golden.py.
"""
import math

import numpy as np
import scipy.linalg
import torch

from golden import case, real, write


# Rows of FactorizationCases.swift. Signs of vectors are nobody's choice.
def spread(x):
    order = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    return x * 0.5 + torch.eye(x.shape[-2], x.shape[-1], dtype=x.dtype) * order * 4


def turned(x):
    return spread(x).flip(-2)


def regular(x):
    return x * 0.5 / x.shape[-1] + torch.eye(x.shape[-1], dtype=x.dtype)


def condition(x):
    """torch.linalg.cond of order 1, which has no gradient of a batch: it changes the inverses in place."""
    size = torch.linalg.matrix_norm(x, 1) * torch.linalg.matrix_norm(x.inverse(), 1)
    assert torch.allclose(size, torch.linalg.cond(x.detach(), 1), rtol=1e-13)
    return size


def signed_qr(x):
    q, r = torch.linalg.qr(x)
    signs = r.diagonal(dim1=-2, dim2=-1).sign().detach()
    return q * signs[..., None, :], r * signs[..., :, None]


def signless_svd(x):
    u, s, vt = torch.linalg.svd(x, full_matrices=False)
    return u.square(), s, vt.square(), u @ vt


def signless_eigh(x):
    x = spread(x)
    values, vectors = torch.linalg.eigh((x + x.mT) / 2)
    return values, vectors.square()


def small(*shape):
    return real(*shape, low=-1, high=1)


def orthogonal(x):
    u, _, vt = torch.linalg.svd(spread(x).detach(), full_matrices=True)
    v, _, ut = torch.linalg.svd(spread(x).detach().mT, full_matrices=True)
    return u @ u.mT, vt @ vt.mT, v @ v.mT, ut @ ut.mT


def banded(bands, b, lower=1, upper=2):
    """As scipy.linalg.solve_banded, with a gradient: the matrix that it describes."""
    n = bands.shape[-1]
    a = sum(torch.diag(bands[upper - d, max(d, 0):n + min(d, 0)], d) for d in range(-lower, upper + 1))
    x = torch.linalg.solve(a, b)
    peer = scipy.linalg.solve_banded((lower, upper), bands.detach().numpy(), b.detach().numpy())
    assert np.allclose(x.detach().numpy(), peer, rtol=1e-13, atol=1e-14)
    return x


def exponential(x):
    y = torch.linalg.matrix_exp(x)
    peer = scipy.linalg.expm(x.detach().numpy())
    assert np.abs(y.detach().numpy() - peer).max() < 1e-12 * np.abs(peer).max()
    return y


case("lu", lambda x: torch.linalg.lu(turned(x)), small(4, 4))
case("lu tall", lambda x: torch.linalg.lu(turned(x)), small(2, 5, 3))
case("lu wide", lambda x: torch.linalg.lu(spread(x).mT.flip(-2)), small(5, 3))
case("inverse", lambda x: turned(x).inverse(), small(4, 4))
case("inverse batched", lambda x: turned(x).inverse(), small(2, 3, 3))
case("inverseWithInfo", lambda x: (turned(x).inverse(), torch.zeros(2, dtype=torch.int32)), small(2, 3, 3))
case("determinant", lambda x: regular(x).flip(-2).det(), small(4, 4))
case("determinant batched", lambda x: regular(x).det(), small(2, 1, 3, 3))
case("signAndLogDeterminant", lambda x: torch.linalg.slogdet(turned(x)), small(2, 3, 3))
case("matrixPower", lambda x: torch.linalg.matrix_power(regular(x), 5), small(3, 3))
case("matrixPower -2", lambda x: torch.linalg.matrix_power(regular(x), -2), small(2, 3, 3))
case("pseudoInverse", lambda x: torch.linalg.pinv(spread(x)), small(5, 3))
case("pseudoInverse tall", lambda x: torch.linalg.pinv(spread(x)), small(2, 5, 2))
case("leastSquares", lambda a, b: torch.linalg.lstsq(spread(a), b).solution, small(5, 2), real(5, 2))
case("leastSquares for a vector, wide", lambda a, b: (torch.linalg.pinv(spread(a).mT) @ b[:, None])[..., 0], small(2, 5, 2), real(2))
case("matrixRank", lambda x: torch.linalg.matrix_rank(spread(x)), small(5, 3))
case("conditionNumber", lambda x: torch.linalg.cond(spread(x)) * torch.linalg.matrix_norm(spread(x)), small(5, 3))
case("conditionNumber 1", lambda x: condition(spread(x)), small(2, 3, 3))
case("eigh", signless_eigh, small(4, 4))
case("eigh batched", signless_eigh, small(2, 1, 3, 3))
case("svd", lambda x: signless_svd(spread(x)), small(4, 3))
case("svd tall", lambda x: signless_svd(spread(x)), small(2, 5, 2))
case("svd wide", lambda x: signless_svd(spread(x).mT), small(5, 2))
case("svd full", orthogonal, small(5, 2))
case("singularValues", lambda x: torch.linalg.svdvals(spread(x)), small(2, 3, 3))
case("qr", lambda x: signed_qr(turned(x)), small(4, 4))
case("qr tall", lambda x: signed_qr(spread(x)), small(2, 5, 3))
case("qr wide", lambda x: signed_qr(spread(x).mT), small(5, 3))
case("qr full", lambda x: (lambda q: q @ q.mT)(torch.linalg.qr(spread(x).detach(), mode="complete").Q), small(5, 3))
case("matrixExponential", exponential, small(4, 4))
case("matrixExponential squared", lambda x: exponential(x * 6), small(2, 3, 3))
case("solveBanded", lambda x, b: banded(torch.stack([x * 0.5, x, x + 8, 1 - x]), b), small(5), real(5, 2))
case("solveTridiagonal", lambda l, u, d, b: torch.linalg.solve(torch.diag_embed(l, -1) + torch.diag_embed(u, 1) + torch.diag_embed(d), b),
     small(4, 3), small(4, 3), real(4, 4, low=3, high=4), real(4))
for name, order in [("fro", "fro"), ("nuc", "nuc"), ("1", 1), ("-1", -1), ("2", 2), ("-2", -2), ("inf", math.inf), ("-inf", -math.inf)]:
    case(f"matrixNorm {name}", lambda x: torch.linalg.matrix_norm(spread(x), order), small(2, 5, 3))

write(__file__)
