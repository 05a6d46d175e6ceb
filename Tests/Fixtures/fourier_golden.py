"""Golden values and gradients of complex arithmetic and Fourier transforms from PyTorch and SciPy: writes fourier_golden.json beside this file.

Run by hand (needs torch, scipy, numpy): python3 fourier_golden.py. A complex operand or result is two tensors.
"""
import math

import numpy as np
import scipy.fft
import scipy.signal
import torch

from golden import away, case, real, values, write


def split(results):
    results = results if isinstance(results, (list, tuple)) else [results]
    return [part for r in results for part in ([r.real, r.imag] if r.is_complex() else [r])]


def pairs(name, f, *shapes, fill=real):
    """A function of complex operands."""
    case(name, lambda *x: split(f(*[torch.complex(a, b) for a, b in zip(x[::2], x[1::2])])), *[fill(*s) for s in shapes for _ in range(2)])


def reals(name, f, *shapes, fill=real):
    case(name, lambda *x: split(f(*x)), *[fill(*s) for s in shapes])


def by_matrix(name, transform, *shape):
    """A linear transform along the last axis from SciPy: its matrix gives the gradients too."""
    matrix = torch.tensor(transform(np.eye(shape[-1])))
    case(name, lambda x: x @ matrix, real(*shape))


pairs("complex sum", lambda a, b: a + b - 2 * a, (3, 5), (5,))
pairs("complex product", lambda a, b: a * b, (3, 5), (5,))
pairs("complex quotient", lambda a, b: a / b, (3, 5), (5,), fill=away)
pairs("complex quotient with numbers", lambda a: 2 / a + a / 4 - 1, (3, 5), fill=away)
case("complex times real", lambda x, y, r: split(torch.complex(x, y) * r / (r * r + 1) - r), real(3, 5), real(3, 5), real(5))
pairs("complex conjugate", lambda a: (-a).conj(), (3, 5))
pairs("complex abs", torch.abs, (3, 5), fill=away)
pairs("complex squaredMagnitude", lambda a: a.real**2 + a.imag**2, (3, 5))
pairs("complex angle", torch.angle, (3, 5), fill=away)
pairs("complex exp", torch.exp, (3, 5))
pairs("complex log", torch.log, (3, 5), fill=away)
pairs("complex sqrt", torch.sqrt, (3, 5), fill=away)
pairs("complex pow 3", lambda a: a**3, (3, 5))
pairs("complex pow -2", lambda a: a**-2, (3, 5), fill=away)
reals("complex polar", lambda r, t: torch.complex(r * torch.cos(t), r * torch.sin(t)), (3, 5), (3, 5))
pairs("complex matmul", lambda a, b: a @ b, (3, 5), (5, 4))
pairs("complex adjoint", lambda a: a.mH[1:], (3, 5))
pairs("complex mean", lambda a: [a.mean(0, keepdim=True), a.sum()], (3, 5))
pairs("complex concatenate", lambda a, b: torch.cat([torch.cat([a, b], 1), torch.stack([a, b], 1).reshape(-1, 5)[:, :5].repeat(1, 2)]), (3, 5), (3, 5))

pairs("fft", torch.fft.fft, (2, 12))
pairs("fft 0", lambda a: torch.fft.fft(a, dim=0), (7, 2))
pairs("fft 1 cropped, ortho", lambda a: torch.fft.fft(a, 5, 1, "ortho"), (2, 8, 3))
pairs("fft padded, forward", lambda a: torch.fft.fft(a, 9, norm="forward"), (2, 6))
reals("fft of real numbers", torch.fft.fft, (2, 10))
pairs("fft in two steps", torch.fft.fft, (1, 130))
pairs("fft 0 in two steps", lambda a: torch.fft.fft(a, dim=0), (130, 1, 2))
pairs("fft by convolution", torch.fft.fft, (1, 131))
pairs("ifft", torch.fft.ifft, (2, 12))
pairs("ifft 0 ortho", lambda a: torch.fft.ifft(a, dim=0, norm="ortho"), (5, 2))
reals("ifft of real numbers", torch.fft.ifft, (2, 6))
reals("rfft", torch.fft.rfft, (2, 12))
reals("rfft 1", lambda a: torch.fft.rfft(a, dim=1, norm="ortho"), (2, 6, 2))
reals("rfft odd", torch.fft.rfft, (2, 9))
pairs("irfft", torch.fft.irfft, (2, 7))
pairs("irfft 0 odd", lambda a: torch.fft.irfft(a, 9, 0, "forward"), (5, 2))
pairs("irfft cropped", lambda a: torch.fft.irfft(a, 6), (2, 7))
pairs("fftn", lambda a: torch.fft.fftn(a, dim=(1, 2, 3)), (2, 2, 3, 4))
pairs("ifft2", lambda a: torch.fft.ifft2(a, s=(3, 5), norm="ortho"), (2, 3, 4))
reals("rfft2", torch.fft.rfft2, (2, 3, 4))
pairs("irfft2", lambda a: torch.fft.irfft2(a, s=(3, 5)), (2, 3, 3))
pairs("fftShift", torch.fft.fftshift, (4, 5))
pairs("ifftShift 1", lambda a: torch.fft.ifftshift(a, 1), (4, 5))
for mode in ["full", "same", "valid"]:
    kernel = np.eye(4)
    matrix = torch.tensor(np.stack([[scipy.signal.fftconvolve(a, b, mode) for b in kernel] for a in np.eye(9)]))
    case(f"fftConvolve {mode}", lambda x, y: torch.einsum("bi,j,ijk->bk", x, y, matrix), real(2, 9), real(4))
window = torch.hann_window(8, dtype=torch.float64)
reals("stft", lambda x: torch.stft(x, 8, 3, 8, window, return_complex=True), (2, 16))
reals("stft at the start", lambda x: torch.stft(x, 8, window=torch.nn.functional.pad(window[:6], (1, 1)), center=False, return_complex=True), (2, 16))
pairs("istft", lambda a: torch.istft(a, 8, 3, 8, window), (2, 5, 6))
by_matrix("dct", scipy.fft.dct, 2, 8)
by_matrix("dct ortho", lambda x: scipy.fft.dct(x, norm="ortho"), 2, 7)
by_matrix("dct forward", lambda x: scipy.fft.dct(x, norm="forward"), 2, 6)
by_matrix("idct", scipy.fft.idct, 2, 8)
by_matrix("idct ortho", lambda x: scipy.fft.idct(x, norm="ortho"), 2, 7)
by_matrix("idct forward", lambda x: scipy.fft.idct(x, norm="forward"), 2, 6)
write(__file__)
