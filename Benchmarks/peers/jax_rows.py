"""The rows of single operations in JAX, each one expression, beside those of jax_peer.py."""
import jax
import jax.numpy as jnp
import numpy as np

from functions import function_rows

random = np.random.default_rng(1)
# Names of PyTorch's that are others here.
aliases = {
    "neg": "negative", "sub": "subtract", "mul": "multiply", "div": "divide", "erfinv": "erf_inv", "rsqrt": "rsqrt", "lgamma": "gammaln",
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "ndtr": "ndtr",
}
elsewhere = {"frac": lambda x: x - jnp.trunc(x), "relu6": jax.nn.relu6, "softplus": jax.nn.softplus, "floor_divide": jnp.floor_divide}


def of(*shape):
    return lambda: jnp.asarray(random.standard_normal(shape, dtype=np.float32))


def uniform(shape, low, high):
    return lambda: jnp.asarray(random.uniform(low, high, shape).astype(np.float32))


def whole(high, *shape):
    return lambda: jnp.asarray(random.integers(high, size=shape))


def flags(shape):
    return lambda: jnp.asarray(random.random(shape) > 0.5)


def well_conditioned(*shape):
    x = random.standard_normal(shape, dtype=np.float32)
    return lambda: jnp.asarray(x @ x.swapaxes(-1, -2) / shape[-1] + np.eye(shape[-1], dtype=np.float32))


def find(name):
    places = jnp, jax.nn, jax.scipy.special, jax.lax
    return elsewhere.get(name) or next((getattr(p, n) for n in (name, aliases.get(name, "-")) for p in places if hasattr(p, n)), None)


def recurrent(x, h, w):
    def step(h, row):
        h = jnp.tanh(h @ w + row)
        return h, h
    return jax.lax.scan(step, h, x)[1]


def repeated(x, h, w):
    return jax.lax.fori_loop(0, 200, lambda _, y: jnp.tanh(y @ w + h), h)


def single_rows(forward, gradient):
    n, cube, part, table = of(1024, 2048), of(64, 128, 256), of(32, 128, 256), of(8192, 256)
    rows = function_rows(find, forward, uniform, flags) | {
        "where": forward(jnp.where, flags((1024, 2048)), n, n), "to-int32": forward(lambda x: x.astype(jnp.int32), n),
        "to-float16": forward(lambda x: x.astype(jnp.float16), n), "to-bfloat16": forward(lambda x: x.astype(jnp.bfloat16), n),
        "gelu-tanh": forward(lambda x: jax.nn.gelu(x, approximate=True), n), "median": forward(lambda x: jnp.median(x, -1), n),
        "quantile": forward(lambda x: jnp.quantile(x, jnp.asarray([0.1, 0.5, 0.9]), -1), n),
        "cumulative-product": forward(lambda x: jnp.cumprod(x, -1), n), "cumulative-sum-first": forward(lambda x: jnp.cumsum(x, 0), n),
        "log-cumulative-sum-exp": forward(lambda x: jax.lax.cumlogsumexp(x, 1), n),
        "arg-min": forward(lambda x: x.argmin(-1), n), "log-softmax": forward(jax.nn.log_softmax, of(4096, 768)),
        "softmax-first": forward(lambda x: jax.nn.softmax(x, 0), of(4096, 768)),
    }
    for name, f in {"amax": jnp.max, "mean": jnp.mean, "variance": jnp.var, "log-sum-exp": jax.scipy.special.logsumexp}.items():
        rows |= {f"{name}-first": forward(lambda x, f=f: f(x, 0), n), f"{name}-last": forward(lambda x, f=f: f(x, -1), n)}
    rows |= {name: forward(f, n) for name, f in {
        "sum": jnp.sum, "amax": jnp.max, "variance": jnp.var, "amin-last": lambda x: x.min(-1), "prod-last": lambda x: x.prod(-1),
        "std-last": lambda x: x.std(-1), "any-last": lambda x: x.any(-1), "all-first": lambda x: x.all(0)}.items()}
    ends = ((0, 0), (2, 4), (3, 5))
    modes = {"reflect": "reflect", "symmetric": "symmetric", "replicate": "edge", "wrap": "wrap"}
    rows |= {f"pad-{name}": forward(lambda x, mode=mode: jnp.pad(x, ends, mode), cube) for name, mode in modes.items()}
    rows |= {name: forward(f, cube) for name, f in {
        "permute": lambda x: x.transpose(2, 0, 1) + 1, "transpose": lambda x: x.mT + 1, "moveaxis": lambda x: jnp.moveaxis(x, 0, -1) + 1,
        "flip": lambda x: jnp.flip(x) + 1, "flip-last": lambda x: jnp.flip(x, -1) + 1, "roll": lambda x: jnp.roll(x, 77, -1),
        "roll-first": lambda x: jnp.roll(x, -7, 0), "pad": lambda x: jnp.pad(x, ends), "slice": lambda x: x[1:, :, ::2] + 1,
        "slice-reversed": lambda x: x[::-2] + 1}.items()}
    rows |= {name: forward(f, part, part) for name, f in {
        "concatenate": lambda *x: jnp.concatenate(x), "concatenate-last": lambda *x: jnp.concatenate(x, -1),
        "stack": lambda *x: jnp.stack(x), "stack-last": lambda *x: jnp.stack(x, -1)}.items()}
    rows |= {
        "slice-set": forward(lambda x, y: x.at[3:35].set(y), cube, part), "tril": forward(jnp.tril, of(8, 512, 512)),
        "tile": forward(lambda x: jnp.tile(x, (4, 1, 1)), of(16, 128, 256)), "take-along": forward(jnp.take_along_axis, table, whole(256, 8192, 256)),
        "index-pairs": forward(lambda x, i, j: x[i, j], table, whole(8192, 1 << 20), whole(256, 1 << 20)),
        "scatter-set-rows": forward(lambda x, y, i: x.at[i].set(y), table, table, whole(8192, 8192)),
        "scatter-add-rows": forward(lambda x, y, i: x.at[i].add(y), table, table, whole(8192, 8192)),
        "sort": forward(jnp.sort, of(256, 2048)), "arg-sort": forward(jnp.argsort, of(256, 2048)),
        "search-sorted": forward(jnp.searchsorted, lambda: jnp.sort(of(16384)()), of(256, 2048)),
        "bincount": forward(lambda i: jnp.bincount(i.ravel(), length=1000), whole(1000, 256, 2048)),
        "scan": forward(recurrent, of(200, 16, 256), of(16, 256), lambda: 0.05 * of(256, 256)()),
        "scan-gradient": gradient(
            recurrent, of(200, 16, 256), of(16, 256), lambda: 0.05 * of(256, 256)(), of(200, 16, 256), wanted=3),
        "for-loop": forward(repeated, of(200, 16, 256), of(16, 256), lambda: 0.05 * of(256, 256)()),
        "dct-1024": forward(jax.scipy.fft.dct, of(512, 1024)), "idct-1024": forward(lambda x: jax.scipy.fft.idct(x, norm="ortho"), of(512, 1024)),
        "fft-convolve": forward(jax.vmap(lambda x, y: jax.scipy.signal.fftconvolve(x, y)), of(512, 1024), of(512, 129)),
    }
    linalg = jnp.linalg
    for name, f in {
        "cholesky": linalg.cholesky, "lu": jax.lax.linalg.lu, "qr": linalg.qr, "svd": lambda x: linalg.svd(x, False), "eigh": linalg.eigh,
        "slogdet": linalg.slogdet, "det": linalg.det, "inv": linalg.inv, "pinv": linalg.pinv, "matrix-exp": jax.scipy.linalg.expm,
        "solve": lambda x: linalg.solve(x, x.mT), "matrix-power": lambda x: linalg.matrix_power(x, 5),
    }.items():
        rows[f"{name}-512"], rows[f"{name}-64"] = forward(f, well_conditioned(512, 512)), forward(f, well_conditioned(64, 64, 64))
    rows |= {
        "einsum-batched": forward(lambda x, y: jnp.einsum("bij,bjk->bik", x, y), of(64, 128, 128), of(64, 128, 128)),
        "outer": forward(jnp.outer, of(1024), of(2048)), "kron": forward(jnp.kron, of(64, 64), of(24, 24)),
        "cross": forward(jnp.cross, of(1_000_000, 3), of(1_000_000, 3)), "solve-tridiagonal": forward(
            jax.lax.linalg.tridiagonal_solve, uniform((64, 256), -1, 1), uniform((64, 256), 3, 4), uniform((64, 256), -1, 1), of(64, 256, 8)),
    }
    return rows
