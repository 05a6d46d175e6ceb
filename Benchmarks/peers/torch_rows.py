"""The rows of single operations in PyTorch, beside those of torch_peer.py."""
import torch
import torch.nn.functional as F

from functions import function_rows

normal = torch.randn


def of(*shape):
    return lambda: normal(*shape)


def uniform(shape, low, high):
    return lambda: torch.rand(shape) * (high - low) + low


def whole(high, *shape, low=0):
    return lambda: torch.randint(low, high, shape)


def flags(shape):
    return lambda: normal(shape) > 0


def well_conditioned(*shape):
    def make():
        x = normal(*shape)
        return x @ x.mT / shape[-1] + torch.eye(shape[-1])
    return make


def find(name):
    return next((getattr(place, name) for place in (torch, F, torch.special) if hasattr(place, name)), None)


def solved(a, b):
    return torch.linalg.solve_triangular(a, b, upper=False)


def recurrent(x, h, w):
    outputs = []
    for row in x:
        h = torch.tanh(h @ w + row)
        outputs.append(h)
    return torch.stack(outputs)


def repeated(x, h, w):
    for _ in range(200):
        h = torch.tanh(h @ w + h)
    return h


def single_rows(forward, gradient):
    """`forward` and `gradient` of the peer; none of these is compiled."""
    n, cube, part = of(1024, 2048), of(64, 128, 256), of(32, 128, 256)
    table, flag = of(8192, 256), flags((1024, 2048))
    rows = function_rows(find, forward, uniform, flags) | {
        "gelu-tanh": forward(lambda x: F.gelu(x, approximate="tanh"), n),
        "polygamma": forward(lambda x: torch.polygamma(1, x), uniform((1024, 2048), 0.2, 4)),
        "where": forward(torch.where, flag, n, n),
        "masked-fill": forward(lambda m, x: x.masked_fill(m, 2), flag, n),
        "to-int32": forward(torch.Tensor.int, n), "to-float16": forward(torch.Tensor.half, n),
        "to-bfloat16": forward(torch.Tensor.bfloat16, n), "to-float64": forward(torch.Tensor.double, n),
    }
    betaln = lambda x, y: torch.lgamma(x) + torch.lgamma(y) - torch.lgamma(x + y)
    pair = [uniform((1024, 2048), 0.2, 4)] * 2
    rows |= {"betaln": forward(betaln, *pair), "beta": forward(lambda x, y: torch.exp(betaln(x, y)), *pair)}
    # Reductions and running functions.
    rows |= {name: forward(f, n) for name, f in {
        "sum": torch.sum, "mean-first": lambda x: x.mean(0), "mean-last": lambda x: x.mean(-1), "amax": torch.amax,
        "amax-first": lambda x: x.amax(0), "amax-last": lambda x: x.amax(-1), "amin-last": lambda x: x.amin(-1),
        "prod-last": lambda x: x.prod(-1), "variance": lambda x: x.var(correction=0), "variance-first": lambda x: x.var(0, correction=0),
        "variance-last": lambda x: x.var(-1, correction=0), "std-last": lambda x: x.std(-1, correction=0), "norm": torch.linalg.vector_norm,
        "norm-last": lambda x: torch.linalg.vector_norm(x, dim=-1),
        "log-sum-exp-first": lambda x: x.logsumexp(0), "log-sum-exp-last": lambda x: x.logsumexp(-1), "any-last": lambda x: x.any(-1),
        "all-first": lambda x: x.all(0), "arg-min": lambda x: x.argmin(-1), "median": lambda x: x.median(-1),
        "quantile": lambda x: x.quantile(torch.tensor([0.1, 0.5, 0.9]), -1), "cumulative-product": lambda x: x.cumprod(-1),
        "cumulative-sum-first": lambda x: x.cumsum(0), "log-cumulative-sum-exp": lambda x: x.logcumsumexp(-1),
        "cumulative-max": lambda x: x.cummax(-1), "cumulative-min-first": lambda x: x.cummin(0),
        "dropout": lambda x: F.dropout(x, 0.4), "uniform": lambda x: torch.empty(1024, 2048).uniform_(-3, 5),
        "normal": lambda x: normal(1024, 2048), "integers": lambda x: torch.randint(1000, (1024, 2048)),
        "bernoulli": lambda x: torch.empty(1024, 2048, dtype=torch.bool).bernoulli_(0.3), "permutation": lambda x: torch.randperm(1 << 18),
    }.items()}
    rows |= {f"norm-{p}-last": forward(lambda x, p=p: torch.linalg.vector_norm(x, float(p), -1), n) for p in ("1", "3", "inf")}
    # Movement.
    rows |= {name: forward(f, cube) for name, f in {
        "permute": lambda x: x.permute(2, 0, 1) + 1, "transpose": lambda x: x.mT.contiguous() + 1, "moveaxis": lambda x: x.moveaxis(0, -1) + 1,
        "views": lambda x: x.view(64, 1, 32768) + 1, "flip": lambda x: x.flip(0, 1, 2) + 1, "flip-last": lambda x: x.flip(-1) + 1,
        "roll": lambda x: x.roll(77, -1), "roll-first": lambda x: x.roll(-7, 0), "pad": lambda x: F.pad(x, (3, 5, 2, 4)),
        "pad-number": lambda x: F.pad(x, (3, 5, 2, 4), value=1.5), "pad-reflect": lambda x: F.pad(x, (3, 5, 2, 4), "reflect"),
        "pad-replicate": lambda x: F.pad(x, (3, 5, 2, 4), "replicate"),
        "pad-wrap": lambda x: F.pad(x[None], (3, 5, 2, 4), "circular"), "split": lambda x: [y + 1 for y in x.chunk(4, 1)],
        "slice": lambda x: x[1:, :, ::2] + 1, "slice-reversed": lambda x: x.flip(0)[::2] + 1, "slice-first": lambda x: x[3:35] + 1,
        "slice-at": lambda x: x.narrow(0, int(x[0, 0, 0] * 0) + 3, 32) + 1,
    }.items()}
    rows |= {name: forward(f, of(16, 128, 256)) for name, f in {
        "tile": lambda x: x.tile(4, 1, 1), "repeat-interleave": lambda x: x.repeat_interleave(4, 1),
        "expand": lambda x: x.expand(4, -1, -1, -1) + 1, "broadcast": lambda x: x.broadcast_to(4, 16, 128, 256) + 1}.items()}
    rows |= {name: forward(f, of(8, 512, 512)) for name, f in {"tril": torch.tril, "triu": lambda x: x.triu(1)}.items()}
    rows |= {name: forward(f, part, part) for name, f in {
        "concatenate": lambda *x: torch.cat(x), "concatenate-last": lambda *x: torch.cat(x, -1), "stack": lambda *x: torch.stack(x),
        "stack-last": lambda *x: torch.stack(x, -1)}.items()}
    rows |= {
        "slice-set": forward(lambda x, y: x.slice_scatter(y, 0, 3, 35), cube, part),
        "slice-set-strided": forward(lambda x, y: x.slice_scatter(y, 0, 0, 64, 2), cube, part),
        "slice-set-at": forward(lambda x, y: x.slice_scatter(y, 0, int(x[0, 0, 0] * 0) + 3, 35), cube, part),
    }
    # Indices.
    place, along, pick = whole(8192, 8192), whole(256, 8192, 256), whole(8192, 4096)
    rows |= {
        "scatter-set-rows": forward(lambda x, y, i: x.index_copy(0, i, y), table, table, place),
        "scatter-add-rows": forward(lambda x, y, i: x.index_add(0, i, y), table, table, place),
        "scatter-set-along": forward(lambda x, y, i: x.scatter(1, i, y), table, table, along),
        "scatter-add-along": forward(lambda x, y, i: x.scatter_add(1, i, y), table, table, along),
        "scatter-sum-along": forward(lambda x, i: torch.zeros(8192, 256).scatter_add(1, i, x), table, along),
        "take-along": forward(lambda x, i: x.take_along_dim(i, 1), table, along),
        "index-pairs": forward(lambda x, i, j: x[i, j], table, whole(8192, 1 << 20), whole(256, 1 << 20)),
        "gather-columns": forward(lambda x, i: x[:, i[:256] % 256], table, pick),
        "index-set": forward(lambda x, y, i: x.index_put((i,), y), table, of(4096, 256), pick),
        "index-add": forward(lambda x, y, i: x.index_put((i,), x[i] + y), table, of(4096, 256), pick),
        "mask-set": forward(lambda x, y, m: torch.where(m, y, x), table, of(256), flags((8192, 256))),
        "one-hot": forward(lambda i: F.one_hot(i, 128), whole(128, 16384)),
        "masked-select": forward(lambda x: x[x > 0], table), "nonzero": forward(torch.nonzero, flags((8192, 256))),
        "unique": forward(torch.unique, whole(1000, 1 << 20)),
    }
    for mode, name in {"multiply": "prod", "minimum": "amin", "maximum": "amax", "mean": "mean"}.items():
        rows[f"scatter-{mode}-rows"] = forward(lambda x, y, i, name=name: x.index_reduce(0, i, y, name), table, table, place)
        rows[f"scatter-{mode}-along"] = forward(lambda x, y, i, name=name: x.scatter_reduce(1, i, y, name), table, table, along)
    # Order.
    few, sorted_row = of(256, 2048), lambda: normal(16384).sort().values
    rows |= {
        "sort": forward(lambda x: x.sort(-1).values, few), "sort-first": forward(lambda x: x.sort(0, descending=True).values, few),
        "arg-sort": forward(lambda x: x.argsort(dim=-1, stable=True), few), "search-sorted": forward(torch.searchsorted, sorted_row, few),
        "search-sorted-rows": forward(torch.searchsorted, lambda: normal(256, 1024).sort().values, few),
        "histogram": forward(lambda x: x.histc(100, -3, 3), few), "bincount": forward(lambda i: i.flatten().bincount(), whole(1000, 256, 2048)),
        "bincount-weighted": forward(lambda i, w: i.flatten().bincount(w.flatten()), whole(1000, 256, 2048), few),
        "categorical": forward(lambda x: x.softmax(-1).multinomial(4, True), of(1024, 1000)),
        "categorical-distinct": forward(lambda x: x.softmax(-1).multinomial(4), of(1024, 1000)),
    }
    # Windows.
    images = (16, 64, 56, 56)
    for name, f, start, end in [
        ("max-pool-2", lambda x: F.max_pool2d(x, 2), images, (16, 64, 28, 28)),
        ("max-pool-3", lambda x: F.max_pool2d(x, 3, 2, 1), images, (16, 64, 28, 28)),
        ("average-pool-2", lambda x: F.avg_pool2d(x, 2), images, (16, 64, 28, 28)),
        ("average-pool-3", lambda x: F.avg_pool2d(x, 3, 2, 1), images, (16, 64, 28, 28)),
        ("adaptive-average-pool", lambda x: F.adaptive_avg_pool2d(x, 7), images, (16, 64, 7, 7)),
        ("adaptive-max-pool", lambda x: F.adaptive_max_pool2d(x, 7), images, (16, 64, 7, 7)),
        ("global-average-pool", lambda x: F.adaptive_avg_pool2d(x, 1), images, (16, 64, 1, 1)),
        ("interpolate-nearest", lambda x: F.interpolate(x, (112, 112)), (4, 64, 56, 56), (4, 64, 112, 112)),
        ("interpolate-linear", lambda x: F.interpolate(x, (112, 112), mode="bilinear"), (4, 64, 56, 56), (4, 64, 112, 112)),
        ("interpolate-cubic", lambda x: F.interpolate(x, (112, 112), mode="bicubic"), (4, 64, 56, 56), (4, 64, 112, 112)),
        ("unfold", lambda x: x.unfold(1, 16, 8) + 1, (256, 4096), (256, 511, 16)),
        ("fold", lambda x: F.fold(x.mT, (1, 4096), (1, 16), stride=(1, 8)).view(256, 4096), (256, 511, 16), (256, 4096)),
        ("log-softmax", lambda x: x.log_softmax(-1), (4096, 768), (4096, 768)),
        ("softmax-first", lambda x: x.softmax(0), (4096, 768), (4096, 768)),
        ("l2-normalize", F.normalize, (4096, 768), (4096, 768)),
        ("rms-norm", lambda x: F.rms_norm(x, (768,)), (4096, 768), (4096, 768)),
    ]:
        rows[name] = forward(f, of(*start))
        rows[f"{name}-gradient"] = gradient(f, of(*start), of(*end))
    maps = of(16, 64, 28, 28)
    rows |= {
        "batch-norm-gradient": gradient(lambda x: F.batch_norm(x, None, None, training=True), maps, maps),
        "group-norm-gradient": gradient(lambda x: F.group_norm(x, 8), maps, maps),
        "convolution-1d-gradient": gradient(lambda x, w: F.conv1d(x, w, padding=1), of(8, 64, 2048), of(64, 64, 3), of(8, 64, 2048), wanted=2),
        "convolution-3d-gradient": gradient(
            lambda x, w: F.conv3d(x, w, padding=1), of(2, 16, 16, 32, 32), of(32, 16, 3, 3, 3), of(2, 32, 16, 32, 32), wanted=2),
        "convolution-transposed-gradient": gradient(
            lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1), of(8, 64, 28, 28), of(64, 64, 4, 4), of(8, 64, 56, 56), wanted=2),
    }
    # Losses.
    one = lambda: torch.ones(())
    wide, share, target = (-3, 3), (0.1, 0.9), (0, 3)
    for names, x, y in [
        ("mse-loss l1-loss huber-loss smooth-l1-loss", wide, wide), ("kl-div", (-3, 0), share), ("poisson-nll-loss", wide, target),
        ("binary-cross-entropy", share, share), ("binary-cross-entropy-with-logits", wide, share),
    ]:
        for name in names.split():
            rows[f"{name}-gradient"] = gradient(getattr(F, name.replace("-", "_")), uniform((2048, 1024), *x), uniform((2048, 1024), *y), one)
    big, signs = of(2048, 1024), lambda: normal(2048).sign()
    rows |= {
        "gaussian-nll-loss-gradient": gradient(
            lambda x, y: F.gaussian_nll_loss(x, y, y), big, uniform((2048, 1024), *share), one),
        "cosine-embedding-loss-gradient": gradient(F.cosine_embedding_loss, big, big, signs, one),
        "triplet-margin-loss-gradient": gradient(F.triplet_margin_loss, big, big, big, one),
        "margin-ranking-loss-gradient": gradient(F.margin_ranking_loss, big, big, lambda: big().sign(), one),
        "nll-loss-gradient": gradient(F.nll_loss, big, whole(1024, 2048), one),
        "ctc-loss-gradient": gradient(
            lambda x, y: F.ctc_loss(x.log_softmax(-1), y, torch.full((16,), 100), torch.full((16,), 20)), of(100, 16, 64),
            whole(64, 16, 20, low=1), one),
    }
    # Matrices.
    linalg = torch.linalg
    for name, f in {
        "cholesky": linalg.cholesky, "lu": linalg.lu, "qr": linalg.qr, "svd": lambda x: linalg.svd(x, False), "eigh": linalg.eigh,
        "slogdet": linalg.slogdet, "svdvals": linalg.svdvals, "det": linalg.det, "inv": linalg.inv, "inv-ex": linalg.inv_ex,
        "pinv": linalg.pinv, "matrix-power": lambda x: linalg.matrix_power(x, 5), "matrix-rank": linalg.matrix_rank, "cond": linalg.cond,
        "matrix-norm-nuc": lambda x: linalg.matrix_norm(x, "nuc"), "matrix-exp": linalg.matrix_exp, "solve": lambda x: linalg.solve(x, x.mT),
        "solve-triangular": lambda x: solved(x, x), "lstsq": lambda x: linalg.lstsq(x, x[..., :16], driver="gelsd").solution,
    }.items():
        rows[f"{name}-512"], rows[f"{name}-64"] = forward(f, well_conditioned(512, 512)), forward(f, well_conditioned(64, 64, 64))
    # Contractions.
    cubes, heads, points, vector = of(64, 128, 128), of(32, 8, 128, 64), of(1024, 64), of(1 << 21)
    einsum = lambda equation: lambda *x: torch.einsum(equation, *x)
    rows |= {
        "einsum-batched": forward(einsum("bij,bjk->bik"), cubes, cubes), "einsum-transposed": forward(einsum("bij,bkj->bki"), cubes, cubes),
        "tensordot": forward(lambda x, y: torch.tensordot(x, y, ([0, 2], [0, 2])), cubes, cubes),
        "einsum-attention": forward(einsum("bhqd,bhkd->bhqk"), heads, heads),
        "einsum-chain": forward(einsum("ij,jk,kl->il"), of(512, 512), of(512, 512), of(512, 512)),
        "cdist": forward(torch.cdist, points, points), "cdist-1": forward(lambda x, y: torch.cdist(x, y, 1), points, points),
        "cdist-inf": forward(lambda x, y: torch.cdist(x, y, torch.inf), points, points), "dot": forward(torch.dot, vector, vector),
        "einsum-dot": forward(einsum("i,i->"), vector, vector), "outer": forward(torch.outer, of(1024), of(2048)),
        "einsum-outer": forward(einsum("i,j->ij"), of(1024), of(2048)), "kron": forward(torch.kron, of(64, 64), of(24, 24)),
        "cross": forward(torch.linalg.cross, of(1_000_000, 3), of(1_000_000, 3)),
        "einsum-permuted": forward(lambda x: torch.einsum("ijk->kji", x) + 1, of(64, 256, 128)),
        "einsum-sum": forward(einsum("ijk->kj"), of(64, 256, 128)),
        "diagonal": forward(lambda x: x.diagonal(dim1=-2, dim2=-1) + 1, of(16384, 16, 16)),
        "trace": forward(lambda x: x.diagonal(dim1=-2, dim2=-1).sum(-1), of(16384, 16, 16)),
        "einsum-diagonal": forward(lambda x: torch.einsum("bii->bi", x) + 1, of(16384, 16, 16)),
    }
    # Complex numbers and transforms.
    z = lambda *shape: lambda: torch.complex(normal(*shape), normal(*shape))
    square = z(1024, 1024)
    rows |= {f"complex-{name}": forward(f, square) for name, f in {
        "conj": lambda x: x.conj() * 2, "adjoint": lambda x: x.mH + 1, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt,
        "pow-3": lambda x: x**3, "abs": torch.abs, "angle": torch.angle, "squared-magnitude": lambda x: x.real**2 + x.imag**2,
        "mean": lambda x: x.mean(0)}.items()}
    rows |= {f"complex-{name}": forward(f, square, square) for name, f in {
        "add": torch.add, "mul": torch.mul, "div": torch.div, "concatenate": lambda *x: torch.cat(x)}.items()}
    fft = torch.fft
    rows |= {
        "complex-polar": forward(torch.polar, of(1024, 1024), of(1024, 1024)), "complex-matmul": forward(torch.matmul, z(512, 512), z(512, 512)),
        "fft-1000": forward(fft.fft, z(256, 1000)), "fft-1009": forward(fft.fft, z(256, 1009)),
        "fft-first": forward(lambda x: fft.fft(x, dim=0), z(1024, 256)), "ifft-1024": forward(fft.ifft, z(512, 1024)),
        "ifft2-256": forward(fft.ifft2, z(8, 256, 256)), "fftn-64": forward(lambda x: fft.fftn(x, dim=(1, 2, 3)), z(2, 64, 64, 64)),
        "fftshift": forward(fft.fftshift, z(1024, 1024)), "ifftshift": forward(lambda x: fft.ifftshift(x, 1), z(1024, 1024)),
        "rfft2-256": forward(fft.rfft2, of(16, 256, 256)),
        "stft-400": forward(lambda x, w: torch.stft(x, 400, 160, window=w, return_complex=True), of(8, 65536), lambda: torch.hann_window(400)),
        "irfft-1024": forward(fft.irfft, z(512, 513)), "irfft2-512": forward(lambda x: fft.irfft2(x, (512, 1024)), z(512, 513)),
        "istft-1024": forward(lambda x: torch.istft(x, 1024, 256, window=torch.hann_window(1024)), z(513, 512)),
    }
    # Loops, recurrent layers and packed sequences, here of one length.
    state = of(200, 16, 256), of(16, 256), lambda: 0.05 * normal(256, 256)
    packed = of(2048, 768)
    split = lambda x: x.view(16, 128, 12, 64).transpose(1, 2)
    attention = lambda q, k, v, p=0.0: F.scaled_dot_product_attention(split(q), split(k), split(v), dropout_p=p).transpose(1, 2).reshape(2048, 768)
    rows |= {
        "scan": forward(recurrent, *state), "cond": forward(recurrent, *state), "scan-gradient": gradient(recurrent, *state, of(200, 16, 256), wanted=3),
        "for-loop": forward(repeated, *state), "while-loop": forward(repeated, *state),
        "lstm": forward(torch.nn.LSTM(256, 256), of(32, 32, 256)), "gru": forward(torch.nn.GRU(256, 256), of(32, 32, 256)),
        "attention-packed": forward(attention, packed, packed, packed),
        "attention-packed-dropout": forward(lambda q, k, v: attention(q, k, v, 0.1), packed, packed, packed),
        "attention-packed-gradient": gradient(attention, packed, packed, packed, packed, wanted=3),
    }
    return rows
